/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stops and continues the application as trigger/brake.c decides. The freeze of a level is taken
 * over by its restart: a probe first, and where growth goes on the stop signal, in slices to the
 * end.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "guard.h"

/* A probe that has neither calmed down nor come to the end by then is let go: the levels watch on.
 */
#define PROBE_MAX_USEC (10 * USEC_PER_SEC)
/* Between two slices the stopped application waits this long: signals must arrive, the counters
 * settle. */
#define PAUSE_USEC UINT64_C(200)

static void stop_all(struct guard *g)
{
	struct braking *b = &g->braking;
	pid_t spare[ACTION_SPARE_MAX];
	unsigned n = guard_spare(g, spare);

	freeze_all(&b->freezer, g->self, g->keeper.child, g->as_init, spare, n);
	b->running = false;
}

static void continue_all(struct guard *g)
{
	freeze_thaw(&g->braking.freezer);
	g->braking.running = true;
	g->braking.slice_begun_usec = clock_now_usec();
}

static uint64_t burst_speed(const struct guard *g)
{
	const struct forecast *f = &g->watch.trigger.forecast;
	unsigned __int128 speed;

	if (!f->burst_bytes || !f->burst_eta_usec || f->burst_eta_usec == FORECAST_NEVER)
		return 0;
	speed = (unsigned __int128)g->watch.sample.headroom_bytes * USEC_PER_SEC /
		f->burst_eta_usec;
	return (uint64_t)MIN_OF(speed, (unsigned __int128)(64 * GIB));
}

static void take_hold(struct guard *g, unsigned level, enum hold hold)
{
	struct braking *b = &g->braking;
	const struct cgroup_sample *s = &g->watch.sample;
	const struct conf_amount *zone = &g->conf->levels[level].free;
	bool rush = g->watch.trigger.level[level].why & WHY_RUSH;
	const struct brake_start start = {
		.limit_bytes = s->limit_bytes,
		.headroom_bytes = s->headroom_bytes,
		.zone_bytes = zone->set ? trigger_free_bytes(zone, s->limit_bytes)
					: TRIGGER_FREE_MIN_BYTES,
		.lag_bytes = g->watch.cgroup.stat_lag_bytes,
		.speed_bytes_per_sec = burst_speed(g),
		.late_usec = g->watch.late_usec,
		.sure = g->watch.trigger.forecast.growing && !rush,
	};

	b->hold = hold;
	b->level = level;
	brake_begin(&b->brake, &start);
}

void brake_freeze(struct guard *g, unsigned level, uint64_t max_usec)
{
	struct braking *b = &g->braking;

	if (b->hold != HOLD_NONE)
		return;
	stop_all(g);
	take_hold(g, level, HOLD_FROZEN);
	b->until_usec = clock_now_usec() + max_usec;
	guard_set_timer(b->timer, max_usec);
}

void brake_release(struct guard *g)
{
	struct braking *b = &g->braking;

	if (b->hold == HOLD_NONE)
		return;
	event_del(b->timer);
	freeze_thaw(&b->freezer);
	b->hold = HOLD_NONE;
	b->pausing = b->waiting = false;
	b->running = true;
}

static void slice(struct guard *g)
{
	g->braking.pausing = false;
	guard_set_timer(g->braking.timer, g->braking.brake.slice_usec);
	continue_all(g);
}

static void slice_after_pause(struct guard *g)
{
	struct braking *b = &g->braking;

	if (!b->brake.pause_usec) {
		slice(g);
		return;
	}
	b->pausing = true;
	guard_set_timer(b->timer, b->brake.pause_usec);
}

static void end_probe(struct guard *g, bool calm)
{
	struct braking *b = &g->braking;
	const struct conf_level *level = &g->conf->levels[b->level];
	char text[GUARD_LINE_MAX];

	if (calm) {
		brake_release(g);
		trigger_rearm(&g->watch.trigger, b->level);
		watch_describe(g, text, sizeof(text));
		log_notice("%s level: growth has ended by itself at %s: no restart", level->name,
			text);
		lists_go_on(g);
		return;
	}
	/* The frozen application gets the stop signal; brake_ending() goes on in slices. */
	if (!life_restart(g, b->level)) {
		brake_release(g);
		lists_go_on(g);
	}
}

static void go_on(struct guard *g)
{
	struct braking *b = &g->braking;

	switch (brake_next(&b->brake, g->watch.sample.headroom_bytes)) {
	case BRAKE_SLICE:
		slice_after_pause(g);
		break;
	case BRAKE_WAIT:
		b->waiting = true;
		guard_set_timer(b->timer, b->brake.slice_usec);
		break;
	case BRAKE_RELEASE:
		end_probe(g, true);
		break;
	case BRAKE_RESTART:
		end_probe(g, false);
		break;
	case BRAKE_KILL:
		log_notice("memory came within %s of the limit while stopping: KILL",
			units_human_bytes(b->brake.floor_bytes).s);
		life_happen(g, EV_FLOOR); /* killed while stopped: it does not run once more */
		break;
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct guard *g = arg;
	struct braking *b = &g->braking;
	uint64_t now = clock_now_usec();

	(void)fd;
	(void)what;
	if (b->hold == HOLD_FROZEN || b->hold == HOLD_NONE) {
		brake_release(g);
		return;
	}
	if (b->running) {
		stop_all(g);
		guard_set_timer(b->timer, PAUSE_USEC);
		return;
	}
	if (b->waiting) {
		b->waiting = false;
		go_on(g);
		return;
	}
	if (b->pausing) {
		slice(g);
		return;
	}
	watch_refresh(g);
	brake_ran(&b->brake, g->watch.sample.headroom_bytes,
		now - b->slice_begun_usec > PAUSE_USEC ? now - b->slice_begun_usec - PAUSE_USEC
						       : 1);
	if (b->hold == HOLD_PROBE && now > b->until_usec)
		end_probe(g, true);
	else
		go_on(g);
}

bool brake_takes_restart(struct guard *g)
{
	struct braking *b = &g->braking;

	if (b->hold != HOLD_FROZEN)
		return false;
	b->hold = HOLD_PROBE;
	b->until_usec = clock_now_usec() + PROBE_MAX_USEC;
	watch_refresh(g);
	go_on(g);
	return true;
}

void brake_ending(struct guard *g)
{
	struct braking *b = &g->braking;

	if (b->hold == HOLD_NONE || b->hold == HOLD_STOPPING)
		return;
	event_del(b->timer);
	if (b->running)
		stop_all(g);
	b->hold = HOLD_STOPPING;
	brake_stop(&b->brake, life_grace(g));
	go_on(g);
}

void brake_while_stopping(struct guard *g, unsigned level)
{
	if (g->braking.hold != HOLD_NONE || g->keeper.life.state != LIFE_STOPPING)
		return;
	log_info("growth goes on while stopping: braked");
	stop_all(g);
	take_hold(g, level, HOLD_STOPPING);
	brake_stop(&g->braking.brake, life_grace(g));
	go_on(g);
}

int brake_setup(struct guard *g)
{
	struct braking *b = &g->braking;

	b->timer = event_new(g->base, -1, 0, on_timer, g);
	b->freezer.procfd = g->procfd;
	b->running = true;
	return b->timer ? 0 : -ENOMEM;
}
