/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "report/shape.h"

#define LIMIT (100 * MIB)

/* Share of the limit at a part 0..1 of the life. */
static double leak(double t)
{
	return 0.1 + 0.9 * t;
}

static double warm_up(double t)
{
	return 0.1 + 0.6 * (1 - exp(-t * 8));
}

static double ramp_then_flat(double t)
{
	return t < 0.3 ? 0.1 + t * 2 : 0.7;
}

static double spike(double t)
{
	return t < 0.95 ? 0.3 : 1;
}

static double step(double t)
{
	return t < 0.4 ? 0.2 : 0.7;
}

static double plateau(double t)
{
	return t < 0.1 ? t * 9 : 0.9;
}

static double stairs(double t)
{
	return 0.1 + 0.1 * floor(t * 8.99);
}

static double teeth(double t)
{
	return 0.3 + 0.4 * fmod(t * 8, 1);
}

static double teeth_that_rise(double t)
{
	return 0.1 + 0.6 * t + 0.2 * fmod(t * 20, 1);
}

static const struct {
	const char *name;
	double (*curve)(double t);
	bool steady, jumped;
	unsigned floor_pct, p90_pct; /* give or take 5; 15 */
} cases[] = {
	{ "leak", leak, true, false, 55, 78 },
	{ "warm-up", warm_up, false, false, 69, 70 },
	{ "ramp, then flat", ramp_then_flat, false, false, 70, 70 },
	{ "spike", spike, false, true, 30, 30 },
	{ "step", step, false, false, 70, 70 },
	{ "plateau", plateau, false, false, 90, 90 },
	{ "stairs", stairs, true, false, 50, 80 },
	{ "sawtooth", teeth, false, false, 30, 70 },
	{ "sawtooth that rises", teeth_that_rise, true, false, 40, 75 },
};

static bool is_about(uint64_t value, unsigned pct, unsigned more_or_less)
{
	return value + more_or_less >= pct && value <= pct + more_or_less;
}

static void check(unsigned i, double seconds, double hz)
{
	struct shape s;
	struct shape_view v;
	bool jumped;

	shape_init(&s);
	for (double t = 0; t <= seconds; t += 1 / hz)
		shape_add(&s, (uint64_t)(1e6 * (1000 + t)),
			(uint64_t)(cases[i].curve(t / seconds) * (double)LIMIT));
	shape_tell(&s, LIMIT, &v);
	jumped = v.rise_bp >= 2500 && v.rise_times >= 3 && v.p90_bp <= 7000;
	if (!v.known || v.steady != cases[i].steady || jumped != cases[i].jumped ||
		!is_about(units_share_bp(v.floor_bytes, LIMIT) / 100, cases[i].floor_pct, 5) ||
		!is_about(v.p90_bp / 100, cases[i].p90_pct, 15))
		fail_msg("%s of %.0f s: steady %d, jumped %d (%u bp, %u times), floor %u, p90 %u",
			cases[i].name, seconds, v.steady, jumped, v.rise_bp, v.rise_times,
			units_share_bp(v.floor_bytes, LIMIT), v.p90_bp);
	if (cases[i].curve == leak)
		assert_in_range(v.slope_bytes_per_s, (uint64_t)(0.8 * 0.9 * LIMIT / seconds),
			(uint64_t)(1.2 * 0.9 * LIMIT / seconds));
}

static void shapes_are_told_apart_at_any_length(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		check(i, 6, 50);
		check(i, 60, 50);
		check(i, 600, 4);
		if (cases[i].curve != spike) /* not within a minute then */
			check(i, 20000, 1);
	}
	/* One look a second, as below the first level. */
	check(0, 20, 1);
	check(5, 20, 1);
}

static void too_little_tells_nothing(void **state)
{
	struct shape s;
	struct shape_view v;

	(void)state;
	shape_init(&s);
	shape_tell(&s, LIMIT, &v);
	assert_false(v.known);
	for (unsigned i = 0; i < 1000; i++)
		shape_add(&s, i * 1000, i * LIMIT / 1000);
	shape_tell(&s, LIMIT, &v);
	assert_false(v.known);
	shape_add(&s, 10 * USEC_PER_SEC, LIMIT);
	shape_add(&s, 1, 2 * LIMIT); /* back in time */
	shape_tell(&s, LIMIT, &v);
	assert_true(v.known);
	assert_int_equal(s.peak_bytes, LIMIT);
	shape_tell(&s, 0, &v);
	assert_false(v.known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_are_told_apart_at_any_length),
		cmocka_unit_test(too_little_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
