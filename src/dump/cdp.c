/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/cdp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define CHUNK_BEGINS "{\"method\":\"HeapProfiler.addHeapSnapshotChunk\",\"params\":{\"chunk\":\""
#define FIN	     0x80
#define MASK	     0x80
#define OP_CLOSE     8
#define REPLACEMENT  0xfffd

void cdp_begin(struct cdp *c, cdp_fn each, void *arg, uint64_t max_bytes, int want)
{
	memset(c, 0, sizeof(*c));
	c->each = each;
	c->arg = arg;
	c->max_bytes = max_bytes;
	c->want = want;
}

static int flush(struct cdp *c)
{
	size_t n = c->n_out;

	c->n_out = 0;
	c->bytes += n;
	if (c->bytes > c->max_bytes)
		return -EMSGSIZE;
	return n && c->each ? c->each(c->arg, c->out, n) : 0;
}

static int put_byte(struct cdp *c, uint32_t byte)
{
	c->out[c->n_out++] = (char)byte;
	return c->n_out == sizeof(c->out) ? flush(c) : 0;
}

/* A character as UTF-8. */
static int put_character(struct cdp *c, uint32_t u)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	unsigned n = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;
	int r = put_byte(c, n == 1 ? u : lead[n] | u >> 6 * (n - 1));

	for (unsigned i = n - 1; r == 0 && i > 0; i--)
		r = put_byte(c, 0x80 | (u >> 6 * (i - 1) & 0x3f));
	return r;
}

/* \uXXXX is one half of a pair or a character; half a pair alone is none. */
static int put_unit(struct cdp *c, uint32_t unit)
{
	uint32_t high = c->high;
	int r = 0;

	c->high = 0;
	if (high && unit >= 0xdc00 && unit < 0xe000)
		return put_character(c, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
	if (high)
		r = put_character(c, REPLACEMENT);
	if (unit >= 0xd800 && unit < 0xdc00)
		c->high = unit;
	else if (r == 0)
		r = put_character(c, unit >= 0xdc00 && unit < 0xe000 ? REPLACEMENT : unit);
	return r;
}

static int take_hex(struct cdp *c, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = byte ? strchr(digits, byte | (byte >= 'A' ? 0x20 : 0)) : NULL;

	if (!digit)
		return -EBADMSG;
	c->hex = c->hex << 4 | (uint32_t)(digit - digits);
	return --c->n_hex ? 0 : put_unit(c, c->hex);
}

static int take_escaped(struct cdp *c, uint8_t byte)
{
	static const char names[] = "bfnrt\"\\/", means[] = "\b\f\n\r\t\"\\/";
	const char *name = byte ? strchr(names, byte) : NULL;

	c->escaped = false;
	if (byte == 'u') {
		c->n_hex = 4;
		c->hex = 0;
		return 0;
	}
	return name ? put_unit(c, (uint8_t)means[name - names]) : -EBADMSG;
}

static int take_string(struct cdp *c, uint8_t byte)
{
	int r = 0;

	if (c->n_hex)
		return take_hex(c, byte);
	if (c->escaped)
		return take_escaped(c, byte);
	if (byte == '\\') {
		c->escaped = true;
		return 0;
	}
	if (c->high) {
		c->high = 0;
		r = put_character(c, REPLACEMENT);
	}
	if (byte == '"')
		c->state = CDP_REST;
	return r < 0 || byte == '"' ? r : put_byte(c, byte);
}

static int take_payload(struct cdp *c, uint8_t byte)
{
	const size_t begins = sizeof(CHUNK_BEGINS) - 1;

	if (c->is_control || c->state == CDP_REST)
		return 0;
	if (c->state == CDP_CHUNK)
		return take_string(c, byte);
	if (c->n_text < sizeof(c->text) - 1)
		c->text[c->n_text++] = (char)byte;
	if (c->n_text == begins && !memcmp(c->text, CHUNK_BEGINS, begins))
		c->state = CDP_CHUNK;
	return 0;
}

static int end_message(struct cdp *c)
{
	char id[32];
	int n = snprintf(id, sizeof(id), "{\"id\":%d,", c->want);
	int r = 0;

	c->text[c->n_text] = '\0';
	if (c->state == CDP_CHUNK)
		return -EBADMSG;
	if (c->state == CDP_TEXT && !strncmp(c->text, id, (size_t)n)) {
		c->failed = strncmp(c->text + n, "\"result\"", strlen("\"result\"")) != 0;
		r = flush(c);
		c->replied = r == 0;
	}
	c->state = CDP_TEXT;
	c->n_text = 0;
	return r;
}

static int end_frame(struct cdp *c)
{
	c->in_payload = false;
	c->n_head = 0;
	return c->is_last && !c->is_control ? end_message(c) : 0;
}

/* Two bytes, and two or eight more of length. A server does not mask. */
static int take_head(struct cdp *c, uint8_t byte)
{
	unsigned length, need, opcode;

	c->head[c->n_head++] = byte;
	if (c->n_head < 2)
		return 0;
	length = c->head[1] & 127u;
	need = length == 127 ? 10 : length == 126 ? 4 : 2;
	if (c->head[1] & MASK)
		return -EBADMSG;
	if (c->n_head < need)
		return 0;
	c->left = need == 2 ? length : 0;
	for (unsigned i = 2; i < need; i++)
		c->left = c->left << 8 | c->head[i];
	opcode = c->head[0] & 15;
	c->is_last = c->head[0] & FIN;
	c->is_control = opcode & 8;
	if (opcode == OP_CLOSE || (c->head[0] & 0x70) || (opcode & 7) > 2)
		return -EBADMSG;
	c->in_payload = true;
	return c->left ? 0 : end_frame(c);
}

int cdp_feed(struct cdp *c, const void *data, size_t len)
{
	const uint8_t *from = data;
	int r = 0;

	for (size_t i = 0; r == 0 && i < len && !c->replied; i++) {
		if (!c->in_payload) {
			r = take_head(c, from[i]);
			continue;
		}
		r = take_payload(c, from[i]);
		if (r == 0 && --c->left == 0)
			r = end_frame(c);
	}
	return r;
}

size_t cdp_frame(const char *text, uint8_t *out, size_t size)
{
	size_t n = strlen(text);

	/* Masked by zeroes: that hides nothing, and is no secret from a loopback. */
	if (n > 125 || size < n + 6)
		return 0;
	out[0] = FIN | 1;
	out[1] = (uint8_t)(MASK | n);
	memset(out + 2, 0, 4);
	memcpy(out + 6, text, n);
	return n + 6;
}
