/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/lsb.h"

#include <string.h>

#define COMPARE_MAX 64

struct lsb lsb_on(const void *data, size_t len)
{
	return (struct lsb){ .at = data, .left = len };
}

const uint8_t *lsb_take(struct lsb *c, uint64_t len)
{
	const uint8_t *at = c->at;

	if (c->bad || len > c->left) {
		c->bad = true;
		return NULL;
	}
	c->at += len;
	c->left -= len;
	return at;
}

static uint64_t take_number(struct lsb *c, size_t len)
{
	const uint8_t *at = lsb_take(c, len);
	uint64_t value = 0;

	for (size_t i = 0; at && i < len; i++)
		value |= (uint64_t)at[i] << 8 * i;
	return value;
}

uint8_t lsb_u8(struct lsb *c)
{
	return (uint8_t)take_number(c, 1);
}

uint16_t lsb_u16(struct lsb *c)
{
	return (uint16_t)take_number(c, 2);
}

uint32_t lsb_u32(struct lsb *c)
{
	return (uint32_t)take_number(c, 4);
}

uint64_t lsb_u64(struct lsb *c)
{
	return take_number(c, 8);
}

uint64_t lsb_varint(struct lsb *c)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = lsb_u8(c);

		if (c->bad)
			return 0;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	c->bad = true;
	return 0;
}

void lsb_text(struct lsb *c, char *out, size_t size)
{
	size_t n = 0;

	for (;;) {
		uint16_t unit = lsb_u16(c);

		if (c->bad || !unit)
			break;
		if (n + 1 < size)
			out[n++] = unit >= ' ' && unit < 127 ? (char)unit : '?';
	}
	out[n] = '\0';
}

bool lsb_text_is(struct lsb *c, const char *text)
{
	char out[COMPARE_MAX + 1];

	lsb_text(c, out, sizeof(out));
	return !strcmp(out, text);
}
