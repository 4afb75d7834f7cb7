/* SPDX-License-Identifier: Apache-2.0 */
/* Whole shapes through the leak test; tests/bench/leak_accuracy has them by the hundred. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "report/leaktest.h"

#define LIMIT_BYTES GIB
#define HOUR_S	    3600

static struct leaktest test;

/* Share of the limit after `s` seconds. */
typedef double (*curve)(double s);

static double hours(double s)
{
	return s / HOUR_S;
}

static double flat(double s)
{
	(void)s;
	return 0.6;
}
static double sawtooth(double s)
{
	return 0.4 + 0.2 * fmod(s / 1300, 1);
}
static double warm_up(double s)
{
	return 0.3 + 0.4 * (1 - exp(-hours(s) / 1.5));
}
static double ramp_then_flat(double s)
{
	return 0.4 + 0.4 * fmin(1, hours(s) / 3);
}
static double step(double s)
{
	return hours(s) < 3 ? 0.4 : 0.7;
}
static double day_by_day(double s)
{
	return 0.5 + 0.1 * sin(hours(s) / 24 * 2 * M_PI - M_PI / 2);
}
static double leak_of_six_hours(double s)
{
	return 0.4 + 0.2 * hours(s) / 6;
}
static double stairs(double s)
{
	return 0.4 + 0.05 * floor(hours(s));
}
static double sawtooth_on_a_leak(double s)
{
	return sawtooth(s) / 3 + 0.2 + 0.3 * hours(s) / 6;
}
static double leak_of_a_day_after_two(double s)
{
	return day_by_day(s) / 4 + 0.375 + 0.25 * fmax(0, hours(s) - 48) / 24;
}
static double leak_of_an_hour_after_ten(double s)
{
	return 0.5 + 0.2 * fmax(0, hours(s) - 10);
}
static double fast_from_the_start(double s)
{
	return 0.3 + 0.34 * hours(s);
}

static enum leak worst_of(curve use, unsigned total_hours)
{
	enum leak worst = LEAK_NONE;

	leaktest_init(&test);
	for (unsigned s = 0; s < total_hours * HOUR_S; s += 60) {
		/* A little of what is no signal: deterministic, half a percent. */
		double share = use(s) + 0.005 * ((s * 2654435761u) >> 16 & 0xff) / 255;

		leaktest_add(&test, s * USEC_PER_SEC,
			(uint64_t)(fmin(share, 1) * (double)LIMIT_BYTES), LIMIT_BYTES);
		worst = MAX_OF(worst, leaktest_verdict(&test, NULL));
	}
	return worst;
}

static void shapes_are_told_apart(void **state)
{
	static const struct {
		const char *name;
		curve use;
		unsigned hours;
		enum leak expected;
	} cases[] = {
		{ "flat", flat, 72, LEAK_NONE },
		{ "sawtooth", sawtooth, 72, LEAK_NONE },
		{ "warm-up", warm_up, 12, LEAK_NONE },
		{ "ramp, then flat", ramp_then_flat, 12, LEAK_NONE },
		{ "step", step, 12, LEAK_NONE },
		{ "leak", leak_of_six_hours, 6, LEAK_CONFIRMED },
		{ "stairs", stairs, 6, LEAK_CONFIRMED },
		{ "sawtooth on a leak", sawtooth_on_a_leak, 7, LEAK_CONFIRMED },
		{ "a day's leak in daily waves", leak_of_a_day_after_two, 72, LEAK_CONFIRMED },
		{ "an hour's leak", leak_of_an_hour_after_ten, 11, LEAK_CONFIRMED },
		{ "growth from the start on", fast_from_the_start, 2, LEAK_SUSPECTED },
		{ "not for long", leak_of_six_hours, 4, LEAK_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum leak leak = worst_of(cases[i].use, cases[i].hours);

		if (leak != cases[i].expected)
			fail_msg("%s: %s, expected %s", cases[i].name, leak_name(leak),
				leak_name(cases[i].expected));
	}
}

/* The second day's rise has been there the day before. */
static void a_season_is_known_after_a_day(void **state)
{
	(void)state;
	leaktest_init(&test);
	for (unsigned s = 0; s < 96 * HOUR_S; s += 60) {
		leaktest_add(&test, s * USEC_PER_SEC,
			(uint64_t)(day_by_day(s) * (double)LIMIT_BYTES), LIMIT_BYTES);
		if (s > 30 * HOUR_S && leaktest_verdict(&test, NULL))
			fail_msg("a leak after %u h of daily waves", s / HOUR_S);
	}
}

static void slope_and_window_are_told(void **state)
{
	unsigned window;

	(void)state;
	assert_int_equal(worst_of(leak_of_six_hours, 6), LEAK_CONFIRMED);
	assert_int_equal(leaktest_verdict(&test, &window), LEAK_CONFIRMED);
	assert_int_equal(leaktest_window_s(window), 6 * HOUR_S);
	/* A fifth of a GiB in six hours is 9942 bytes a second. */
	assert_in_range(test.window[window].view.slope_bytes_per_s, 9400, 10500);
}

static void each_bucket_is_evaluated_once(void **state)
{
	unsigned count[LEAKTEST_WINDOWS] = { 0 };

	(void)state;
	leaktest_init(&test);
	for (unsigned s = 0; s < 24 * HOUR_S; s += 10) {
		unsigned evaluated = leaktest_add(&test, s * USEC_PER_SEC, GIB / 2, GIB);

		for (unsigned w = 0; w < LEAKTEST_WINDOWS; w++)
			count[w] += evaluated >> w & 1;
	}
	/* Without the first quarter of an hour. */
	assert_in_range(count[0], 24 * 72 - 20, 24 * 72);
	assert_in_range(count[1], 4 * 72 - 5, 4 * 72);
	assert_in_range(count[2], 72 - 3, 72);
}

static void gaps_and_time_that_goes_back_are_survived(void **state)
{
	(void)state;
	leaktest_init(&test);
	for (unsigned s = 0; s < 8 * HOUR_S; s += 60)
		leaktest_add(&test, s * USEC_PER_SEC, GIB / 2, GIB);
	assert_true(test.window[0].view.known);
	assert_int_equal(leaktest_add(&test, HOUR_S * USEC_PER_SEC, GIB / 2, GIB), 0);
	leaktest_add(&test, 1000 * HOUR_S * USEC_PER_SEC, GIB / 2, GIB);
	assert_false(test.window[0].view.known);
	leaktest_add(&test, UINT64_MAX, GIB / 2, GIB);
	leaktest_finish(&test);
	assert_int_equal(leaktest_verdict(&test, NULL), LEAK_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_are_told_apart),
		cmocka_unit_test(a_season_is_known_after_a_day),
		cmocka_unit_test(slope_and_window_are_told),
		cmocka_unit_test(each_bucket_is_evaluated_once),
		cmocka_unit_test(gaps_and_time_that_goes_back_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
