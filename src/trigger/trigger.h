/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it time to act? Pure: a reading comes in, the levels that fire come out. The same code runs in
 * the guard and in `oomguard replay`.
 */
#ifndef OOMGUARD_TRIGGER_TRIGGER_H
#define OOMGUARD_TRIGGER_TRIGGER_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "trigger/forecast.h"
#include "trigger/history.h"

/* The `free` condition of a level is kept within these, whatever its share of the limit is. */
#define TRIGGER_FREE_MIN_BYTES (UINT64_C(2) << 20)
#define TRIGGER_FREE_MAX_BYTES (UINT64_C(256) << 20)

/* The emergency level also fires when a burst would reach the limit within this time ... */
#define TRIGGER_RUSH_USEC (50 * UINT64_C(1000))
/* ... once this much is in use. */
#define TRIGGER_RUSH_FROM_BP 9000u

/*
 * During guard.start-grace growth is a start until this much is in use: a heap being mapped and a
 * cache being loaded look just like a leak while they last. Restarts are the emergency's alone
 * then.
 */
#define TRIGGER_START_FROM_BP 9650u

struct trigger_reading {
	uint64_t time_usec;
	uint64_t use_bytes, limit_bytes, headroom_bytes; /* of the level that binds */
	uint64_t own_use_bytes;
	uint64_t lag_bytes; /* how far the kernel's counters may lag behind */
	bool detailed;	    /* false: use is an upper bound, nothing fires on it */
	bool resized; /* a limit has changed since the last reading: the history starts anew */
};

/* Which conditions of a level held; bits of trigger_level.why. */
enum trigger_why {
	WHY_AT = 1 << 0,
	WHY_FREE = 1 << 1,
	WHY_ETA = 1 << 2,
	WHY_GROWING = 1 << 3,
	WHY_RUSH = 1 << 4, /* the emergency by speed */
};

struct trigger_level {
	bool fired;		  /* and not yet armed again */
	uint32_t held;		  /* samples in a row on which all conditions held */
	uint64_t fired_usec;	  /* last time */
	uint64_t calm_since_usec; /* below the re-arming line since; 0: not */
	unsigned why;		  /* when it fired */
};

struct trigger {
	const struct conf *conf;
	struct history history;
	struct forecast forecast;
	struct trigger_level level[CONF_LEVELS_MAX];
	uint64_t born_usec;  /* first reading of this life; 0: none yet */
	uint64_t safe_bytes; /* use that a life before survived: growth up to it is no danger */
};

void trigger_init(struct trigger *t, const struct conf *conf);

/*
 * Takes a reading in and returns the levels that fire on it as bits of their index, in the order of
 * the configuration.
 */
unsigned trigger_update(struct trigger *t, const struct trigger_reading *r);

/* Evaluates one level without changing anything: which of its conditions hold. */
unsigned trigger_conditions(const struct trigger *t, const struct conf_level *level,
	const struct trigger_reading *r, bool *ret_all);

/* New settings: levels of the same name keep their state, the history goes on. `conf` lives as long
 * as t or until the next call. */
void trigger_reload(struct trigger *t, const struct conf *conf);

/* After an in-place restart: a new program, a new curve; levels are armed, cooldowns stay. */
void trigger_new_life(struct trigger *t);

/* The danger was none (a burst that ended by itself): the level may fire again at once. */
void trigger_rearm(struct trigger *t, unsigned index);

/* True for the level that may act by speed and within the start-up time: the one with `free`. */
bool trigger_is_emergency(const struct conf_level *level);

/* Bytes in use from which the `at` condition holds. */
uint64_t trigger_at_bytes(const struct conf_amount *at, uint64_t limit_bytes);

/* Bytes that must be free for the `free` condition to hold not. */
uint64_t trigger_free_bytes(const struct conf_amount *free_amount, uint64_t limit_bytes);

/* "at", "growing" ... as JSON-ready words into out: "at 88%, growing". */
void trigger_print_why(unsigned why, char *out, unsigned size);

#endif
