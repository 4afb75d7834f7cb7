/* SPDX-License-Identifier: Apache-2.0 */
/* Objects/lnotab_notes.txt of 3.8 to 3.10, Objects/locations.md since 3.11. */
#include "dump/pystack.h"

#define NO_LINE (-128) /* 3.10 */

/* Pairs of (code bytes, lines) to go forward. */
static int line_by_lnotab(const uint8_t *table, size_t len, int line, int64_t offset)
{
	int64_t at = 0;

	for (size_t i = 0; i + 1 < len; i += 2) {
		at += table[i];
		if (at > offset)
			break;
		line += (int8_t)table[i + 1];
	}
	return line;
}

/* Pairs of (code bytes that this is about, lines to go forward before them). */
static int line_by_linetable(const uint8_t *table, size_t len, int line, int64_t offset)
{
	int64_t at = 0;
	int known = line;

	for (size_t i = 0; i + 1 < len; i += 2) {
		int8_t delta = (int8_t)table[i + 1];

		if (delta != NO_LINE)
			known = line += delta;
		at += table[i];
		if (at > offset)
			break;
	}
	return known;
}

/* Six bits a byte, least significant first, bit 6: more to come. */
static uint64_t read_varint(const uint8_t *table, size_t len, size_t *at)
{
	uint64_t value = 0;

	for (unsigned shift = 0; *at < len && shift < 60; shift += 6) {
		uint8_t byte = table[(*at)++];

		value |= (uint64_t)(byte & 63) << shift;
		if (!(byte & 64))
			break;
	}
	return value;
}

static int read_signed(const uint8_t *table, size_t len, size_t *at)
{
	uint64_t value = read_varint(table, len, at);

	return value & 1 ? -(int)(value >> 1 & INT32_MAX) : (int)(value >> 1 & INT32_MAX);
}

static int add_lines(int line, int delta)
{
	int sum;

	return __builtin_add_overflow(line, delta, &sum) ? line : sum;
}

/* Entries begin with a byte of bit 7: 4 bits of code, 3 bits of how many code units. */
static int line_by_locations(const uint8_t *table, size_t len, int line, int64_t offset)
{
	enum { ONE_LINE = 10, NO_COLUMNS = 13, LONG = 14, NONE = 15 };
	int64_t at = 0;
	size_t i = 0;
	int known = line;

	while (i < len) {
		unsigned code = table[i] >> 3 & 15, units = (table[i] & 7u) + 1;

		i++;
		if (code == NO_COLUMNS || code == LONG)
			line = add_lines(line, read_signed(table, len, &i));
		else if (code >= ONE_LINE && code < NO_COLUMNS)
			line = add_lines(line, (int)code - ONE_LINE);
		if (code != NONE)
			known = line;
		at += 2 * units;
		if (at > offset)
			break;
		while (i < len && !(table[i] & 128))
			i++;
	}
	return known;
}

int pystack_line(unsigned minor, const uint8_t *table, size_t len, int first, int64_t offset)
{
	if (minor >= 11)
		return line_by_locations(table, len, first, offset);
	if (minor == 10)
		return line_by_linetable(table, len, first, offset);
	return line_by_lnotab(table, len, first, offset);
}
