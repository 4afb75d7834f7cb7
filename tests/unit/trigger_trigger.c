/* SPDX-License-Identifier: Apache-2.0 */
/* Whole curves through the default policy: what fires, at which fill, and what must not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/units.h"
#include "trigger/pace.h"
#include "trigger/trigger.h"

/* Share of the limit in use after `t` seconds. */
typedef double (*curve)(double t);

struct run {
	double fired_at[CONF_LEVELS_MAX]; /* share in use; 0: never */
	double fired_s[CONF_LEVELS_MAX];
	unsigned count[CONF_LEVELS_MAX];
};

static struct conf conf;
static struct trigger trigger;

static unsigned level_index(const char *name)
{
	for (unsigned i = 0; i < conf.n_levels; i++)
		if (!strcmp(conf.levels[i].name, name))
			return i;
	fail_msg("no level %s", name);
	return 0;
}

/* Looks at the pace that the guard would keep; ends when full. */
static struct run run_curve(curve use, double limit_mib, double seconds)
{
	uint64_t limit = (uint64_t)(limit_mib * (double)MIB);
	struct run run = { 0 };
	struct pace pace;
	uint64_t now = USEC_PER_SEC;

	conf_defaults(&conf);
	trigger_init(&trigger, &conf);
	pace_init(&pace, conf.guard.max_cpu_bp, 2);
	for (double t = 0; t < seconds;) {
		double share = use(t);
		uint64_t bytes = (uint64_t)(share * (double)limit);
		struct trigger_reading r = {
			.time_usec = now + (uint64_t)(t * 1e6),
			.use_bytes = bytes,
			.limit_bytes = limit,
			.headroom_bytes = bytes < limit ? limit - bytes : 0,
			.own_use_bytes = bytes,
			.detailed = true,
		};
		unsigned fired = trigger_update(&trigger, &r);

		for (unsigned i = 0; i < conf.n_levels; i++) {
			if (!(fired & (1u << i)))
				continue;
			run.count[i]++;
			if (run.count[i] > 1)
				continue;
			run.fired_at[i] = share;
			run.fired_s[i] = t;
		}
		if (share >= 1)
			break;
		pace_spent(&pace, r.time_usec, 8);
		t += (double)pace_next(&pace, r.headroom_bytes, share > 0.75) / 1e6;
	}
	return run;
}

static void assert_fires_between(const struct run *run, const char *level, double low, double high)
{
	double at = run->fired_at[level_index(level)];

	if (at < low || at > high)
		fail_msg("%s level fired at %.4f of the limit, not between %.4f and %.4f", level,
			at, low, high);
}

static void assert_silent(const struct run *run, const char *level)
{
	unsigned i = level_index(level);

	if (run->count[i])
		fail_msg("%s level fired at %.4f after %.2f s (%u times)", level, run->fired_at[i],
			run->fired_s[i], run->count[i]);
}

static void assert_no_harm(const struct run *run)
{
	assert_silent(run, "dump");
	assert_silent(run, "restart");
	assert_silent(run, "brink");
}

static double leak_slow(double t)
{
	return 0.3 + t * 0.01;
}
static double leak_3_mib_of_128(double t)
{
	return 0.1 + t * 3 / 128;
}
static double leak_20_mib_of_64(double t)
{
	return 0.15 + t * 20 / 64;
}
static double leak_day(double t)
{
	return 0.80 + t * 0.00001;
}
static double flat_out(double t)
{
	return t < 1 ? 0.5 : 0.5 + (t - 1) * 4;
}
static double plateau_fast(double t)
{
	return t < 0.5 ? t * 1.92 : 0.96;
}
static double plateau_2s(double t)
{
	return t < 2 ? t * 0.48 : 0.96;
}
static double plateau_99(double t)
{
	return t < 0.3 ? 0.9 + t * 0.3 : 0.99;
}
static double step_98(double t)
{
	return t < 20 ? 0.5 : t < 20.2 ? 0.5 + (t - 20) * 2.4 : 0.98;
}
static double sawtooth(double t)
{
	return 0.60 + fmod(t, 3.0) / 3 * 0.34;
}
static double sawtooth_slow(double t)
{
	return 0.40 + fmod(t, 20.0) / 20 * 0.46;
}
static double sawtooth_rising(double t)
{
	return 0.40 + fmod(t, 2.0) / 2 * 0.10 + t * 0.004;
}
static double noise(double t)
{
	return 0.955 + 0.01 * sin(t * 7) * sin(t * 1.3);
}
static double saturating(double t)
{
	return 0.94 * (1 - exp(-t / 3));
}
/* Every 200 s a minute's rise, to 91 % and 2 % more each time. */
static double excursions(double t)
{
	return fmod(t, 200) < 60 ? 0.2 + fmod(t, 200) / 60 * (0.71 + floor(t / 200) * 0.02) : 0.2;
}
static double same_excursions(double t)
{
	return fmod(t, 200) < 60 ? 0.2 + fmod(t, 200) / 60 * 0.74 : 0.2;
}

static void a_steady_leak_fires_the_levels_in_order(void **state)
{
	struct run run = run_curve(leak_3_mib_of_128, 128, 100);

	(void)state;
	assert_fires_between(&run, "warn", 0.75, 0.76);
	assert_fires_between(&run, "dump", 0.88, 0.89);
	assert_fires_between(&run, "restart", 0.95, 0.96);
	assert_fires_between(&run, "brink", 0.97, 0.98);
	assert_fires_between(&run, "emergency", 0.98, 0.995);
}

static void a_slow_leak_fires_where_it_should(void **state)
{
	struct run run = run_curve(leak_slow, 256, 100);

	(void)state;
	assert_fires_between(&run, "dump", 0.88, 0.89);
	assert_fires_between(&run, "restart", 0.95, 0.96);
}

static void a_leak_of_a_day_is_caught_at_the_brink(void **state)
{
	struct run run = run_curve(leak_day, 256, 20000);

	(void)state;
	assert_fires_between(&run, "dump", 0.88, 0.89);
	assert_fires_between(&run, "brink", 0.97, 0.98);
	assert_fires_between(&run, "emergency", 0.98, 0.995);
}

static void a_leak_that_could_be_a_start_waits_for_the_last_metres(void **state)
{
	struct run run = run_curve(leak_20_mib_of_64, 64, 10);

	(void)state;
	assert_fires_between(&run, "dump", 0.965, 0.99);
	assert_fires_between(&run, "emergency", 0.90, 0.99);
}

static void flat_out_allocation_is_an_emergency(void **state)
{
	struct run run = run_curve(flat_out, 256, 10);

	(void)state;
	assert_fires_between(&run, "emergency", 0.90, 0.96);
	assert_silent(&run, "dump");
}

static void a_plateau_is_no_danger(void **state)
{
	struct run fast = run_curve(plateau_fast, 128, 700);
	struct run slow = run_curve(plateau_2s, 128, 700);
	struct run high = run_curve(plateau_99, 512, 700);

	(void)state;
	assert_no_harm(&fast);
	assert_no_harm(&slow);
	assert_silent(&slow, "emergency");
	assert_no_harm(&high);
}

static void a_single_step_is_no_danger(void **state)
{
	struct run run = run_curve(step_98, 256, 600);

	(void)state;
	assert_no_harm(&run);
}

static void a_flat_sawtooth_is_no_danger(void **state)
{
	struct run fast = run_curve(sawtooth, 128, 600);
	struct run slow = run_curve(sawtooth_slow, 128, 600);

	(void)state;
	assert_no_harm(&fast);
	assert_silent(&fast, "emergency");
	assert_no_harm(&slow);
	assert_silent(&slow, "emergency");
}

static void a_sawtooth_with_a_rising_floor_is_dumped(void **state)
{
	struct run run = run_curve(sawtooth_rising, 128, 600);

	(void)state;
	assert_fires_between(&run, "dump", 0.88, 0.97);
}

static void noise_on_a_plateau_is_no_danger(void **state)
{
	struct run run = run_curve(noise, 128, 700);

	(void)state;
	assert_no_harm(&run);
	assert_silent(&run, "emergency");
}

static void a_start_that_slows_down_is_no_danger(void **state)
{
	struct run run = run_curve(saturating, 256, 700);

	(void)state;
	assert_silent(&run, "restart");
	assert_silent(&run, "brink");
	assert_silent(&run, "emergency");
}

static void one_excursion_fires_once_and_a_real_fall_arms_again(void **state)
{
	struct run higher = run_curve(excursions, 256, 700);
	struct run same = run_curve(same_excursions, 256, 1000);

	(void)state;
	assert_int_equal(higher.count[level_index("dump")], 4);
	/* no new high-water mark: the dump of the first one shows it all */
	assert_int_equal(same.count[level_index("dump")], 1);
}

static void an_upper_bound_fires_nothing(void **state)
{
	struct trigger_reading r = {
		.time_usec = 1, .use_bytes = 80, .limit_bytes = 100, .headroom_bytes = 20
	};

	(void)state;
	conf_defaults(&conf);
	trigger_init(&trigger, &conf);
	for (unsigned i = 0; i < 10; i++, r.time_usec += USEC_PER_SEC)
		assert_int_equal(trigger_update(&trigger, &r), 0);
	r.detailed = true;
	for (unsigned i = 0; i < 2; i++, r.time_usec += USEC_PER_SEC)
		assert_int_equal(trigger_update(&trigger, &r), 0);
	assert_int_equal(trigger_update(&trigger, &r), 1u << level_index("warn"));
}

static void what_a_life_has_survived_is_no_danger(void **state)
{
	struct trigger_reading r = { .time_usec = 1, .limit_bytes = 100 * MIB, .detailed = true };

	(void)state;
	conf_defaults(&conf);
	trigger_init(&trigger, &conf);
	trigger.safe_bytes = 97 * MIB;
	for (unsigned i = 0; i < 280; i++, r.time_usec += 100 * USEC_PER_MSEC) {
		unsigned fired;

		r.use_bytes = 70 * MIB + i * 100 * KIB;
		r.headroom_bytes = r.limit_bytes - r.use_bytes;
		fired = trigger_update(&trigger, &r);
		if (r.use_bytes <= trigger.safe_bytes)
			assert_int_equal(fired & ~(1u << level_index("warn")) &
						 ~(1u << level_index("profile")),
				0);
	}
	assert_true(trigger.level[level_index("brink")].fired);
}

static void free_is_kept_within_its_bounds(void **state)
{
	const struct conf_amount one_percent = { .set = true, .is_share = true, .share_bp = 100 };
	const struct conf_amount fixed = { .set = true, .bytes = 5 };

	(void)state;
	assert_int_equal(trigger_free_bytes(&one_percent, 64 * MIB), 2 * MIB);
	assert_int_equal(trigger_free_bytes(&one_percent, 1024 * MIB), units_of_share(GIB, 100));
	assert_int_equal(trigger_free_bytes(&one_percent, 256 * GIB), 256 * MIB);
	assert_int_equal(trigger_free_bytes(&fixed, 64 * MIB), 5);
}

static void a_resize_starts_the_history_anew(void **state)
{
	struct trigger_reading r = { .time_usec = 1,
		.use_bytes = 90 * MIB,
		.limit_bytes = 100 * MIB,
		.headroom_bytes = 10 * MIB,
		.detailed = true };

	(void)state;
	conf_defaults(&conf);
	trigger_init(&trigger, &conf);
	for (unsigned i = 0; i < 60; i++, r.time_usec += 100 * USEC_PER_MSEC) {
		r.headroom_bytes -= 64 * KIB;
		r.use_bytes += 64 * KIB;
		trigger_update(&trigger, &r);
	}
	assert_true(trigger.forecast.growing);
	r.limit_bytes *= 2;
	r.headroom_bytes += 100 * MIB;
	r.resized = true;
	trigger_update(&trigger, &r);
	assert_false(trigger.forecast.growing);
}

/* Levels of the same name keep their state, wherever the new settings have them. */
static void new_settings_keep_what_has_fired(void **state)
{
	static struct conf next;
	unsigned warn, dump;

	(void)state;
	conf_defaults(&conf);
	trigger_init(&trigger, &conf);
	warn = level_index("warn");
	dump = level_index("dump");
	trigger.level[warn] = (struct trigger_level){ .fired = true, .fired_usec = 5 };
	trigger.level[dump] = (struct trigger_level){ .held = 2 };
	trigger.history.last_fill = 7;
	next = conf;
	next.levels[0] = conf.levels[dump];
	next.levels[1] = conf.levels[warn];
	next.levels[2] = conf.levels[warn];
	strcpy(next.levels[2].name, "new");
	next.n_levels = 3;
	trigger_reload(&trigger, &next);
	assert_ptr_equal(trigger.conf, &next);
	assert_int_equal(trigger.level[0].held, 2);
	assert_false(trigger.level[0].fired);
	assert_true(trigger.level[1].fired);
	assert_int_equal(trigger.level[1].fired_usec, 5);
	assert_false(trigger.level[2].fired);
	for (unsigned i = 3; i < CONF_LEVELS_MAX; i++)
		assert_int_equal(trigger.level[i].fired_usec, 0);
	assert_int_equal(trigger.history.last_fill, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_leak_fires_the_levels_in_order),
		cmocka_unit_test(a_slow_leak_fires_where_it_should),
		cmocka_unit_test(a_leak_of_a_day_is_caught_at_the_brink),
		cmocka_unit_test(a_leak_that_could_be_a_start_waits_for_the_last_metres),
		cmocka_unit_test(flat_out_allocation_is_an_emergency),
		cmocka_unit_test(a_plateau_is_no_danger),
		cmocka_unit_test(a_single_step_is_no_danger),
		cmocka_unit_test(a_flat_sawtooth_is_no_danger),
		cmocka_unit_test(a_sawtooth_with_a_rising_floor_is_dumped),
		cmocka_unit_test(noise_on_a_plateau_is_no_danger),
		cmocka_unit_test(a_start_that_slows_down_is_no_danger),
		cmocka_unit_test(one_excursion_fires_once_and_a_real_fall_arms_again),
		cmocka_unit_test(an_upper_bound_fires_nothing),
		cmocka_unit_test(what_a_life_has_survived_is_no_danger),
		cmocka_unit_test(free_is_kept_within_its_bounds),
		cmocka_unit_test(a_resize_starts_the_history_anew),
		cmocka_unit_test(new_settings_keep_what_has_fired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
