/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the application as a state x event table. Pure: effects are carried out by life.c.
 */
#ifndef OOMGUARD_CHILD_RESTART_H
#define OOMGUARD_CHILD_RESTART_H

#include <stdbool.h>
#include <stdint.h>

enum life_state {
	LIFE_RUNNING,
	LIFE_PRE_STOP,	/* the pre-stop command runs */
	LIFE_STOPPING,	/* stop signal sent, grace time runs */
	LIFE_KILLING,	/* SIGKILL sent, waiting for the end */
	LIFE_LEFTOVERS, /* the child has ended, what it left gets TERM and time */
	LIFE_SWEEPING,	/* SIGKILL for the leftovers */
	LIFE_BACKOFF,	/* in-place: waiting before the next start */
	LIFE_OVER,	/* exit now */
	LIFE_STATES,
};

enum life_event {
	EV_RESTART,	  /* a level (or the user) asked for a guarded restart */
	EV_STOP_SIGNAL,	  /* a signal that asks us to end came from outside: TERM, INT ... */
	EV_PRE_STOP_DONE, /* ended, failed or timed out */
	EV_TIMER,	  /* the timer of this state ran out */
	EV_FLOOR,	  /* memory is within the floor of the limit: kill at once */
	EV_CHILD_EXIT,	  /* the main child was reaped */
	EV_ALL_GONE,	  /* nothing of the application is left */
	LIFE_EVENTS,
};

/* Effects, carried out in this order by life.c. */
enum life_effect {
	DO_NOTHING = 0,
	DO_PRE_STOP = 1 << 0,	    /* run the pre-stop command, timer = grace */
	DO_STOP_SIGNAL = 1 << 1,    /* restart.signal, thaw if frozen, timer = grace */
	DO_KILL = 1 << 2,	    /* SIGKILL to all of it, timer = short re-check */
	DO_TERM_LEFTOVERS = 1 << 3, /* TERM (and CONT) to what is left, timer = child.leftovers */
	DO_KILL_LEFTOVERS = 1 << 4, /* SIGKILL to what is left, timer = short re-check */
	DO_FORWARD = 1 << 5,	    /* forward the signal that came */
	DO_START = 1 << 6,	    /* start the application again */
	DO_BACKOFF = 1 << 7,	    /* timer = back-off + jitter */
	DO_EXIT_OURS = 1 << 8,	    /* exit status 75 */
	DO_EXIT_CHILD = 1 << 9,	    /* exit status of the application */
};

struct life {
	enum life_state state;
	bool ours;    /* the end was asked for by us (guarded restart) */
	bool outside; /* a stop signal came from outside: no new start, the child's status counts */
	bool in_place; /* restart.mode = in-place */
	bool has_pre_stop;
	bool at_floor; /* we killed because memory came within the floor of the limit */
};

/*
 * The cell. Updates l->state and flags and returns the effects.
 * - A guarded restart: pre-stop (if any), stop signal, grace, SIGKILL; EV_FLOOR kills at once.
 * - The timer of PRE_STOP goes on when a stop signal from outside ends that state early: no second
 *   signal is sent, because many programs take the second one for "now".
 * - EV_STOP_SIGNAL forwards the signal in every state in which something may still be there to get
 *   it, forbids a new start, and leaves the exit status to the application, unless we killed it at
 *   the floor. While nothing runs (BACKOFF) it ends everything at once: DO_EXIT_CHILD, which is the
 *   status of the last child.
 * - An application that ends by itself is never started again.
 * - SWEEPING ends with its first timer when we are going to exit: what SIGKILL cannot end (state D)
 *   cannot be waited for. A new start waits until all is gone.
 */
unsigned life_step(struct life *l, enum life_event ev);

const char *life_state_name(enum life_state s);
const char *life_event_name(enum life_event e);

#endif
