/* SPDX-License-Identifier: Apache-2.0 */
#include "child/restart.h"

#include <stddef.h>

/* Where a cell leads. STAY is 0, so that a cell which is not in the table does nothing. */
enum way {
	STAY = 0,
	TO_STATE,     /* .state */
	TO_STOP,      /* pre-stop where there is one, else stopping */
	TO_END,	      /* all is gone: back-off or over */
	TO_END_OR_GO, /* the sweep's timer: over, or one more sweep before a new start */
};

enum { OURS = 1, OUTSIDE = 2, AT_FLOOR = 4, FRESH = 8 };

struct cell {
	enum way way;
	enum life_state state;
	unsigned effects;
	unsigned sets; /* flags */
};

/* clang-format off */
#define GO(s, ...) { .way = TO_STATE, .state = LIFE_##s, __VA_ARGS__ }

static const struct cell cells[LIFE_STATES][LIFE_EVENTS] = {
	[LIFE_RUNNING] = {
		[EV_RESTART]       = { .way = TO_STOP, .sets = OURS },
		[EV_STOP_SIGNAL]   = GO(RUNNING, .effects = DO_FORWARD, .sets = OUTSIDE),
		[EV_CHILD_EXIT]    = GO(LEFTOVERS, .effects = DO_TERM_LEFTOVERS),
	},
	[LIFE_PRE_STOP] = {
		[EV_STOP_SIGNAL]   = GO(STOPPING, .effects = DO_FORWARD, .sets = OUTSIDE),
		[EV_PRE_STOP_DONE] = GO(STOPPING, .effects = DO_STOP_SIGNAL),
		[EV_TIMER]         = GO(STOPPING, .effects = DO_STOP_SIGNAL),
		[EV_FLOOR]         = GO(KILLING, .effects = DO_KILL, .sets = AT_FLOOR),
		[EV_CHILD_EXIT]    = GO(LEFTOVERS, .effects = DO_TERM_LEFTOVERS),
	},
	[LIFE_STOPPING] = {
		[EV_STOP_SIGNAL]   = GO(STOPPING, .effects = DO_FORWARD, .sets = OUTSIDE),
		[EV_TIMER]         = GO(KILLING, .effects = DO_KILL),
		[EV_FLOOR]         = GO(KILLING, .effects = DO_KILL, .sets = AT_FLOOR),
		[EV_CHILD_EXIT]    = GO(LEFTOVERS, .effects = DO_TERM_LEFTOVERS),
	},
	[LIFE_KILLING] = {
		[EV_STOP_SIGNAL]   = GO(KILLING, .effects = DO_FORWARD, .sets = OUTSIDE),
		[EV_TIMER]         = GO(KILLING, .effects = DO_KILL),
		[EV_CHILD_EXIT]    = GO(SWEEPING, .effects = DO_KILL_LEFTOVERS),
		[EV_ALL_GONE]      = { .way = TO_END },
	},
	[LIFE_LEFTOVERS] = {
		[EV_STOP_SIGNAL]   = GO(LEFTOVERS, .effects = DO_FORWARD, .sets = OUTSIDE),
		[EV_TIMER]         = GO(SWEEPING, .effects = DO_KILL_LEFTOVERS),
		[EV_FLOOR]         = GO(SWEEPING, .effects = DO_KILL_LEFTOVERS),
		[EV_ALL_GONE]      = { .way = TO_END },
	},
	[LIFE_SWEEPING] = {
		[EV_STOP_SIGNAL]   = GO(SWEEPING, .effects = DO_FORWARD, .sets = OUTSIDE),
		[EV_TIMER]         = { .way = TO_END_OR_GO },
		[EV_ALL_GONE]      = { .way = TO_END },
	},
	[LIFE_BACKOFF] = {
		[EV_STOP_SIGNAL]   = GO(OVER, .effects = DO_EXIT_CHILD, .sets = OUTSIDE),
		[EV_TIMER]         = GO(RUNNING, .effects = DO_START, .sets = FRESH),
	},
	[LIFE_OVER] = { { .way = STAY } },
};
/* clang-format on */

static bool starts_again(const struct life *l)
{
	return l->ours && l->in_place && !l->outside;
}

static unsigned end_life(struct life *l)
{
	if (starts_again(l)) {
		l->state = LIFE_BACKOFF;
		return DO_BACKOFF;
	}
	l->state = LIFE_OVER;
	return l->ours && (!l->outside || l->at_floor) ? DO_EXIT_OURS : DO_EXIT_CHILD;
}

static void set_flags(struct life *l, unsigned sets)
{
	if (sets & OURS)
		l->ours = true;
	if (sets & OUTSIDE)
		l->outside = true;
	if (sets & AT_FLOOR)
		l->at_floor = true;
	if (sets & FRESH)
		l->ours = l->at_floor = false;
}

unsigned life_step(struct life *l, enum life_event ev)
{
	const struct cell *c = &cells[l->state][ev];

	set_flags(l, c->sets);
	switch (c->way) {
	case STAY:
		return DO_NOTHING;
	case TO_STATE:
		l->state = c->state;
		return c->effects;
	case TO_STOP:
		l->state = l->has_pre_stop ? LIFE_PRE_STOP : LIFE_STOPPING;
		return l->has_pre_stop ? DO_PRE_STOP : DO_STOP_SIGNAL;
	case TO_END_OR_GO:
		return starts_again(l) ? DO_KILL_LEFTOVERS : end_life(l);
	case TO_END:
		break;
	}
	return end_life(l);
}

const char *life_state_name(enum life_state s)
{
	static const char *const names[LIFE_STATES] = {
		[LIFE_RUNNING] = "running",
		[LIFE_PRE_STOP] = "pre-stop",
		[LIFE_STOPPING] = "stopping",
		[LIFE_KILLING] = "killing",
		[LIFE_LEFTOVERS] = "leftovers",
		[LIFE_SWEEPING] = "sweeping",
		[LIFE_BACKOFF] = "back-off",
		[LIFE_OVER] = "over",
	};

	return s < LIFE_STATES ? names[s] : "?";
}

const char *life_event_name(enum life_event e)
{
	static const char *const names[LIFE_EVENTS] = {
		[EV_RESTART] = "restart",
		[EV_STOP_SIGNAL] = "stop signal",
		[EV_PRE_STOP_DONE] = "pre-stop done",
		[EV_TIMER] = "timer",
		[EV_FLOOR] = "floor",
		[EV_CHILD_EXIT] = "child exit",
		[EV_ALL_GONE] = "all gone",
	};

	return e < LIFE_EVENTS ? names[e] : "?";
}
