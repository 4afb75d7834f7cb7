/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "trigger/pace.h"

static struct pace p;

static void far_away_it_is_slow_and_near_it_is_fast(void **state)
{
	const struct {
		uint64_t headroom, low_usec, high_usec;
	} rows[] = {
		{ UINT64_MAX, PACE_MAX_USEC, PACE_MAX_USEC },
		{ 64 * GIB, PACE_MAX_USEC, PACE_MAX_USEC },
		{ 256 * MIB, 20000, 40000 },
		{ 16 * MIB, PACE_MIN_USEC, 3000 },
		{ 0, PACE_MIN_USEC, PACE_MIN_USEC },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pace_init(&p, 30, 2);
		assert_in_range(pace_next(&p, rows[i].headroom, false), rows[i].low_usec,
			rows[i].high_usec);
	}
}

static void memory_cannot_be_filled_unseen(void **state)
{
	(void)state;
	for (uint64_t headroom = 8 * MIB; headroom < 16 * GIB; headroom *= 2) {
		for (uint32_t cpus = 1; cpus <= 64; cpus *= 4) {
			uint64_t pause, fill;

			pace_init(&p, 30, cpus);
			pause = pace_next(&p, headroom, false);
			fill = PACE_FILL_BYTES_PER_SEC / USEC_PER_SEC * cpus * pause;
			if (pause > PACE_MIN_USEC)
				assert_true(fill < headroom);
		}
	}
}

static void more_cpus_are_faster(void **state)
{
	uint64_t two;

	(void)state;
	pace_init(&p, 30, 2);
	two = pace_next(&p, GIB, false);
	pace_init(&p, 30, 4);
	assert_int_equal(pace_next(&p, GIB, false), two / 2);
}

static void a_quota_bounds_what_64_cpus_could_do(void **state)
{
	uint64_t free_of_it;

	(void)state;
	pace_init(&p, 30, 64);
	free_of_it = pace_next(&p, 2 * GIB, false);
	p.bound.quota_usec = p.bound.period_usec = 100000; /* one CPU */
	assert_true(pace_next(&p, 2 * GIB, false) > 10 * free_of_it);
	/* Near the limit it is within one period, and no help. */
	assert_int_equal(pace_next(&p, 100 * MIB, false), PACE_MIN_USEC);
	/* Never slower than what the quota allows: two periods' worth may come at once. */
	for (uint64_t headroom = 16 * MIB; headroom < 16 * GIB; headroom *= 2) {
		uint64_t pause = pace_next(&p, headroom, false);
		uint64_t cpu = 100000 * (pause / 100000 + 2);

		if (pause > PACE_MIN_USEC && pause < PACE_MAX_USEC)
			assert_true(cpu * (PACE_FILL_BYTES_PER_SEC / USEC_PER_SEC) < headroom);
	}
}

static void few_tasks_bound_it_too(void **state)
{
	uint64_t many;

	(void)state;
	pace_init(&p, 30, 64);
	many = pace_next(&p, 2 * GIB, false);
	p.bound.tasks = 4;
	assert_int_equal(pace_next(&p, 2 * GIB, false) / 8, many);
	p.bound.tasks = 1000;
	assert_int_equal(pace_next(&p, 2 * GIB, false), many);
}

/* In the long run looks cost no more than max-cpu, however near the limit is. */
static void the_budget_binds_in_the_long_run(void **state)
{
	const uint64_t cost = 8, seconds = 600;
	uint64_t now = USEC_PER_SEC, spent = 0;

	(void)state;
	pace_init(&p, 30, 2);
	while (now < seconds * USEC_PER_SEC) {
		pace_spent(&p, now, cost);
		spent += cost;
		now += pace_next(&p, MIB, false);
	}
	assert_true(spent <= seconds * USEC_PER_SEC * 30 / 10000 + PACE_PURSE_MAX_USEC);
	assert_true(p.blind_usec > 0);
}

static void after_a_rest_it_may_be_fast_for_seconds(void **state)
{
	uint64_t now = USEC_PER_SEC, begun = 100 * USEC_PER_SEC;

	(void)state;
	pace_init(&p, 30, 2);
	p.purse_usec = 0;
	pace_spent(&p, now, 8);
	pace_spent(&p, begun, 8);
	now = begun;
	while (pace_next(&p, MIB, false) == PACE_MIN_USEC && now < begun + 60 * USEC_PER_SEC) {
		now += PACE_MIN_USEC;
		pace_spent(&p, now, 8);
	}
	assert_true(now - begun > 5 * USEC_PER_SEC);
}

static void no_budget_means_no_bound(void **state)
{
	(void)state;
	pace_init(&p, 0, 2);
	p.purse_usec = 0;
	assert_int_equal(pace_next(&p, 0, false), PACE_MIN_USEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(far_away_it_is_slow_and_near_it_is_fast),
		cmocka_unit_test(memory_cannot_be_filled_unseen),
		cmocka_unit_test(more_cpus_are_faster),
		cmocka_unit_test(a_quota_bounds_what_64_cpus_could_do),
		cmocka_unit_test(few_tasks_bound_it_too),
		cmocka_unit_test(the_budget_binds_in_the_long_run),
		cmocka_unit_test(after_a_rest_it_may_be_fast_for_seconds),
		cmocka_unit_test(no_budget_means_no_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
