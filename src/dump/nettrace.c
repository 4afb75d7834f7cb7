/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/nettrace.h"

#include <string.h>

#include "base/cleanup.h"
#include "dump/lsb.h"

#define MAGIC	     "Nettrace\x14\0\0\0!FastSerialization.1"
#define MAGIC_LEN    (sizeof(MAGIC) - 1)
#define TAG_NULL     1
#define TAG_OBJECT   5
#define TAG_END	     6
#define OBJECT_LEN   15 /* three tags, two versions, the length of the name */
#define HEAD_LEN     48 /* of "Trace": date, clocks, pointer size, pid, processors, rate */
#define NAME_MAX_LEN 32
#define PROVIDER     "Microsoft-Windows-DotNETRuntime"

/* Which fields the head of an event has; what is left out is as in the event before. */
enum {
	HAS_METADATA = 1 << 0,
	HAS_CAPTURE = 1 << 1,
	HAS_THREAD = 1 << 2,
	HAS_STACK = 1 << 3,
	HAS_ACTIVITY = 1 << 4,
	HAS_RELATED = 1 << 5,
	HAS_LENGTH = 1 << 7,
};
#define IS_COMPRESSED 1

void nettrace_begin(struct nettrace *n, nettrace_fn each, void *arg)
{
	n->each = each;
	n->arg = arg;
	n->state = NETTRACE_MAGIC;
	n->offset = 0;
	n->want = MAGIC_LEN;
	n->have = 0;
	memset(n->event_of, 0, sizeof(n->event_of));
}

/* --- events --- */

static void take_metadata(struct nettrace *n, const uint8_t *payload, size_t len)
{
	struct lsb c = lsb_on(payload, len);
	uint32_t id = lsb_u32(&c), event;
	bool is_runtime = lsb_text_is(&c, PROVIDER);

	event = lsb_u32(&c);
	if (!c.bad && is_runtime && id < NETTRACE_EVENTS && event <= UINT16_MAX)
		n->event_of[id] = (uint16_t)event;
}

struct event {
	uint64_t metadata, len;
};

/* The fields that nobody here needs are stepped over. */
static void take_event_head(struct lsb *c, struct event *e)
{
	uint8_t has = lsb_u8(c);

	if (has & HAS_METADATA)
		e->metadata = lsb_varint(c);
	for (int i = 0; has & HAS_CAPTURE && i < 3; i++)
		lsb_varint(c);
	if (has & HAS_THREAD)
		lsb_varint(c);
	if (has & HAS_STACK)
		lsb_varint(c);
	lsb_varint(c); /* the time */
	if (has & HAS_ACTIVITY)
		lsb_take(c, 16);
	if (has & HAS_RELATED)
		lsb_take(c, 16);
	if (has & HAS_LENGTH)
		e->len = lsb_varint(c);
}

static int take_events(struct nettrace *n)
{
	struct lsb c = lsb_on(n->block, n->body);
	uint16_t head = lsb_u16(&c), flags = lsb_u16(&c);
	struct event e = { .len = 0 };

	if (c.bad || head < 4 || !(flags & IS_COMPRESSED))
		return -EBADMSG;
	lsb_take(&c, (size_t)head - 4);
	while (!c.bad && c.left) {
		const uint8_t *payload;

		take_event_head(&c, &e);
		payload = lsb_take(&c, e.len);
		if (!payload)
			break;
		if (n->is_metadata)
			take_metadata(n, payload, e.len);
		else if (e.metadata < NETTRACE_EVENTS && n->event_of[e.metadata])
			n->each(n->arg, n->event_of[e.metadata], payload, e.len);
	}
	return c.bad ? -EBADMSG : 0;
}

/* --- what the stream is made of --- */

static void want(struct nettrace *n, enum nettrace_state state, size_t len)
{
	n->state = state;
	n->want = len;
}

static int take_tag(struct nettrace *n)
{
	if (n->block[0] == TAG_NULL) {
		want(n, NETTRACE_END, 1); /* nothing may follow */
		return 0;
	}
	want(n, NETTRACE_OBJECT, OBJECT_LEN);
	return n->block[0] == TAG_OBJECT ? 0 : -EBADMSG;
}

static int take_object(struct nettrace *n)
{
	struct lsb c = lsb_on(n->block + 11, 4);
	uint32_t len = lsb_u32(&c);

	if (n->block[1] != TAG_OBJECT || n->block[2] != TAG_NULL || !len || len > NAME_MAX_LEN)
		return -EBADMSG;
	want(n, NETTRACE_NAME, len + 1);
	return 0;
}

static bool name_is(const struct nettrace *n, const char *name)
{
	return n->have == strlen(name) + 1 && !memcmp(n->block, name, n->have - 1);
}

static int take_name(struct nettrace *n)
{
	if (n->block[n->have - 1] != TAG_END)
		return -EBADMSG;
	n->is_events = name_is(n, "EventBlock");
	n->is_metadata = name_is(n, "MetadataBlock");
	if (name_is(n, "Trace"))
		want(n, NETTRACE_HEAD, HEAD_LEN + 1);
	else
		want(n, NETTRACE_SIZE, 4);
	return 0;
}

static int take_end(struct nettrace *n)
{
	if (n->block[n->have - 1] != TAG_END)
		return -EBADMSG;
	want(n, NETTRACE_TAG, 1);
	return 0;
}

static int take_size(struct nettrace *n)
{
	struct lsb c = lsb_on(n->block, 4);
	size_t padding = -n->offset & 3; /* of the stream, not of the block */

	n->body = lsb_u32(&c);
	if (n->body >= NETTRACE_BLOCK_MAX)
		return -EMSGSIZE;
	want(n, NETTRACE_BODY, (size_t)n->body + 1);
	if (padding)
		want(n, NETTRACE_PADDING, padding);
	return 0;
}

static int take_body(struct nettrace *n)
{
	int r = n->is_events || n->is_metadata ? take_events(n) : 0;

	return r < 0 ? r : take_end(n);
}

static int take_part(struct nettrace *n)
{
	switch (n->state) {
	case NETTRACE_MAGIC:
		want(n, NETTRACE_TAG, 1);
		return memcmp(n->block, MAGIC, MAGIC_LEN) ? -EBADMSG : 0;
	case NETTRACE_TAG:
		return take_tag(n);
	case NETTRACE_OBJECT:
		return take_object(n);
	case NETTRACE_NAME:
		return take_name(n);
	case NETTRACE_HEAD:
		return take_end(n);
	case NETTRACE_SIZE:
		return take_size(n);
	case NETTRACE_PADDING:
		want(n, NETTRACE_BODY, (size_t)n->body + 1);
		return 0;
	case NETTRACE_BODY:
		return take_body(n);
	case NETTRACE_END:
		break;
	}
	return -EBADMSG;
}

int nettrace_feed(struct nettrace *n, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len) {
		size_t part = MIN_OF(len, n->want - n->have);
		int r;

		memcpy(n->block + n->have, from, part);
		n->have += part;
		n->offset += part;
		from += part;
		len -= part;
		if (n->have < n->want)
			break;
		r = take_part(n);
		if (r < 0)
			return -EBADMSG;
		/* The tag that has been read is the first of its object. */
		n->have = n->state == NETTRACE_OBJECT;
	}
	return 0;
}

bool nettrace_is_complete(const struct nettrace *n)
{
	return n->state == NETTRACE_END && n->have == 0;
}
