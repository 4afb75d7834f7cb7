/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dump/pystack.h"
#include "dump/pystack_layout.h"

/* Made by CPython 3.8.18 to 3.13.0 of the same two functions; lines as dis and co_lines() tell. */
static void lines_are_those_that_python_tells(void **state)
{
	static const struct {
		unsigned minor;
		const char *table;
		size_t len;
		int first;
		int expected[8][2]; /* offset, line */
	} cases[] = {
		{ 8,
			"\x00\x02\x04\x02\x02\x01\x02\xff\x08\x02\x04\x02\x04\x01\x02\xff\x08\x02"
			"\x02\x01\x0a\x02\x06\x01\x02\xff\x08\x02",
			28, 3,
			{ { 0, 5 }, { 12, 7 }, { 24, 12 }, { 36, 14 }, { 48, 16 }, { 60, 16 },
				{ 64, 18 } } },
		{ 8, "\x00\x01\x02\x29\x02\x00\x04\xd7", 8, 19,
			{ { 0, 20 }, { 2, 61 }, { 4, 61 }, { 6, 61 }, { 8, 20 }, { 10, 20 } } },
		{ 9,
			"\x00\x02\x04\x02\x02\x01\x02\xff\x08\x02\x04\x02\x04\x01\x02\xff\x08\x02"
			"\x02\x01\x08\x02\x06\x01\x02\xff\x0e\x01\x02\xff\x08\x02",
			32, 3,
			{ { 0, 5 }, { 16, 9 }, { 32, 11 }, { 48, 16 }, { 64, 16 }, { 78, 18 } } },
		{ 9, "\x00\x01\x02\x29\x06\xd7", 6, 19,
			{ { 0, 20 }, { 2, 61 }, { 4, 61 }, { 6, 61 }, { 8, 20 }, { 10, 20 } } },
		{ 10,
			"\x04\x02\x02\x02\x02\x01\x08\xff\x04\x02\x04\x02\x02\x01\x06\xff\x02\x80"
			"\x02\x02\x08\x01\x06\x02\x02\x01\x06\xff\x04\x02\x06\xfe\x02\x01\x08\xff",
			36, 3,
			{ { 0, 5 }, { 14, 7 }, { 28, 11 }, { 44, 16 }, { 58, 18 }, { 72, 16 },
				{ 76, 16 } } },
		{ 10, "\x02\x01\x06\x29\x04\xd7", 6, 19,
			{ { 0, 20 }, { 2, 61 }, { 4, 61 }, { 6, 61 }, { 8, 20 }, { 10, 20 } } },
		{ 11,
			"\x80\x00\xe0\x08\x09\x80\x41\xe5\x0d\x12\xd8\x0c\x0d\xf1\x03\x01\x0e\x0f"
			"\xf4\x00\x01\x0e\x0f\xf0\x00\x05\x05\x13\xf0\x00\x05\x05\x13\x88\x01\xe0"
			"\x0b\x0c\xf0\x00\x03\x09\x13\xe0\x0c\x0d\x90\x21\xd8\x10\x11\xf1\x03\x01"
			"\x13\x12\xf1\x00\x01\x0d\x13\x88\x41\xf8\xf0\x04\x04\x05\x10\xd8\x08\x09"
			"\x88\x01\x89\x03\x8c\x03\x88\x03\xf0\x04\x01\x0d\x10\xf0\x00\x01\x0d\x10"
			"\xd8\x0d\x0e\xf0\x03\x01\x0d\x10\xf1\x00\x01\x0d\x10\xf4\x00\x01\x0d\x10"
			"\x88\x01\x88\x01\xf8\xf0\x00\x01\x0d\x10\xf0\x00\x01\x0d\x10\xd8\x0d\x0e"
			"\xf0\x03\x01\x0d\x10\xf1\x00\x01\x0d\x10\xf4\x00\x01\x0d\x10\x88\x01\xf0"
			"\x00\x01\x09\x10\xf0\x00\x01\x09\x10\xf0\x00\x01\x09\x10\xf0\x00\x01\x09"
			"\x10\xe0\x0b\x0c\x80\x48",
			168, 3,
			{ { 0, 3 }, { 28, 7 }, { 56, 11 }, { 86, 16 }, { 116, 17 }, { 144, 18 },
				{ 146, 18 } } },
		{ 11,
			"\x80\x00\xd8\x0c\x0d\xf0\x52\x01\x00\x06\x07\x8d\x01\x89\x03\x8c\x03\xf0"
			"\x53\x01\x29\x0c\x0d\xf0\x00\x29\x05\x0d",
			28, 19,
			{ { 0, 19 }, { 6, 61 }, { 12, 61 }, { 18, 61 }, { 24, 61 }, { 30, 61 },
				{ 34, 20 } } },
		{ 12,
			"\x80\x00\xe0\x08\x09\x80\x41\xe4\x0d\x12\xd8\x0c\x0d\xf3\x03\x01\x0e\x0f"
			"\xf2\x00\x05\x05\x13\x88\x01\xe2\x0b\x0c\xe0\x0c\x0d\x90\x21\xd8\x10\x11"
			"\xf1\x03\x01\x13\x12\xf1\x00\x01\x0d\x13\x89\x41\xf0\x09\x05\x05\x13\xf0"
			"\x0c\x04\x05\x10\xd9\x08\x09\x8c\x03\xf0\x06\x00\x0e\x0f\xf6\x03\x01\x0d"
			"\x10\x90\x31\x8a\x51\xf0\x00\x01\x0d\x10\x88\x01\xf0\x00\x01\x0d\x10\xe0"
			"\x0b\x0c\x80\x48\xf9\xf2\x05\x01\x0d\x10\xf8\xd8\x0d\x0e\xf6\x03\x01\x0d"
			"\x10\x90\x31\x8a\x51\xf0\x00\x01\x0d\x10\x88\x01\xf1\x00\x01\x0d\x10\xf9"
			"\xf2\x00\x01\x0d\x10\xfa",
			132, 3,
			{ { 0, 3 }, { 30, 7 }, { 60, 13 }, { 90, 16 }, { 126, 16 }, { 160, 16 },
				{ 162, 16 } } },
		{ 12,
			"\x80\x00\xd8\x0c\x0d\xf0\x52\x01\x00\x06\x07\x8c\x01\x8b\x03\xf0\x53\x01"
			"\x29\x0c\x0d\xf0\x00\x29\x05\x0d",
			26, 19,
			{ { 0, 19 }, { 4, 61 }, { 8, 61 }, { 12, 61 }, { 16, 61 }, { 20, 61 },
				{ 24, 20 }, { 26, 20 } } },
		{ 13,
			"\x80\x00\xe0\x08\x09\x80\x41\xe4\x0d\x12\xd8\x0c\x0d\xf6\x03\x01\x0e\x0f"
			"\x88\x01\xe7\x0b\x0c\x88\x31\xe0\x0c\x0d\xd8\x10\x11\xf1\x03\x01\x13\x12"
			"\xf1\x00\x01\x0d\x13\x8a\x41\xf1\x09\x01\x0e\x0f\xf0\x0c\x04\x05\x10\xd9"
			"\x08\x09\x8c\x03\xf1\x06\x00\x0e\x0f\xf3\x03\x01\x0d\x10\xd9\x0d\x0e\xf0"
			"\x03\x00\x14\x15\x8a\x51\xd9\x0d\x0e\xf0\x03\x00\x09\x0a\xf0\x00\x01\x0d"
			"\x10\xe0\x0b\x0c\x80\x48\xf9\xf2\x05\x01\x0d\x10\xf8\xd9\x0d\x0e\xf3\x03"
			"\x01\x0d\x10\xd9\x0d\x0e\xf0\x03\x00\x14\x15\x8a\x51\xd9\x0d\x0e\xf0\x03"
			"\x00\x09\x0a\xf0\x00\x01\x0d\x10\x88\x01\xf9\xf2\x00\x01\x0d\x10\xfa",
			143, 3,
			{ { 0, 3 }, { 34, 9 }, { 68, 11 }, { 102, 17 }, { 142, 16 },
				{ 180, 16 } } },
		{ 13,
			"\x80\x00\xd8\x0c\x0d\xf0\x52\x01\x00\x06\x07\x8c\x01\x8b\x03\xf0\x53\x01"
			"\x29\x0c\x0d\xf0\x00\x29\x05\x0d",
			26, 19,
			{ { 0, 19 }, { 4, 61 }, { 8, 61 }, { 12, 61 }, { 16, 61 }, { 20, 61 },
				{ 24, 20 }, { 26, 20 } } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t k = 0; k < 8 && (k == 0 || cases[i].expected[k][0]); k++) {
			int line = pystack_line(cases[i].minor, (const uint8_t *)cases[i].table,
				cases[i].len, cases[i].first, cases[i].expected[k][0]);

			if (line != cases[i].expected[k][1])
				fail_msg("case %zu (3.%u), offset %d: line %d", i, cases[i].minor,
					cases[i].expected[k][0], line);
		}
}

/* What another process has in its memory may be anything. */
static void tables_of_any_kind_are_survived(void **state)
{
	uint8_t table[64];
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t len = round % sizeof(table);

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			table[i] = (uint8_t)(seed >> 24);
		}
		pystack_line(8 + round % 6, table, len, (int)seed, seed >> 16);
	}
	assert_int_equal(pystack_line(11, table, 0, 7, 100), 7);
}

static void layouts_of_known_versions(void **state)
{
	struct pystack_layout l;

	(void)state;
	for (unsigned minor = 0; minor < 20; minor++) {
		bool known = minor >= 8 && minor <= 13;

		assert_int_equal(pystack_find_layout(minor, &l), known ? 0 : -ENOTSUP);
		if (known)
			assert_int_equal(l.minor, minor);
	}
}

static void offsets_are_taken_from_what_says_them(void **state)
{
	uint64_t words[PYSTACK_OFFSETS_WORDS] = { 0 };
	struct pystack_layout l, before;

	(void)state;
	pystack_find_layout(13, &l);
	before = l;
	words[1] = 0x030d00f0;
	words[5] = 1234;
	pystack_take_offsets(words, &l); /* no cookie */
	assert_memory_equal(&l, &before, sizeof(l));
	memcpy(words, "xdebugpy", 8);
	words[1] = 0x030e00f0; /* another version, another struct */
	pystack_take_offsets(words, &l);
	assert_memory_equal(&l, &before, sizeof(l));
	words[1] = 0x030d00f0;
	words[43] = UINT16_MAX + 1;
	pystack_take_offsets(words, &l);
	assert_memory_equal(&l, &before, sizeof(l));
	words[43] = 77;
	pystack_take_offsets(words, &l);
	assert_int_equal(l.interpreters, 1234);
	assert_int_equal(l.co_code, 77);
	assert_int_equal(l.minor, 13);
}

/* This program is none. */
static void other_programs_have_no_such_stacks(void **state)
{
	char text[256];
	struct buf out = BUF_ON(text);
	struct modules maps;

	(void)state;
	buf_reset(&out);
	assert_int_equal(modules_load(getpid(), &maps), 0);
	assert_int_equal(pystack_read(getpid(), &maps, &out), -ENOENT);
	assert_string_equal(text, "");
	modules_free(&maps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_those_that_python_tells),
		cmocka_unit_test(tables_of_any_kind_are_survived),
		cmocka_unit_test(layouts_of_known_versions),
		cmocka_unit_test(offsets_are_taken_from_what_says_them),
		cmocka_unit_test(other_programs_have_no_such_stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
