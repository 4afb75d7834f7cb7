/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "child/budget.h"

#define MINUTE (60 * USEC_PER_SEC)
#define NOW    (UINT64_C(1764000000) * USEC_PER_SEC)

static struct conf conf_of(enum conf_restart_mode mode, uint32_t max, uint64_t per_usec)
{
	struct conf conf = { 0 };

	conf.restart.mode = mode;
	conf.restart.max = max;
	conf.restart.per_usec = per_usec;
	conf.restart.backoff_min_usec = USEC_PER_SEC;
	conf.restart.backoff_max_usec = 5 * MINUTE;
	conf.guard.start_grace_usec = 10 * USEC_PER_SEC;
	return conf;
}

static struct budget budget_of(bool remembers, bool disarmed, unsigned n_times, uint64_t ago_usec)
{
	struct budget b = { .remembers = remembers, .disarmed = disarmed, .n_times = n_times };

	for (unsigned i = 0; i < n_times; i++)
		b.times_wall_usec[i] = NOW - ago_usec;
	return b;
}

static void asks_are_answered(void **state)
{
	static const struct {
		const char *name;
		bool remembers, disarmed, emergency;
		enum conf_restart_mode mode;
		unsigned n_times;
		uint64_t ago_usec, age_usec;
		enum budget_verdict want;
	} cases[] = {
		{ "plain", true, false, false, RESTART_EXIT, 0, 0, 11 * MINUTE, BUDGET_YES },
		{ "in place", true, false, false, RESTART_IN_PLACE, 0, 0, MINUTE, BUDGET_YES },
		{ "never", true, false, true, RESTART_NEVER, 0, 0, 11 * MINUTE, BUDGET_NO_MODE },
		{ "two of three", true, false, false, RESTART_EXIT, 2, MINUTE, MINUTE, BUDGET_YES },
		{ "used up", true, false, false, RESTART_EXIT, 3, MINUTE, MINUTE,
			BUDGET_NO_USED_UP },
		{ "used up, emergency", true, false, true, RESTART_EXIT, 3, MINUTE, MINUTE,
			BUDGET_NO_USED_UP },
		{ "used up long ago", true, false, false, RESTART_EXIT, 3, 30 * MINUTE, MINUTE,
			BUDGET_YES },
		{ "just not long ago", true, false, false, RESTART_EXIT, 3, 30 * MINUTE - 1, MINUTE,
			BUDGET_NO_USED_UP },
		{ "disarmed", true, true, false, RESTART_EXIT, 1, MINUTE, 60 * MINUTE,
			BUDGET_NO_DISARMED },
		{ "disarmed, emergency", true, true, true, RESTART_EXIT, 1, MINUTE, MINUTE,
			BUDGET_NO_DISARMED },
		{ "start grace", true, false, false, RESTART_EXIT, 0, 0, 10 * USEC_PER_SEC - 1,
			BUDGET_NO_GRACE },
		{ "after it", true, false, false, RESTART_EXIT, 0, 0, 10 * USEC_PER_SEC,
			BUDGET_YES },
		{ "start grace, emergency", true, false, true, RESTART_EXIT, 0, 0, 0, BUDGET_YES },
		{ "no memory, young", false, false, false, RESTART_EXIT, 0, 0, 10 * MINUTE - 1,
			BUDGET_NO_MEMORY },
		{ "no memory, old", false, false, false, RESTART_EXIT, 0, 0, 10 * MINUTE,
			BUDGET_YES },
		{ "no memory, emergency", false, false, true, RESTART_EXIT, 0, 0, MINUTE,
			BUDGET_YES },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf conf = conf_of(cases[i].mode, 3, 30 * MINUTE);
		struct budget b = budget_of(
			cases[i].remembers, cases[i].disarmed, cases[i].n_times, cases[i].ago_usec);
		enum budget_verdict got =
			budget_ask(&b, &conf, NOW, cases[i].age_usec, cases[i].emergency);

		if (got != cases[i].want)
			print_error("case: %s\n", cases[i].name);
		assert_string_equal(budget_verdict_text(got), budget_verdict_text(cases[i].want));
	}
}

static void a_maximum_of_none_or_many(void **state)
{
	struct conf none = conf_of(RESTART_EXIT, 0, 30 * MINUTE);
	struct conf many = conf_of(RESTART_EXIT, 1000, 30 * MINUTE);
	struct budget b = budget_of(true, false, 0, 0);

	(void)state;
	assert_int_equal(budget_ask(&b, &none, NOW, 20 * MINUTE, true), BUDGET_NO_USED_UP);
	assert_int_equal(budget_left(&b, &none, NOW), 0);
	assert_int_equal(budget_left(&b, &many, NOW), BUDGET_TIMES_MAX);
	for (unsigned i = 0; i < BUDGET_TIMES_MAX; i++) {
		assert_int_equal(budget_ask(&b, &many, NOW, 20 * MINUTE, false), BUDGET_YES);
		budget_spend(&b, NOW, 20 * MINUTE);
	}
	assert_int_equal(budget_left(&b, &many, NOW), 0);
	assert_int_equal(budget_left(&b, &many, NOW + 30 * MINUTE), BUDGET_TIMES_MAX);
	/* more than can be remembered is not unlimited */
	assert_int_equal(budget_ask(&b, &many, NOW, 20 * MINUTE, false), BUDGET_NO_USED_UP);
}

static void the_oldest_is_forgotten_first(void **state)
{
	struct budget b = budget_of(true, false, 0, 0);

	(void)state;
	for (unsigned i = 0; i < BUDGET_TIMES_MAX + 3; i++)
		budget_spend(&b, NOW + i, 20 * MINUTE);
	assert_int_equal(b.n_times, BUDGET_TIMES_MAX);
	assert_true(b.times_wall_usec[0] == NOW + 3);
	assert_true(b.times_wall_usec[BUDGET_TIMES_MAX - 1] == NOW + BUDGET_TIMES_MAX + 2);
}

static void a_wall_clock_that_steps_does_not_block_for_years(void **state)
{
	struct conf conf = conf_of(RESTART_EXIT, 1, 30 * MINUTE);
	struct budget b = budget_of(true, false, 1, 0);

	(void)state;
	b.times_wall_usec[0] = NOW + 365 * 24 * 60 * MINUTE;
	assert_int_equal(budget_ask(&b, &conf, NOW, 20 * MINUTE, false), BUDGET_YES);
	b.times_wall_usec[0] = NOW + MINUTE; /* a small step back: still counted */
	assert_int_equal(budget_ask(&b, &conf, NOW, 20 * MINUTE, false), BUDGET_NO_USED_UP);
}

static void an_early_restart_disarms_exactly_the_next_life(void **state)
{
	struct budget b = { .remembers = true };

	(void)state;
	budget_begin_life(&b, NOW, false);
	assert_false(b.disarmed);
	assert_true(b.in_life);
	assert_true(b.life_start_wall_usec == NOW);
	budget_spend(&b, NOW + MINUTE, BUDGET_EARLY_USEC - 1);
	budget_end_life(&b, END_GUARDED);
	assert_false(b.disarmed);
	assert_false(b.in_life);

	budget_begin_life(&b, NOW + 2 * MINUTE, false);
	assert_true(b.disarmed);
	assert_int_equal(b.last_end, END_GUARDED);
	budget_survived(&b, 200 * MIB);
	budget_survived(&b, 100 * MIB); /* the highest counts */
	budget_end_life(&b, END_CLEAN);

	budget_begin_life(&b, NOW + 60 * MINUTE, false);
	assert_false(b.disarmed);
	assert_true(b.safe_bytes == 200 * MIB);
	assert_int_equal(b.last_end, END_CLEAN);
}

static void a_late_restart_does_not_disarm(void **state)
{
	struct budget b = { .remembers = true };

	(void)state;
	budget_begin_life(&b, NOW, false);
	budget_spend(&b, NOW + 10 * MINUTE, BUDGET_EARLY_USEC);
	budget_end_life(&b, END_GUARDED);
	budget_begin_life(&b, NOW + 11 * MINUTE, false);
	assert_false(b.disarmed);
}

static void a_kernel_kill_of_the_disarmed_life_arms_again(void **state)
{
	struct budget b = { .remembers = true };

	(void)state;
	budget_begin_life(&b, NOW, false);
	budget_spend(&b, NOW + MINUTE, MINUTE);
	budget_end_life(&b, END_GUARDED);
	budget_begin_life(&b, NOW + 2 * MINUTE, false);
	budget_survived(&b, 200 * MIB);
	/* no end was written: the whole container went */
	budget_begin_life(&b, NOW + 5 * MINUTE, true);
	assert_false(b.disarmed);
	assert_true(b.safe_bytes == 0);
	assert_int_equal(b.last_end, END_OOM);
}

static void an_unclean_end_is_seen(void **state)
{
	struct budget b = { .remembers = true };

	(void)state;
	budget_begin_life(&b, NOW, false);
	assert_int_equal(b.last_end, END_UNKNOWN);
	budget_begin_life(&b, NOW + MINUTE, false);
	assert_int_equal(b.last_end, END_KILLED);
}

static void an_armed_life_teaches_no_safe_level(void **state)
{
	struct budget b = { .remembers = true };

	(void)state;
	budget_begin_life(&b, NOW, false);
	budget_survived(&b, 200 * MIB);
	assert_true(b.safe_bytes == 0);
}

static void backoff_doubles_up_to_its_maximum(void **state)
{
	static const struct {
		unsigned n_times;
		uint64_t jitter_usec;
		uint32_t random;
		uint64_t want;
	} cases[] = {
		{ 0, 0, 0, USEC_PER_SEC },
		{ 1, 0, UINT32_MAX, USEC_PER_SEC },
		{ 2, 0, 0, 2 * USEC_PER_SEC },
		{ 5, 0, 0, 16 * USEC_PER_SEC },
		{ 9, 0, 0, 256 * USEC_PER_SEC },
		{ 10, 0, 0, 300 * USEC_PER_SEC },
		{ BUDGET_TIMES_MAX, 0, 0, 300 * USEC_PER_SEC },
		{ 1, 10 * USEC_PER_SEC, 0, USEC_PER_SEC },
		{ 1, 10 * USEC_PER_SEC, UINT32_C(1) << 31, 6 * USEC_PER_SEC },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf conf = conf_of(RESTART_IN_PLACE, 100, 30 * MINUTE);
		struct budget b = budget_of(true, false, cases[i].n_times, MINUTE);

		conf.restart.jitter_usec = cases[i].jitter_usec;
		assert_int_equal(
			budget_backoff_usec(&b, &conf, NOW, cases[i].random), cases[i].want);
	}
}

static void jitter_stays_below_its_bound(void **state)
{
	struct conf conf = conf_of(RESTART_IN_PLACE, 3, 30 * MINUTE);
	struct budget b = budget_of(true, false, 1, MINUTE);

	(void)state;
	conf.restart.jitter_usec = 10 * USEC_PER_SEC;
	assert_in_range(budget_backoff_usec(&b, &conf, NOW, UINT32_MAX), 10 * USEC_PER_SEC,
		11 * USEC_PER_SEC - 1);
}

static void every_verdict_has_its_words(void **state)
{
	(void)state;
	for (unsigned v = BUDGET_YES; v <= BUDGET_NO_GRACE; v++)
		assert_string_not_equal(budget_verdict_text(v), "?");
	assert_string_equal(budget_verdict_text(BUDGET_NO_GRACE + 1), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_are_answered),
		cmocka_unit_test(a_maximum_of_none_or_many),
		cmocka_unit_test(the_oldest_is_forgotten_first),
		cmocka_unit_test(a_wall_clock_that_steps_does_not_block_for_years),
		cmocka_unit_test(an_early_restart_disarms_exactly_the_next_life),
		cmocka_unit_test(a_late_restart_does_not_disarm),
		cmocka_unit_test(a_kernel_kill_of_the_disarmed_life_arms_again),
		cmocka_unit_test(an_unclean_end_is_seen),
		cmocka_unit_test(an_armed_life_teaches_no_safe_level),
		cmocka_unit_test(backoff_doubles_up_to_its_maximum),
		cmocka_unit_test(jitter_stays_below_its_bound),
		cmocka_unit_test(every_verdict_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
