/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/dotnet_heap.h"

#include <stdlib.h>
#include <string.h>

#include "dump/lsb.h"
#include "dump/nettrace.h"

#define PROBES_MAX 64
#define TYPES_MAX  (DOTNET_TYPES / 4 * 3)
#define NODE_LEN   32 /* address, size, type, number of references */
#define FULL_DEPTH 2  /* generation */
#define BACKGROUND 1  /* a collection beside the application, which is not ours */

void dotnet_heap_begin(struct dotnet_heap *h)
{
	memset(h->types, 0, sizeof(h->types));
	h->names[0] = '\0';
	h->names_len = 1;
	h->objects = h->bytes = h->left_out = 0;
	h->n_types = 0;
	h->next_batch = h->lost_batches = h->collection = 0;
	h->is_over = false;
}

/* Its row, a new one where there is none; NULL when the table is full. */
static struct dotnet_type *find_type(struct dotnet_heap *h, uint64_t id)
{
	uint64_t hash = id * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	for (unsigned i = 0; id && i < PROBES_MAX; i++) {
		struct dotnet_type *t = &h->types[(hash + i) % DOTNET_TYPES];

		if (t->id == id)
			return t;
		if (t->id)
			continue;
		if (h->n_types == TYPES_MAX)
			return NULL;
		h->n_types++;
		t->id = id;
		return t;
	}
	return NULL;
}

static void take_types(struct dotnet_heap *h, struct lsb *c)
{
	uint32_t n = lsb_u32(c);

	lsb_u16(c); /* which runtime of the process */
	for (uint32_t i = 0; i < n && !c->bad; i++) {
		uint64_t id = lsb_u64(c);
		char name[DOTNET_NAME_MAX];
		struct dotnet_type *t;
		size_t len;

		lsb_take(c, 8 + 4 + 4 + 1); /* module, token, flags, kind */
		lsb_text(c, name, sizeof(name));
		lsb_take(c, (uint64_t)lsb_u32(c) * 8); /* its parameters, which the name has */
		t = c->bad ? NULL : find_type(h, id);
		len = strlen(name) + 1;
		if (!t || t->name || len == 1 || len > sizeof(h->names) - h->names_len)
			continue;
		memcpy(h->names + h->names_len, name, len);
		t->name = (uint32_t)h->names_len;
		h->names_len += len;
	}
}

static void take_nodes(struct dotnet_heap *h, struct lsb *c)
{
	uint32_t batch = lsb_u32(c), n = lsb_u32(c);

	lsb_u16(c);
	if (batch > h->next_batch)
		h->lost_batches += batch - h->next_batch;
	h->next_batch = batch + 1;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *node = lsb_take(c, NODE_LEN);
		struct dotnet_type *t;
		struct lsb f;
		uint64_t size;

		if (!node)
			break;
		f = lsb_on(node + 8, NODE_LEN - 8);
		size = lsb_u64(&f);
		t = find_type(h, lsb_u64(&f));
		h->objects++;
		h->bytes += size;
		h->left_out += !t;
		if (!t)
			continue;
		t->objects++;
		t->bytes += size;
	}
}

/* Of the whole heap, while the application stands still: that is the one that we have asked for. */
static void take_start(struct dotnet_heap *h, struct lsb *c)
{
	uint32_t count = lsb_u32(c), depth = lsb_u32(c), type;

	lsb_u32(c); /* the reason */
	type = lsb_u32(c);
	if (!c->bad && !h->collection && depth >= FULL_DEPTH && type != BACKGROUND)
		h->collection = count;
}

void dotnet_heap_take(void *arg, unsigned event, const uint8_t *payload, size_t len)
{
	struct dotnet_heap *h = arg;
	struct lsb c = lsb_on(payload, len);

	switch (event) {
	case NETTRACE_GC_START:
		take_start(h, &c);
		break;
	case NETTRACE_GC_END:
		h->is_over |= h->collection && lsb_u32(&c) == h->collection;
		break;
	case NETTRACE_BULK_TYPE:
		take_types(h, &c);
		break;
	case NETTRACE_BULK_NODE:
		take_nodes(h, &c);
		break;
	default:
		break;
	}
}

static int compare_sizes(const void *a, const void *b)
{
	const struct dotnet_type *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

unsigned dotnet_heap_sort(struct dotnet_heap *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DOTNET_TYPES; i++)
		if (h->types[i].id && h->types[i].objects)
			h->types[n++] = h->types[i];
	memset(h->types + n, 0, (DOTNET_TYPES - n) * sizeof(h->types[0]));
	qsort(h->types, n, sizeof(h->types[0]), compare_sizes);
	return n;
}

const char *dotnet_heap_name(const struct dotnet_heap *h, const struct dotnet_type *t)
{
	return t->name ? h->names + t->name : "(no name)";
}
