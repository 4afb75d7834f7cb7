/* SPDX-License-Identifier: Apache-2.0 */
/* Streams as a .NET runtime sends them, made here. */
#ifndef OOMGUARD_TESTS_NETTRACE_H
#define OOMGUARD_TESTS_NETTRACE_H

#include <stdint.h>
#include <string.h>

#define STREAM_MAX  (64 << 10)
#define PAYLOAD_MAX 4096

struct stream {
	uint8_t data[STREAM_MAX];
	size_t len;
};

static inline void put(struct stream *s, const void *data, size_t len)
{
	if (s->len + len > sizeof(s->data))
		abort();
	memcpy(s->data + s->len, data, len);
	s->len += len;
}

static inline void put_number(struct stream *s, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i);

		put(s, &byte, 1);
	}
}

static inline void put_text(struct stream *s, const char *text)
{
	do
		put_number(s, (uint8_t)*text, 2);
	while (*text++);
}

static inline void put_varint(struct stream *s, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		put_number(s, value | 0x80, 1);
	put_number(s, value, 1);
}

static inline void put_object(struct stream *s, const char *name)
{
	put(s, "\5\5\1\4\0\0\0\4\0\0\0", 11);
	put_number(s, strlen(name), 4);
	put(s, name, strlen(name));
	put_number(s, 6, 1);
}

static inline void put_head(struct stream *s)
{
	s->len = 0;
	put(s, "Nettrace\x14\0\0\0!FastSerialization.1", 32);
	put_object(s, "Trace");
	put_number(s, 0, 8);
	for (int i = 0; i < 5; i++)
		put_number(s, 7, 8);
	put_number(s, 6, 1);
}

/* A block with one event of the metadata id, twice: the second one has no fields of its own. */
static inline void put_block(struct stream *s, const char *name, unsigned id,
	const struct stream *payload, unsigned times)
{
	static struct stream b;

	b.len = 0;
	put_number(&b, 20, 2);
	put_number(&b, 1, 2);
	put_number(&b, 0, 8);
	put_number(&b, 0, 8);
	for (unsigned i = 0; i < times; i++) {
		put_number(&b, i ? 0 : 0xff & ~0x40u, 1);
		if (!i) {
			put_varint(&b, id);
			for (int n = 0; n < 5; n++)
				put_varint(&b, 300);
		}
		put_varint(&b, 12345);
		if (!i) {
			put_number(&b, 0, 8);
			put_number(&b, 0, 8);
			put_number(&b, 0, 8);
			put_number(&b, 0, 8);
			put_varint(&b, payload->len);
		}
		put(&b, payload->data, payload->len);
	}
	put_object(s, name);
	put_number(s, b.len, 4);
	while (s->len % 4)
		put_number(s, 0, 1);
	put(s, b.data, b.len);
	put_number(s, 6, 1);
}

static inline void put_metadata(struct stream *s, unsigned id, const char *provider, unsigned event)
{
	static struct stream p;

	p.len = 0;
	put_number(&p, id, 4);
	put_text(&p, provider);
	put_number(&p, event, 4);
	put_text(&p, "");
	put_block(s, "MetadataBlock", 0, &p, 1);
}

static inline void put_collection(struct stream *s, unsigned id, uint32_t count, int32_t depth)
{
	static struct stream p;

	p.len = 0;
	put_number(&p, count, 4);
	if (depth >= 0) {
		put_number(&p, (uint32_t)depth, 4);
		put_number(&p, 1, 4);
		put_number(&p, 0, 4);
	}
	put_block(s, "EventBlock", id, &p, 1);
}

static inline void put_type(struct stream *s, unsigned id, uint64_t type, const char *name)
{
	static struct stream p;

	p.len = 0;
	put_number(&p, 1, 4);
	put_number(&p, 0, 2);
	put_number(&p, type, 8);
	put_number(&p, 0, 8);
	put_number(&p, 0, 8);
	put_number(&p, 0, 1);
	put_text(&p, name);
	put_number(&p, 1, 4);
	put_number(&p, 99, 8);
	put_block(s, "EventBlock", id, &p, 1);
}

static inline void put_nodes(
	struct stream *s, unsigned id, uint32_t batch, uint64_t type, uint64_t size, unsigned n)
{
	static struct stream p;

	p.len = 0;
	put_number(&p, batch, 4);
	put_number(&p, n, 4);
	put_number(&p, 0, 2);
	for (unsigned i = 0; i < n; i++) {
		put_number(&p, 0x1000, 8);
		put_number(&p, size, 8);
		put_number(&p, type, 8);
		put_number(&p, 0, 8);
	}
	put_block(s, "EventBlock", id, &p, 1);
}

#define RUNTIME "Microsoft-Windows-DotNETRuntime"

static inline void put_runtime(struct stream *s)
{
	put_metadata(s, 1, RUNTIME, 1);
	put_metadata(s, 2, RUNTIME, 2);
	put_metadata(s, 3, RUNTIME, 15);
	put_metadata(s, 4, RUNTIME, 18);
}

/* A whole heap: 10 "Leaky" of 100 bytes, 3 "Small" of 24; the end of it is still missing. */
static inline void put_heap(struct stream *s)
{
	put_head(s);
	put_runtime(s);
	put_collection(s, 1, 6, 0); /* somebody else's */
	put_collection(s, 2, 6, -1);
	put_collection(s, 1, 7, 2);
	put_nodes(s, 4, 0, 0x70, 100, 10);
	put_nodes(s, 4, 1, 0x71, 24, 3);
	put_type(s, 3, 0x70, "Planted.Leaky");
	put_type(s, 3, 0x71, "Small");
	put_collection(s, 2, 7, -1);
}

#endif
