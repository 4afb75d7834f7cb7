/* SPDX-License-Identifier: Apache-2.0 */
/* An application that allocates by a rule, run in the slices that the brake allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "trigger/brake.h"

static struct brake b;

struct app {
	uint64_t speed;	    /* bytes per second while it runs */
	uint64_t stops_at;  /* headroom at which it stops growing by itself */
	uint64_t ends_usec; /* runs so long after the stop signal, then ends; 0: never */
};

struct outcome {
	enum brake_verdict verdict;
	uint64_t headroom, ran_usec;
};

static void begin(uint64_t limit, uint64_t headroom, uint64_t zone, uint64_t speed, bool sure)
{
	const struct brake_start start = {
		.limit_bytes = limit,
		.headroom_bytes = headroom,
		.zone_bytes = zone,
		.speed_bytes_per_sec = speed,
		.sure = sure,
	};

	brake_begin(&b, &start);
}

static struct outcome drive(const struct app *app, uint64_t headroom)
{
	struct outcome o = { .verdict = BRAKE_SLICE, .headroom = headroom };

	for (unsigned i = 0; i < 1000000; i++) {
		uint64_t grown;

		o.verdict = brake_next(&b, o.headroom);
		if (o.verdict == BRAKE_WAIT)
			continue;
		if (o.verdict != BRAKE_SLICE)
			return o;
		grown = app->speed * b.slice_usec / USEC_PER_SEC;
		if (o.headroom < app->stops_at + grown)
			grown = o.headroom > app->stops_at ? o.headroom - app->stops_at : 0;
		assert_true(grown < o.headroom);
		o.headroom -= grown;
		o.ran_usec += b.slice_usec;
		brake_ran(&b, o.headroom, b.slice_usec);
		if (app->ends_usec && o.ran_usec >= app->ends_usec)
			return o;
	}
	fail_msg("no end: headroom %llu", (unsigned long long)o.headroom);
	return o;
}

static void growth_that_ends_by_itself_is_let_go(void **state)
{
	const uint64_t limits[] = { 64 * MIB, 256 * MIB, GIB };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const struct app app = { .speed = 2 * GIB, .stops_at = limits[i] / 25 };
		struct outcome o;

		begin(limits[i], limits[i] / 10, 2 * MIB, 2 * GIB, false);
		o = drive(&app, limits[i] / 10);
		assert_int_equal(o.verdict, BRAKE_RELEASE);
	}
}

static void a_plateau_in_the_last_metres_is_let_go_too(void **state)
{
	const struct app app = { .speed = GIB, .stops_at = 3 * MIB / 2 };
	struct outcome o;

	(void)state;
	begin(128 * MIB, 2 * MIB, 2 * MIB, GIB, false);
	o = drive(&app, 2 * MIB);
	assert_int_equal(o.verdict, BRAKE_RELEASE);
}

static void growth_that_goes_on_is_restarted_before_the_floor(void **state)
{
	const uint64_t speeds[] = { 50 * MIB, 200 * MIB, GIB, 4 * GIB };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct app app = { .speed = speeds[i] };
		struct outcome o;

		begin(256 * MIB, 16 * MIB, 2684354, speeds[i], false);
		o = drive(&app, 16 * MIB);
		assert_int_equal(o.verdict, BRAKE_RESTART);
		assert_true(o.headroom > b.floor_bytes);
	}
}

static void established_growth_needs_no_probe(void **state)
{
	(void)state;
	begin(128 * MIB, 2 * MIB, 2 * MIB, 3 * MIB, true);
	assert_int_equal(brake_next(&b, 2 * MIB), BRAKE_RESTART);
}

static void while_stopping_it_never_reaches_the_limit(void **state)
{
	const uint64_t speeds[] = { MIB, 100 * MIB, GIB, 8 * GIB };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct app app = { .speed = speeds[i] };
		struct outcome o;

		begin(64 * MIB, 2 * MIB, 2 * MIB, speeds[i], true);
		brake_stop(&b, 5 * USEC_PER_SEC);
		o = drive(&app, 2 * MIB);
		assert_int_equal(o.verdict, BRAKE_KILL);
		assert_true(o.headroom > 0);
	}
}

static void a_child_that_needs_100_ms_gets_them(void **state)
{
	const struct app app = { .speed = 5 * MIB, .ends_usec = 100 * USEC_PER_MSEC };
	struct outcome o;

	(void)state;
	begin(128 * MIB, 2 * MIB, 2 * MIB, 5 * MIB, true);
	brake_stop(&b, 5 * USEC_PER_SEC);
	o = drive(&app, 2 * MIB);
	assert_int_equal(o.verdict, BRAKE_SLICE);
	assert_true(o.ran_usec >= 100 * USEC_PER_MSEC);
}

/* It allocates flat out whenever it runs, and ends 100 ms after the signal by the clock. */
static void room_is_spread_over_the_grace_time(void **state)
{
	const uint64_t speeds[] = { 10 * MIB, 200 * MIB, GIB };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t headroom = 2684354, passed = 0;

		begin(256 * MIB, headroom, 2684354, speeds[i], true);
		brake_stop(&b, 5 * USEC_PER_SEC);
		while (passed < 100 * USEC_PER_MSEC) {
			uint64_t grown;

			assert_int_equal(brake_next(&b, headroom), BRAKE_SLICE);
			grown = speeds[i] * b.slice_usec / USEC_PER_SEC;
			assert_true(grown < headroom);
			headroom -= grown;
			passed += b.slice_usec + b.pause_usec;
			brake_ran(&b, headroom, b.slice_usec);
		}
	}
}

static void what_does_not_grow_runs_nearly_all_the_time(void **state)
{
	uint64_t ran = 0, paused = 0;

	(void)state;
	begin(256 * MIB, 2684354, 2684354, 10 * MIB, true);
	brake_stop(&b, 5 * USEC_PER_SEC);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(brake_next(&b, 2684354), BRAKE_SLICE);
		ran += b.slice_usec;
		paused += b.pause_usec;
		brake_ran(&b, 2684354, b.slice_usec);
	}
	assert_true(ran > 2 * paused);
}

static void where_we_are_woken_up_late_there_is_no_probe(void **state)
{
	enum brake_verdict verdict = BRAKE_WAIT;

	(void)state;
	begin(256 * MIB, 16 * MIB, 2684354, 3 * GIB, false);
	for (unsigned i = 0; verdict == BRAKE_WAIT; i++) {
		assert_true(i < 200);
		b.late_usec = 8 * USEC_PER_MSEC; /* it does not get better */
		verdict = brake_next(&b, 16 * MIB);
	}
	assert_int_equal(verdict, BRAKE_RESTART);
	b.late_usec = 8 * USEC_PER_MSEC;
	brake_stop(&b, 5 * USEC_PER_SEC);
	assert_int_equal(brake_next(&b, 16 * MIB), BRAKE_KILL);
}

static void one_late_wake_up_costs_a_wait_only(void **state)
{
	enum brake_verdict verdict = BRAKE_WAIT;

	(void)state;
	begin(256 * MIB, 16 * MIB, 2684354, 3 * GIB, false);
	b.late_usec = 8 * USEC_PER_MSEC;
	while (verdict == BRAKE_WAIT)
		verdict = brake_next(&b, 16 * MIB);
	assert_int_equal(verdict, BRAKE_SLICE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_that_ends_by_itself_is_let_go),
		cmocka_unit_test(a_plateau_in_the_last_metres_is_let_go_too),
		cmocka_unit_test(growth_that_goes_on_is_restarted_before_the_floor),
		cmocka_unit_test(established_growth_needs_no_probe),
		cmocka_unit_test(while_stopping_it_never_reaches_the_limit),
		cmocka_unit_test(room_is_spread_over_the_grace_time),
		cmocka_unit_test(what_does_not_grow_runs_nearly_all_the_time),
		cmocka_unit_test(one_late_wake_up_costs_a_wait_only),
		cmocka_unit_test(where_we_are_woken_up_late_there_is_no_probe),
		cmocka_unit_test(a_child_that_needs_100_ms_gets_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
