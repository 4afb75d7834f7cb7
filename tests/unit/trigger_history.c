/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "trigger/history.h"

static struct history h;

static void fill_line(
	uint64_t from_usec, uint64_t to_usec, uint64_t step, uint64_t fill, int64_t per_step)
{
	for (uint64_t t = from_usec; t <= to_usec; t += step) {
		history_add(&h, t, fill, fill);
		fill = (uint64_t)((int64_t)fill + per_step);
	}
}

static void windows_are_neighbours_and_share_no_bucket(void **state)
{
	uint64_t floor0, floor1, own;

	(void)state;
	history_reset(&h, 0);
	/* one sample a bucket of 250 ms: 1000, 1001, ... */
	fill_line(1000000, 4000000, 250000, 1000, 1);
	assert_true(history_floor(&h, 0, 3, 0, &floor0, &own));
	assert_true(history_floor(&h, 0, 3, 1, &floor1, &own));
	assert_int_equal(floor0, 1010);
	assert_int_equal(floor1, 1007);
}

static void a_window_before_the_first_sample_is_not_known(void **state)
{
	uint64_t fill, own;

	(void)state;
	history_reset(&h, 0);
	assert_false(history_floor(&h, 0, 1, 0, &fill, &own));
	fill_line(1000000, 1500000, 250000, 5, 0);
	assert_true(history_floor(&h, 0, 3, 0, &fill, &own));
	assert_false(history_floor(&h, 0, 3, 1, &fill, &own));
	/* more than a ring holds */
	assert_false(history_floor(&h, 0, HISTORY_BUCKETS, 1, &fill, &own));
}

static void a_window_without_samples_is_not_known(void **state)
{
	uint64_t fill, own;

	(void)state;
	history_reset(&h, 0);
	history_add(&h, 1000000, 1, 1);
	history_add(&h, 9000000, 2, 2);
	assert_false(history_floor(&h, 0, 3, 1, &fill, &own));
	assert_true(history_floor(&h, 0, 3, 0, &fill, &own));
}

static void the_ceiling_before_leaves_the_newest_out(void **state)
{
	uint64_t fill;

	(void)state;
	history_reset(&h, 0);
	fill_line(1000000, 3000000, 250000, 100, 10);
	assert_false(history_ceiling_before(&h, 10 * USEC_PER_SEC, &fill));
	assert_true(history_ceiling_before(&h, USEC_PER_SEC, &fill));
	assert_int_equal(fill, 130); /* the last bucket that ends before 2.0 s */
}

static void time_does_not_go_back(void **state)
{
	(void)state;
	history_reset(&h, 0);
	history_add(&h, 2000000, 10, 10);
	history_add(&h, 1000000, 99, 99);
	assert_int_equal(h.last_fill, 10);
}

static void the_period_of_a_sawtooth_is_learnt(void **state)
{
	(void)state;
	history_reset(&h, 50);
	for (unsigned tooth = 0; tooth < 4; tooth++)
		fill_line(1000000 + tooth * 3000000, 3900000 + tooth * 3000000, 100000, 100, 10);
	assert_in_range(h.tooth_usec, 2900000, 3100000);
}

static void a_small_dip_is_no_tooth(void **state)
{
	(void)state;
	history_reset(&h, 50);
	for (unsigned i = 0; i < 100; i++)
		history_add(&h, 1000000 + i * 100000, 1000 + (i % 2) * 40, 0);
	assert_int_equal(h.tooth_usec, 0);
}

static void a_burst_is_measured_from_its_lowest_point(void **state)
{
	uint64_t span;

	(void)state;
	history_reset(&h, 0);
	history_add(&h, 1000000, 500, 0);
	history_add(&h, 1900000, 100, 0);
	history_add(&h, 1950000, 300, 0);
	history_add(&h, 2000000, 700, 0);
	assert_int_equal(history_burst(&h, 200000, &span), 600);
	assert_int_equal(span, 100000);
	/* rest before it is not a part of it */
	history_reset(&h, 0);
	for (unsigned i = 0; i < 10; i++)
		history_add(&h, 1000000 + i * 20000, 100, 0);
	history_add(&h, 1190000, 900, 0);
	assert_int_equal(history_burst(&h, 200000, &span), 800);
	assert_int_equal(span, 10000);
	history_add(&h, 2010000, 700, 0);
	/* falling: no burst */
	history_add(&h, 2020000, 50, 0);
	assert_int_equal(history_burst(&h, 200000, &span), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_neighbours_and_share_no_bucket),
		cmocka_unit_test(a_window_before_the_first_sample_is_not_known),
		cmocka_unit_test(a_window_without_samples_is_not_known),
		cmocka_unit_test(the_ceiling_before_leaves_the_newest_out),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(the_period_of_a_sawtooth_is_learnt),
		cmocka_unit_test(a_small_dip_is_no_tooth),
		cmocka_unit_test(a_burst_is_measured_from_its_lowest_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
