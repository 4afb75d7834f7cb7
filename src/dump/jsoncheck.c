/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/jsoncheck.h"

#include <string.h>

void jsoncheck_begin(struct jsoncheck *c)
{
	memset(c, 0, sizeof(*c));
}

static void open_bracket(struct jsoncheck *c, bool is_object)
{
	uint8_t bit = (uint8_t)(1u << c->depth % 8);

	if (c->ended || c->depth == JSONCHECK_DEPTH_MAX || (!c->depth && !is_object)) {
		c->bad = true;
		return;
	}
	if (is_object)
		c->open[c->depth / 8] |= bit;
	else
		c->open[c->depth / 8] &= (uint8_t)~bit;
	c->depth++;
}

static void close_bracket(struct jsoncheck *c, bool is_object)
{
	unsigned at = c->depth - 1;

	if (!c->depth || (c->open[at / 8] >> at % 8 & 1) != is_object) {
		c->bad = true;
		return;
	}
	c->depth = at;
	c->ended = at == 0;
}

static void take_in_string(struct jsoncheck *c, uint8_t byte)
{
	if (c->escaped)
		c->escaped = false;
	else if (byte == '\\')
		c->escaped = true;
	else if (byte == '"')
		c->in_string = false;
	else if (byte < ' ')
		c->bad = true;
}

static void take(struct jsoncheck *c, uint8_t byte)
{
	if (c->in_string) {
		take_in_string(c, byte);
		return;
	}
	switch (byte) {
	case '{':
	case '[':
		open_bracket(c, byte == '{');
		return;
	case '}':
	case ']':
		close_bracket(c, byte == '}');
		return;
	case ' ':
	case '\n':
	case '\r':
	case '\t':
		c->bad |= !c->depth && !c->ended;
		return;
	default:
		c->in_string = byte == '"';
		c->bad |= !c->depth || byte < ' ' || byte > '~';
	}
}

void jsoncheck_feed(struct jsoncheck *c, const void *data, size_t len)
{
	const uint8_t *from = data;

	for (size_t i = 0; i < len && !c->bad; i++)
		take(c, from[i]);
}

bool jsoncheck_is_complete(const struct jsoncheck *c)
{
	return c->ended && !c->bad;
}
