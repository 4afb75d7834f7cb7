/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "dump/ehframe.h"

#define ADDRESS UINT64_C(0x4a7b58)

/* Two descriptions, the later function first; pcrel sdata4, as gcc writes it. */
static const uint8_t section[] = {
	/* 0: CIE */
	0x14, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 0x10, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0,
	0,
	/* 24: FDE; at 32: +0x2000 */
	0x14, 0, 0, 0, 0x1c, 0, 0, 0, 0x00, 0x20, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* 48: FDE; at 56: -0x1000 */
	0x14, 0, 0, 0, 0x34, 0, 0, 0, 0x00, 0xf0, 0xff, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* 72: end */
	0, 0, 0, 0
};

static void makes_a_sorted_index(void **state)
{
	struct ehframe got = { .n = 0 };

	(void)state;
	assert_int_equal(ehframe_parse(section, sizeof(section), ADDRESS, &got), 0);
	assert_int_equal(got.n, 2);
	assert_int_equal(got.base, ADDRESS);
	assert_int_equal(got.entries[0].start, 56 - 0x1000);
	assert_int_equal(got.entries[0].fde, 48);
	assert_int_equal(got.entries[1].start, 32 + 0x2000);
	assert_int_equal(got.entries[1].fde, 24);
	free(got.entries);
}

static void damaged_ones_are_left_out(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		size_t expected;
	} cases[] = {
		{ 16, 0xff, 0 }, /* encoding: omitted */
		{ 16, 0x9b, 2 }, /* indirect: as it is */
		{ 16, 0x3b, 0 }, /* relative to data: not supported */
		{ 9, 'y', 0 },	 /* an augmentation that is not known */
		{ 28, 0xff, 1 }, /* points before the section */
		{ 28, 0x04, 1 }, /* points to itself, not to a CIE */
		{ 24, 0xff, 0 }, /* longer than the section */
		{ 48, 0x01, 1 }, /* too short to be one */
		{ 0, 0xff, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ehframe got = { .n = 0 };
		uint8_t copy[sizeof(section)];

		memcpy(copy, section, sizeof(section));
		copy[cases[i].at] = cases[i].value;
		assert_int_equal(ehframe_parse(copy, sizeof(copy), ADDRESS, &got), 0);
		if (got.n != cases[i].expected)
			fail_msg("byte %zu = %#x: %zu entries, expected %zu", cases[i].at,
				cases[i].value, got.n, cases[i].expected);
		free(got.entries);
	}
}

/* Each length and each byte: the sanitizers see what is read beyond the end. */
static void no_byte_leads_out(void **state)
{
	(void)state;
	for (size_t len = 0; len <= sizeof(section); len++) {
		for (unsigned value = 0; value < 256; value += 51) {
			auto_free uint8_t *copy = malloc(len + 1);
			struct ehframe got = { .n = 0 };

			assert_non_null(copy);
			memcpy(copy, section, len);
			if (len)
				copy[len * value / 256] = (uint8_t)value;
			assert_int_equal(ehframe_parse(copy, len, ADDRESS, &got), 0);
			assert_true(got.n <= 3);
			free(got.entries);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_sorted_index),
		cmocka_unit_test(damaged_ones_are_left_out),
		cmocka_unit_test(no_byte_leads_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
