/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "live.h"

static struct flight_log log_of(const struct guard_view *view)
{
	struct flight_log log = { .live_wall_usec = 1000, .live_size = sizeof(struct live) };
	struct live live;

	live_from_view(view, &live);
	memcpy(log.live, &live, sizeof(live));
	return log;
}

static struct guard_view some_view(void)
{
	struct guard_view view = {
		.version = "1.2.3",
		.basis = "nonreclaimable",
		.life_state = "running",
		.pid = 1,
		.child = 7,
		.watching = true,
		.use_bytes = 50,
		.limit_bytes = 100,
		.use_bp = 5000,
		.eta_usec = VIEW_UNKNOWN,
		.n_levels = 2,
		.summary = "50% of 100",
		.restarts = { { "level", 3 } },
	};

	strcpy(view.levels[0].name, "warn");
	strcpy(view.levels[1].name, "dump");
	view.levels[1].active = true;
	view.dumps[0].ok = 4;
	return view;
}

static void what_goes_in_comes_out(void **state)
{
	const struct guard_view view = some_view();
	struct flight_log log = log_of(&view);
	struct guard_view got;
	struct live live;

	(void)state;
	assert_int_equal(live_view(&log, &live, &got), 0);
	assert_string_equal(got.version, "1.2.3");
	assert_string_equal(got.basis, "nonreclaimable");
	assert_string_equal(got.life_state, "running");
	assert_string_equal(got.summary, "50% of 100");
	assert_int_equal(got.child, 7);
	assert_true(got.watching);
	assert_int_equal(got.eta_usec, VIEW_UNKNOWN);
	assert_int_equal(got.n_levels, 2);
	assert_false(got.levels[0].active);
	assert_true(got.levels[1].active);
	assert_string_equal(got.levels[1].name, "dump");
	assert_string_equal(got.restarts[0].name, "level");
	assert_int_equal(got.restarts[0].value, 3);
	assert_int_equal(got.dumps[0].ok, 4);
}

static void the_newest_sample_counts(void **state)
{
	const struct guard_view view = some_view();
	struct flight_log log = log_of(&view);
	struct flight_sample sample = { .wall_usec = 2000, .use_bytes = 90, .limit_bytes = 100 };
	struct guard_view got;
	struct live live;

	(void)state;
	log.samples = &sample;
	log.n_samples = 1;
	assert_int_equal(live_view(&log, &live, &got), 0);
	assert_int_equal(got.use_bytes, 90);
	assert_int_equal(got.use_bp, 9000);
	assert_int_equal(got.headroom_bytes, 10);
	sample.wall_usec = 500; /* older than the rest */
	assert_int_equal(live_view(&log, &live, &got), 0);
	assert_int_equal(got.use_bytes, 50);
	sample.wall_usec = 2000;
	sample.limit_bytes = 77; /* of another level */
	assert_int_equal(live_view(&log, &live, &got), 0);
	assert_int_equal(got.use_bytes, 50);
}

static void what_is_odd_is_refused(void **state)
{
	const struct guard_view view = some_view();
	struct flight_log log = log_of(&view);
	struct guard_view got;
	struct live live;

	(void)state;
	log.live_size--;
	assert_int_equal(live_view(&log, &live, &got), -EBADMSG);
	log = log_of(&view);
	log.live[0] ^= 1;
	assert_int_equal(live_view(&log, &live, &got), -EBADMSG);
	log = log_of(&view);
	memcpy(&live, log.live, sizeof(live));
	live.n_levels = CONF_LEVELS_MAX + 1;
	memcpy(log.live, &live, sizeof(live));
	assert_int_equal(live_view(&log, &live, &got), -EBADMSG);
	log = (struct flight_log){ 0 };
	assert_int_equal(live_view(&log, &live, &got), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(the_newest_sample_counts),
		cmocka_unit_test(what_is_odd_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
