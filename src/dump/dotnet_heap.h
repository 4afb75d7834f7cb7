/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a .NET runtime tells of its heap while it collects, counted by type: a class histogram, and
 * when the collection that we have asked for is over. Takes the events of nettrace.h.
 */
#ifndef OOMGUARD_DUMP_DOTNET_HEAP_H
#define OOMGUARD_DUMP_DOTNET_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define DOTNET_TYPES	16384
#define DOTNET_NAMES	(1u << 20) /* bytes of all names */
#define DOTNET_NAME_MAX 200
#define DOTNET_LINE_MAX (DOTNET_NAME_MAX + 64)

struct dotnet_type {
	uint64_t id; /* 0: free */
	uint64_t objects, bytes;
	uint32_t name; /* in names; 0: not told */
};

/* 1.6 MiB when full, touched only as far as there are types. */
struct dotnet_heap {
	struct dotnet_type types[DOTNET_TYPES];
	char names[DOTNET_NAMES];
	size_t names_len;
	uint64_t objects, bytes, left_out; /* objects of types that found no place */
	unsigned n_types;
	uint32_t next_batch, lost_batches; /* of nodes: what the runtime's buffer had no room for */
	uint32_t collection;		   /* ours, 0: not begun */
	bool is_over;
};

void dotnet_heap_begin(struct dotnet_heap *h);

/* A nettrace_fn; arg is the heap. */
void dotnet_heap_take(void *arg, unsigned event, const uint8_t *payload, size_t len);

/* Largest first; the table is no table of ids any more after that. How many. */
unsigned dotnet_heap_sort(struct dotnet_heap *h);

const char *dotnet_heap_name(const struct dotnet_heap *h, const struct dotnet_type *t);

#endif
