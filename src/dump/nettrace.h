/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream of events that a .NET runtime sends ("Nettrace", format 4), looked at as it passes:
 * is it whole, and what does the collector say? Format: EventPipeFormat.md of the PerfView sources,
 * and checked against .NET 10. Events of other providers than the runtime's own are skipped.
 */
#ifndef OOMGUARD_DUMP_NETTRACE_H
#define OOMGUARD_DUMP_NETTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETTRACE_BLOCK_MAX (1u << 20) /* .NET 10 makes them of 100 KiB */
#define NETTRACE_EVENTS	   1024	      /* kinds of events that one session has */

/* Numbers of the runtime's events (ClrEtwAll.man). */
enum {
	NETTRACE_GC_START = 1,
	NETTRACE_GC_END = 2,
	NETTRACE_BULK_TYPE = 15,
	NETTRACE_BULK_NODE = 18,
};

/* Called for each event of the runtime; len bytes of payload. */
typedef void (*nettrace_fn)(void *arg, unsigned event, const uint8_t *payload, size_t len);

struct nettrace {
	nettrace_fn each;
	void *arg;
	enum nettrace_state {
		NETTRACE_MAGIC,
		NETTRACE_TAG,
		NETTRACE_OBJECT,
		NETTRACE_NAME,
		NETTRACE_HEAD, /* the object "Trace" */
		NETTRACE_SIZE,
		NETTRACE_PADDING,
		NETTRACE_BODY,
		NETTRACE_END,
	} state;
	uint64_t offset; /* in the stream */
	size_t want, have;
	uint32_t body; /* of the block that comes */
	bool is_events, is_metadata;
	uint16_t event_of[NETTRACE_EVENTS]; /* by metadata id; 0: not the runtime's */
	uint8_t block[NETTRACE_BLOCK_MAX + 1];
};

void nettrace_begin(struct nettrace *n, nettrace_fn each, void *arg);

/* Pieces of any size. 0 or -EBADMSG: no such stream. */
int nettrace_feed(struct nettrace *n, const void *data, size_t len);

/* All of it has come, and nothing behind. */
bool nettrace_is_complete(const struct nettrace *n);

#endif
