/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "dump/hprof.h"

#define TITLE "JAVA PROFILE 1.0.2\0\0\0\0\x08\0\0\0\0\0\0\0\0"
#define TEXT  "\x01\0\0\0\0\0\0\0\x04name" /* a record with four bytes */
#define HEAP  "\x1c\0\0\0\0\0\0\0\x02xy"
#define END   "\x2c\0\0\0\0\0\0\0\0"

static const struct {
	const char *data;
	size_t len;
	bool complete;
} cases[] = {
#define CASE(text, complete)                                                                       \
	{                                                                                          \
		text, sizeof(text) - 1, complete                                                   \
	}
	CASE("", false),
	CASE(TITLE, false),
	CASE(TITLE TEXT HEAP END, true),
	CASE(TITLE END, true),
	CASE("JAVA PROFILE 1.0.1\0\0\0\0\x04\0\0\0\0\0\0\0\0" END, true),
	/* cut short, at a record's end too */
	CASE(TITLE TEXT HEAP, false),
	CASE(TITLE TEXT "\x1c\0\0\0\0\0\0\0\x02x", false),
	CASE(TITLE TEXT HEAP "\x2c\0\0\0", false),
	/* something behind the end */
	CASE(TITLE END "x", false),
	CASE(TITLE END TEXT, false),
	/* an end with a body is none */
	CASE(TITLE "\x2c\0\0\0\0\0\0\0\x01x", false),
	/* not of that kind */
	CASE("PK\x03\x04 this is something else", false),
	CASE("JAVA PROFILE 1.0.2 and no end of the title in sight, ever", false),
	CASE("JAVA PROFILE 1.0.2\0\0\0\0\x07\0\0\0\0\0\0\0\0" END, false),
#undef CASE
};

static void whole_dumps_are_told_from_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t step = 1; step <= 64; step++) {
			struct hprof h = { .have = 0 };

			for (size_t at = 0; at < cases[i].len; at += step)
				hprof_feed(&h, cases[i].data + at, MIN_OF(step, cases[i].len - at));
			if (hprof_is_complete(&h) != cases[i].complete)
				fail_msg("case %zu in steps of %zu", i, step);
		}
}

static void any_bytes_are_survived(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct hprof h = { .have = 0 };
		uint8_t data[sizeof(TITLE) + 40];

		memcpy(data, TITLE, sizeof(TITLE));
		for (size_t k = i % 2 ? sizeof(TITLE) - 1 : 0; k < sizeof(data); k++) {
			seed = seed * 1664525 + 1013904223;
			data[k] = (uint8_t)(seed >> 24);
		}
		hprof_feed(&h, data, sizeof(data));
		assert_true(h.have <= sizeof(h.piece));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_dumps_are_told_from_others),
		cmocka_unit_test(any_bytes_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
