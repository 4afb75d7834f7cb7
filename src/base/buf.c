/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->truncated = false;
	if (b->size)
		b->data[0] = '\0';
}

/* Once something was left out nothing more is added: what is there stays a prefix of the whole. */
static size_t room(const struct buf *b)
{
	if (b->truncated || b->size <= b->len + 1)
		return 0;
	return b->size - b->len - 1;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	size_t fits = room(b);

	if (len > fits) {
		len = fits;
		b->truncated = true;
	}
	if (!b->size)
		return;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_copy(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	out[len] = '\0';
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	size_t fits = room(b);
	char dummy[1];
	int wanted = vsnprintf(fits ? b->data + b->len : dummy, fits ? fits + 1 : 1, format, args);

	if (wanted <= 0)
		return;
	if ((size_t)wanted > fits) {
		b->truncated = true;
		b->len += fits;
	} else {
		b->len += (size_t)wanted;
	}
}

struct utf8_row {
	uint8_t lead_from, lead_to; /* first byte */
	uint8_t second_from,
		second_to; /* narrower than 80..BF where overlong forms, surrogates … */
	uint8_t len;	   /* … and what lies beyond U+10FFFF have to be kept out */
};

/* The Unicode Standard, table 3-7: well-formed UTF-8 byte sequences. */
static const struct utf8_row utf8_rows[] = {
	{ .lead_from = 0xC2, .lead_to = 0xDF, .second_from = 0x80, .second_to = 0xBF, .len = 2 },
	{ .lead_from = 0xE0, .lead_to = 0xE0, .second_from = 0xA0, .second_to = 0xBF, .len = 3 },
	{ .lead_from = 0xE1, .lead_to = 0xEC, .second_from = 0x80, .second_to = 0xBF, .len = 3 },
	{ .lead_from = 0xED, .lead_to = 0xED, .second_from = 0x80, .second_to = 0x9F, .len = 3 },
	{ .lead_from = 0xEE, .lead_to = 0xEF, .second_from = 0x80, .second_to = 0xBF, .len = 3 },
	{ .lead_from = 0xF0, .lead_to = 0xF0, .second_from = 0x90, .second_to = 0xBF, .len = 4 },
	{ .lead_from = 0xF1, .lead_to = 0xF3, .second_from = 0x80, .second_to = 0xBF, .len = 4 },
	{ .lead_from = 0xF4, .lead_to = 0xF4, .second_from = 0x80, .second_to = 0x8F, .len = 4 },
};

/* Length of the well-formed multi-byte character at `text`; 0: there is none. */
static size_t utf8_len(const uint8_t *text, size_t left)
{
	for (size_t i = 0; i < ARRAY_LEN(utf8_rows); i++) {
		const struct utf8_row *row = &utf8_rows[i];

		if (text[0] < row->lead_from || text[0] > row->lead_to)
			continue;
		if (left < row->len || text[1] < row->second_from || text[1] > row->second_to)
			return 0;
		for (size_t k = 2; k < row->len; k++)
			if ((text[k] & 0xC0) != 0x80)
				return 0;
		return row->len;
	}
	return 0;
}

/* One character as JSON has it into `unit`; returns how many bytes of text it was. */
static size_t json_unit(const uint8_t *text, size_t left, char unit[8])
{
	static const char short_escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	size_t len;

	for (size_t i = 0; i + 1 < sizeof(short_escapes); i += 2) {
		if (text[0] == (uint8_t)short_escapes[i]) {
			snprintf(unit, 8, "\\%c", short_escapes[i + 1]);
			return 1;
		}
	}
	if (text[0] < 0x20 || text[0] == 0x7F) {
		snprintf(unit, 8, "\\u%04x", text[0]);
		return 1;
	}
	len = text[0] < 0x80 ? 1 : utf8_len(text, left);
	if (!len) {
		snprintf(unit, 8, "\xEF\xBF\xBD");
		return 1;
	}
	memcpy(unit, text, len);
	unit[len] = '\0';
	return len;
}

/* A string that does not fit is cut between characters and still closed. */
void buf_json_string(struct buf *b, const char *text, size_t len)
{
	const uint8_t *bytes = (const uint8_t *)text;
	bool cut = false;
	char unit[8];

	if (room(b) < 2) {
		b->truncated = true;
		return;
	}
	buf_puts(b, "\"");
	for (size_t i = 0; i < len && !cut;) {
		i += json_unit(bytes + i, len - i, unit);
		if (room(b) < strlen(unit) + 1)
			cut = true;
		else
			buf_puts(b, unit);
	}
	buf_puts(b, "\"");
	b->truncated = b->truncated || cut;
}
