/* SPDX-License-Identifier: Apache-2.0 */
#include "trigger/trigger.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"

/* A drop by this share of the limit is the end of a tooth. */
#define FALL_BP 300u
/* Rises by less than this share of the limit (and 64 KiB) are noise: 64 KiB of 128 MiB. */
#define NOISE_BP	5u
#define NOISE_MIN_BYTES (64 * KIB)
/* Fills are "minus the headroom", shifted to be positive. */
#define FILL_ZERO (UINT64_C(1) << 62)

void trigger_init(struct trigger *t, const struct conf *conf)
{
	memset(t, 0, sizeof(*t));
	t->conf = conf;
	t->forecast.eta_usec = FORECAST_NEVER;
	t->forecast.burst_eta_usec = FORECAST_NEVER;
}

void trigger_reload(struct trigger *t, const struct conf *conf)
{
	struct trigger_level was[CONF_LEVELS_MAX];

	memcpy(was, t->level, sizeof(was));
	memset(t->level, 0, sizeof(t->level));
	for (unsigned i = 0; i < conf->n_levels; i++) {
		const struct conf_level *old = conf_find_level(t->conf, conf->levels[i].name);

		if (old)
			t->level[i] = was[old - t->conf->levels];
	}
	t->conf = conf;
}

void trigger_new_life(struct trigger *t)
{
	t->born_usec = 0;
	history_reset(&t->history, t->history.fall_bytes);
	for (unsigned i = 0; i < CONF_LEVELS_MAX; i++)
		t->level[i] = (struct trigger_level){ .fired_usec = t->level[i].fired_usec };
}

void trigger_rearm(struct trigger *t, unsigned index)
{
	t->level[index] = (struct trigger_level){ .fired_usec = t->level[index].fired_usec };
}

bool trigger_is_emergency(const struct conf_level *level)
{
	return level->free.set;
}

uint64_t trigger_free_bytes(const struct conf_amount *amount, uint64_t limit_bytes)
{
	uint64_t bytes;

	if (!amount->is_share)
		return amount->bytes;
	bytes = units_of_share(limit_bytes, amount->share_bp);
	return MIN_OF(MAX_OF(bytes, TRIGGER_FREE_MIN_BYTES), TRIGGER_FREE_MAX_BYTES);
}

uint64_t trigger_at_bytes(const struct conf_amount *at, uint64_t limit_bytes)
{
	return at->is_share ? units_of_share(limit_bytes, at->share_bp) : at->bytes;
}

/*
 * On the last metres there is no time to watch for two seconds: a burst that ate a quarter of what
 * is left within 200 ms is growth there. Where it stops by itself, the brake lets go again.
 */
static bool grows_at_the_end(const struct trigger *t, const struct trigger_reading *r)
{
	return t->forecast.burst_bytes && t->forecast.burst_bytes >= r->headroom_bytes / 4;
}

/* Flat-out allocation: time to the limit under 50 ms, and a burst as large as what is left. */
static bool is_rush(const struct trigger *t, const struct trigger_reading *r)
{
	return units_share_bp(r->use_bytes, r->limit_bytes) >= TRIGGER_RUSH_FROM_BP &&
	       t->forecast.burst_eta_usec < TRIGGER_RUSH_USEC &&
	       t->forecast.burst_bytes >= r->headroom_bytes;
}

/* A level that an earlier life has lived through is no danger, however it is reached. */
static bool is_known_to_be_safe(const struct trigger *t, const struct trigger_reading *r)
{
	return r->use_bytes <= t->safe_bytes;
}

static bool is_just_a_start(const struct trigger *t, const struct trigger_reading *r)
{
	return r->time_usec - t->born_usec < t->conf->guard.start_grace_usec &&
	       units_share_bp(r->use_bytes, r->limit_bytes) < TRIGGER_START_FROM_BP;
}

unsigned trigger_conditions(const struct trigger *t, const struct conf_level *level,
	const struct trigger_reading *r, bool *ret_all)
{
	unsigned asked = 0, held = 0;
	bool harmless = is_just_a_start(t, r) || is_known_to_be_safe(t, r);
	bool growing = t->forecast.growing && !harmless;

	if (level->at.set) {
		asked |= WHY_AT;
		if (r->use_bytes >= trigger_at_bytes(&level->at, r->limit_bytes))
			held |= WHY_AT;
	}
	if (level->free.set) {
		asked |= WHY_FREE;
		if (r->headroom_bytes <= trigger_free_bytes(&level->free, r->limit_bytes))
			held |= WHY_FREE;
		growing = growing || (grows_at_the_end(t, r) && !is_known_to_be_safe(t, r));
	}
	if (level->eta_usec) {
		asked |= WHY_ETA;
		if (!harmless && t->forecast.eta_usec <= level->eta_usec &&
			units_share_bp(r->use_bytes, r->limit_bytes) >= t->conf->guard.eta_above_bp)
			held |= WHY_ETA;
	}
	if (level->growing) {
		asked |= WHY_GROWING;
		if (growing)
			held |= WHY_GROWING;
	}
	if (level->free.set && level->growing && is_rush(t, r)) {
		*ret_all = true;
		return held | WHY_RUSH;
	}
	*ret_all = asked && asked == held;
	return held;
}

/* The line below which a level is on its way to be armed again. */
static bool is_calm(const struct conf_level *level, const struct trigger_reading *r)
{
	uint64_t margin = units_of_share(r->limit_bytes, level->rearm_bp);
	uint64_t line;

	if (level->at.set) {
		line = trigger_at_bytes(&level->at, r->limit_bytes);
		return r->use_bytes + margin < line;
	}
	if (level->free.set) {
		line = trigger_free_bytes(&level->free, r->limit_bytes);
		return r->headroom_bytes > line + margin;
	}
	line = units_of_share(r->limit_bytes, BP_WHOLE - level->rearm_bp);
	return r->use_bytes < line;
}

static void level_rearm(
	struct trigger_level *st, const struct conf_level *level, const struct trigger_reading *r)
{
	if (!is_calm(level, r)) {
		st->calm_since_usec = 0;
		return;
	}
	if (!st->calm_since_usec)
		st->calm_since_usec = r->time_usec;
	if (r->time_usec - st->calm_since_usec >= level->rearm_after_usec) {
		st->fired = false;
		st->calm_since_usec = 0;
	}
}

static bool level_update(struct trigger *t, unsigned index, const struct trigger_reading *r)
{
	const struct conf_level *level = &t->conf->levels[index];
	struct trigger_level *st = &t->level[index];
	unsigned why;
	bool all;

	if (!level->present || !level->n_actions)
		return false;
	if (st->fired) {
		level_rearm(st, level, r);
		return false;
	}
	why = trigger_conditions(t, level, r, &all);
	st->held = all ? st->held + 1 : 0;
	/* A rush was measured over several samples already, and has no time for more. */
	if (!all || (st->held < level->hold && !(why & WHY_RUSH)))
		return false;
	if (st->fired_usec && level->cooldown_usec &&
		r->time_usec - st->fired_usec < level->cooldown_usec)
		return false;
	*st = (struct trigger_level){ .fired = true, .fired_usec = r->time_usec, .why = why };
	return true;
}

unsigned trigger_update(struct trigger *t, const struct trigger_reading *r)
{
	uint64_t noise = MAX_OF(units_of_share(r->limit_bytes, NOISE_BP), NOISE_MIN_BYTES);
	unsigned fired = 0;

	if (!t->born_usec)
		t->born_usec = r->time_usec;
	if (!r->detailed)
		return 0;
	if (r->resized || !t->history.fall_bytes)
		history_reset(&t->history, units_of_share(r->limit_bytes, FALL_BP));
	history_add(&t->history, r->time_usec, FILL_ZERO - r->headroom_bytes, r->own_use_bytes);
	forecast_make(
		&t->history, r->headroom_bytes, MAX_OF(noise, r->lag_bytes / 2), &t->forecast);
	for (unsigned i = 0; i < t->conf->n_levels; i++)
		if (level_update(t, i, r))
			fired |= 1u << i;
	return fired;
}

void trigger_print_why(unsigned why, char *out, unsigned size)
{
	static const char *const word[] = { "at", "free", "eta", "growing", "rush" };
	struct buf b = { .data = out, .size = size };

	buf_reset(&b);
	for (unsigned i = 0; i < ARRAY_LEN(word); i++)
		if (why & (1u << i))
			buf_printf(&b, "%s%s", b.len ? ", " : "", word[i]);
}
