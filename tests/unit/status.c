/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "status.h"

static void use_becomes_a_line(void **state)
{
	const struct {
		uint32_t history[6];
		unsigned n, columns;
		bool plain;
		const char *expected;
	} rows[] = {
		{ { 0, 5000, 9999, 10000, 20000 }, 5, 5, true, "_=###" },
		{ { 0, 5000, 10000 }, 3, 3, false, "\u2581\u2585\u2588" },
		{ { 0, 5000, 10000 }, 3, 2, true, "=#" }, /* the last ones */
		{ { STATUS_NO_SAMPLE, 1250 }, 2, 10, true, " ." },
		{ { 1 }, 1, 0, true, "" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		char text[64];
		struct buf b = BUF_ON(text);

		buf_reset(&b);
		status_sparkline(rows[i].history, rows[i].n, rows[i].columns, rows[i].plain, &b);
		assert_string_equal(text, rows[i].expected);
	}
}

static void lines_are_cut_between_characters(void **state)
{
	const struct {
		const char *text;
		unsigned columns;
		const char *expected, *rest;
	} rows[] = {
		{ "one\ntwo", 10, "one", "two" },
		{ "one\ntwo", 2, "on", "two" },
		{ "\u2581\u2582\u2583", 2, "\u2581\u2582", "" },
		{ "a\u2582", 1, "a", "" },
		{ "", 5, "", "" },
		{ "abc", 0, "", "" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		char text[64];
		struct buf b = BUF_ON(text);

		buf_reset(&b);
		assert_string_equal(status_cut(rows[i].text, rows[i].columns, &b), rows[i].rest);
		assert_string_equal(text, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(use_becomes_a_line),
		cmocka_unit_test(lines_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
