/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/hprof.h"

#include <string.h>

#include "base/cleanup.h"

#define TITLE	      "JAVA PROFILE 1.0."
#define SIZES_LEN     12 /* u4 size of an id, u8 time */
#define HEAD_LEN      9	 /* u1 tag, u4 time, u4 length */
#define HEAP_DUMP_END 0x2C

static uint32_t read_u4(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool fill(struct hprof *h, const uint8_t **data, size_t *len, size_t want)
{
	size_t part = MIN_OF(want - h->have, *len);

	memcpy(h->piece + h->have, *data, part);
	h->have += part;
	*data += part;
	*len -= part;
	if (h->have < want)
		return false;
	h->have = 0;
	return true;
}

static void take_title(struct hprof *h, const uint8_t **data, size_t *len)
{
	if (h->have == sizeof(h->piece)) {
		h->state = HPROF_BAD;
		return;
	}
	h->piece[h->have++] = **data;
	++*data;
	--*len;
	if (h->piece[h->have - 1])
		return;
	h->state = strncmp((char *)h->piece, TITLE, strlen(TITLE)) ? HPROF_BAD : HPROF_SIZES;
	h->have = 0;
}

static void take_sizes(struct hprof *h, const uint8_t **data, size_t *len)
{
	uint32_t id_size;

	if (!fill(h, data, len, SIZES_LEN))
		return;
	id_size = read_u4(h->piece);
	h->state = id_size == 4 || id_size == 8 ? HPROF_HEAD : HPROF_BAD;
}

static void take_head(struct hprof *h, const uint8_t **data, size_t *len)
{
	if (!fill(h, data, len, HEAD_LEN))
		return;
	h->tag = h->piece[0];
	h->len = read_u4(h->piece + 5);
	h->left = h->len;
	h->records++;
	if (h->left)
		h->state = HPROF_BODY;
}

void hprof_feed(struct hprof *h, const void *bytes, size_t len)
{
	const uint8_t *data = bytes;

	while (len && h->state != HPROF_BAD) {
		size_t part;

		switch (h->state) {
		case HPROF_TITLE:
			take_title(h, &data, &len);
			break;
		case HPROF_SIZES:
			take_sizes(h, &data, &len);
			break;
		case HPROF_HEAD:
			take_head(h, &data, &len);
			break;
		case HPROF_BODY:
			part = MIN_OF((uint64_t)len, h->left);
			data += part;
			len -= part;
			h->left -= part;
			if (!h->left)
				h->state = HPROF_HEAD;
			break;
		case HPROF_BAD:
			break;
		}
	}
}

bool hprof_is_complete(const struct hprof *h)
{
	return h->state == HPROF_HEAD && h->have == 0 && h->records && h->tag == HEAP_DUMP_END &&
	       h->len == 0;
}
