/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "report/curve.h"

static struct curve curve;

/* An hour at 40 %, one sample every `step` milliseconds, then a jump to 90 %. */
static struct diagnose_facts jump_after_rest(unsigned step_ms)
{
	struct diagnose_facts f = { 0 };

	curve_init(&curve);
	for (uint64_t ms = 1000; ms < 3600 * 1000; ms += step_ms)
		curve_add(&curve, ms * USEC_PER_MSEC, 400, 1000);
	curve_add(&curve, 3600 * USEC_PER_SEC, 900, 1000);
	curve_tell(&curve, &f);
	return f;
}

static void a_jump_is_seen_against_what_was_before(void **state)
{
	static const unsigned steps[] = { 100, 1000, 10 * 1000, 60 * 1000, 300 * 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct diagnose_facts f = jump_after_rest(steps[i]);

		assert_int_equal(f.median_bp, 4000);
		assert_int_equal(f.p90_bp, 4000);
		assert_int_equal(f.rise_bp, 5000);
		assert_true(f.rise_times >= 10 || steps[i] >= 60 * 1000);
		assert_int_equal(f.use_bytes, 900);
		assert_int_equal(f.limit_bytes, 1000);
		assert_int_equal(f.uptime_s, 3599);
		assert_int_equal(f.leak, LEAK_NONE);
	}
	assert_int_equal(curve.peak_bytes, 900);
}

static void the_first_minute_has_no_rise(void **state)
{
	struct diagnose_facts f = { 0 };

	(void)state;
	curve_init(&curve);
	curve_tell(&curve, &f);
	assert_int_equal(f.samples, 0);
	curve_add(&curve, USEC_PER_SEC, 10, 1000);
	curve_add(&curve, 30 * USEC_PER_SEC, 900, 1000);
	curve_tell(&curve, &f);
	assert_int_equal(f.rise_bp, 0);
	assert_int_equal(f.p90_bp, 0);
	assert_int_equal(f.samples, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_jump_is_seen_against_what_was_before),
		cmocka_unit_test(the_first_minute_has_no_rise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
