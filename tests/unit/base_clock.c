/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/units.h"

static void known_days_are_right(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
		const char *compact;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.123Z", "19700101T000000.123Z" },
		{ 951782400, "2000-02-29T00:00:00.123Z", "20000229T000000.123Z" },
		{ 951868800, "2000-03-01T00:00:00.123Z", "20000301T000000.123Z" },
		{ 1795640324, "2026-11-25T20:58:44.123Z", "20261125T205844.123Z" },
		{ 1798761599, "2026-12-31T23:59:59.123Z", "20261231T235959.123Z" },
		{ 4107542400, "2100-03-01T00:00:00.123Z", "21000301T000000.123Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[CLOCK_TEXT_MAX];

		clock_print_rfc3339(text, cases[i].seconds * USEC_PER_SEC + 123999);
		assert_string_equal(text, cases[i].text);
		clock_print_compact(text, cases[i].seconds * USEC_PER_SEC + 123999);
		assert_string_equal(text, cases[i].compact);
	}
}

static void every_day_is_the_c_librarys(void **state)
{
	(void)state;
	for (time_t day = 0; day < 366 * 140; day++) {
		time_t seconds = day * 86400 + day % 86400;
		char ours[CLOCK_TEXT_MAX], theirs[64];
		struct tm tm;

		clock_print_rfc3339(ours, (uint64_t)seconds * USEC_PER_SEC);
		gmtime_r(&seconds, &tm);
		strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
		assert_string_equal(ours, theirs);
	}
}

static void the_clock_does_not_step_back(void **state)
{
	uint64_t first = clock_now_usec();

	(void)state;
	assert_true(first > 0);
	assert_true(clock_now_usec() >= first);
	assert_in_range(clock_wall_usec() / USEC_PER_SEC, (uint64_t)time(NULL) - 5,
		(uint64_t)time(NULL) + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_days_are_right),
		cmocka_unit_test(every_day_is_the_c_librarys),
		cmocka_unit_test(the_clock_does_not_step_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
