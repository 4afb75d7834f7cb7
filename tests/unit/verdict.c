/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "guard.h"
#include "report/incident.h"

#define LIMIT (1000 * MIB)
#define HOUR  (3600 * USEC_PER_SEC)
#define STEP  (10 * USEC_PER_SEC)

static struct guard g;
static struct conf conf;

static int begin(void **state)
{
	(void)state;
	conf_defaults(&conf);
	memset(&g, 0, sizeof(g));
	g.conf = &conf;
	g.store.dirfd = -1;
	g.watch.sample =
		(struct cgroup_sample){ .time_usec = STEP, .limit_bytes = LIMIT, .detailed = true };
	return 0;
}

typedef uint64_t curve_fn(uint64_t usec);

/* Shows it the curve for so long; how often the verdict was a leak on the way. */
static unsigned live(uint64_t usec, curve_fn *curve)
{
	struct cgroup_sample *s = &g.watch.sample;
	uint64_t end = s->time_usec + usec;
	unsigned leaks = 0;

	for (; s->time_usec < end; s->time_usec += STEP) {
		s->use_bytes = curve(s->time_usec);
		verdict_sample(&g);
		leaks += verdict_now(&g).cause == CAUSE_LEAK;
	}
	return leaks;
}

static uint64_t leaking(uint64_t usec)
{
	return 100 * MIB + usec / HOUR * 20 * MIB + usec % HOUR * 20 / HOUR * MIB;
}

static uint64_t teeth(uint64_t usec)
{
	return 200 * MIB + usec % (HOUR / 6) / USEC_PER_SEC * MIB / 2;
}

static void a_leak_of_days_is_told_while_it_goes_on(void **state)
{
	(void)state;
	assert_int_equal(live(HOUR, leaking), 0);
	assert_true(live(30 * HOUR, leaking) > 0);
	assert_int_equal(verdict_now(&g).cause, CAUSE_LEAK);
	assert_true(verdict_now(&g).confidence_pct >= 50);
	assert_int_equal(g.tally.diagnoses[CAUSE_LEAK], 1); /* once, not at each evaluation */
	verdict_new_life(&g);
	assert_int_equal(g.verdict.live.cause, CAUSE_NONE);
	assert_int_equal(live(2 * HOUR, teeth), 2 * HOUR / STEP); /* what was said is remembered */
	assert_int_equal(g.verdict.live.cause, CAUSE_NONE);
}

static void teeth_of_a_collector_are_no_leak(void **state)
{
	(void)state;
	assert_int_equal(live(30 * HOUR, teeth), 0);
	assert_int_equal(g.tally.diagnoses[CAUSE_LEAK], 0);
	assert_int_equal(verdict_now(&g).cause, CAUSE_NONE);
	/* It is well: nothing to change. */
	assert_int_equal(verdict_now(&g).limit_bytes, LIMIT);
}

static void a_report_counts_until_a_day_has_passed(void **state)
{
	(void)state;
	verdict_reported(&g, "verdict 3 60 2000 1000");
	assert_int_equal(verdict_now(&g).cause, CAUSE_SPIKE);
	assert_int_equal(verdict_now(&g).confidence_pct, 60);
	assert_int_equal(verdict_now(&g).limit_bytes, 2000);
	assert_int_equal(verdict_now(&g).request_bytes, 1000);
	assert_int_equal(g.tally.diagnoses[CAUSE_SPIKE], 1);
	g.tally.verdict.wall_usec = clock_wall_usec() - 25 * HOUR;
	assert_int_equal(verdict_now(&g).cause, CAUSE_NONE);
}

static void what_the_helper_did_not_say_is_not_believed(void **state)
{
	static const char *const lines[] = { "", "verdict", "verdict 3", "verdict 3 60 2000",
		"verdict 7 60 1 1", "verdict 99999999999 60 1 1", "leak" };

	(void)state;
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		verdict_reported(&g, lines[i]);
	assert_int_equal(g.tally.verdict.wall_usec, 0);
}

static void the_helper_and_the_guard_speak_the_same(void **state)
{
	struct incident_verdict v = { CAUSE_LIMIT_TOO_LOW, 77, UINT64_MAX - 1, 5 };
	struct helper helper = HELPER_NONE;
	char line[HELPER_RESULT_MAX];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	verdict_tell(&v, fds[1]);
	close(fds[1]);
	helper.result_fd = fds[0];
	helper_take_result(&helper, line);
	verdict_reported(&g, line);
	assert_int_equal(g.tally.verdict.cause, CAUSE_LIMIT_TOO_LOW);
	assert_int_equal(g.tally.verdict.confidence_pct, 77);
	assert_int_equal(g.tally.verdict.limit_bytes, UINT64_MAX - 1);
	assert_int_equal(g.tally.verdict.request_bytes, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_leak_of_days_is_told_while_it_goes_on, begin),
		cmocka_unit_test_setup(teeth_of_a_collector_are_no_leak, begin),
		cmocka_unit_test_setup(a_report_counts_until_a_day_has_passed, begin),
		cmocka_unit_test_setup(what_the_helper_did_not_say_is_not_believed, begin),
		cmocka_unit_test_setup(the_helper_and_the_guard_speak_the_same, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
