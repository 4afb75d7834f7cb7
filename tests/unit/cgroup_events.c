/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "cgroup/version.h"

static void events_are_parsed(void **state)
{
	static const struct {
		const char *text;
		struct cgroup_events events;
	} cases[] = {
		{ "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n",
			{ 1, 2, 3, 4, 5, 6 } },
		{ "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n", { 1, 2, 3, 4, 5, UINT64_MAX } },
		{ "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
			{ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 2, UINT64_MAX } },
		{ "high x\nmax 3\noom_kill 9",
			{ UINT64_MAX, UINT64_MAX, 3, UINT64_MAX, UINT64_MAX, UINT64_MAX } },
		{ "", { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cgroup_events e;

		print_message("\"%s\"\n", cases[i].text);
		cgroup_parse_events(cases[i].text, &e);
		assert_int_equal(e.low, cases[i].events.low);
		assert_int_equal(e.high, cases[i].events.high);
		assert_int_equal(e.max, cases[i].events.max);
		assert_int_equal(e.oom, cases[i].events.oom);
		assert_int_equal(e.oom_kill, cases[i].events.oom_kill);
		assert_int_equal(e.oom_group_kill, cases[i].events.oom_group_kill);
	}
}

static void pressure_is_parsed(void **state)
{
	static const struct {
		const char *text;
		struct cgroup_pressure p;
	} cases[] = {
		{ "some avg10=31.25 avg60=0.00 avg300=0.00 total=123\n"
		  "full avg10=0.07 avg60=0.00 avg300=0.00 total=99\n",
			{ true, 123, 99, 3125, 7 } },
		{ "some avg10=100.00 avg60=0.00 avg300=0.00 total=1\n"
		  "full avg10=100.00 avg60=0.00 avg300=0.00 total=1\n",
			{ true, 1, 1, 10000, 10000 } },
		{ "some avg10=1.00 avg60=0.00 avg300=0.00 total=1\n", { false, 0, 0, 0, 0 } },
		{ "some avg10=1.00 avg60=0.0\nfull avg10=1.00 avg60=0.00 avg300=0.00 total=1\n",
			{ false, 0, 0, 0, 0 } },
		{ "", { false, 0, 0, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cgroup_pressure p;

		print_message("\"%s\"\n", cases[i].text);
		cgroup_parse_pressure(cases[i].text, &p);
		assert_int_equal(p.known, cases[i].p.known);
		assert_int_equal(p.some_total_usec, cases[i].p.some_total_usec);
		assert_int_equal(p.full_total_usec, cases[i].p.full_total_usec);
		assert_int_equal(p.some_avg10_bp, cases[i].p.some_avg10_bp);
		assert_int_equal(p.full_avg10_bp, cases[i].p.full_avg10_bp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_parsed),
		cmocka_unit_test(pressure_is_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
