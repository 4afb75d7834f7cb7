/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does memory leak? Pure: time comes in with each value.
 *
 * The retained-floor test, over windows of 1, 6 and 24 hours, each kept as 72 buckets with the
 * lowest use seen in them. The retained floor at a moment is the lowest use from then to now: what
 * was never given back. A leak is a retained floor that has risen by enough, part after part of the
 * window without slowing down, above all that was kept in the two days (a week, for 24 h) before,
 * and that would reach the limit within a few windows. A warm-up slows down, a step and a ramp that
 * has ended leave parts without growth, teeth of a garbage collector do not lift the floor, a daily
 * season has been there yesterday.
 *
 * Suspected: one window says so. Confirmed: it goes on saying so, the growth is even, and the floor
 * has gone on rising since.
 *
 * In the first hours a growing program is a starting program, whatever the curve looks like: until
 * most of six hours has been seen the test speaks only close to the limit, and confirms nothing.
 */
#ifndef OOMGUARD_REPORT_LEAKTEST_H
#define OOMGUARD_REPORT_LEAKTEST_H

#include <stdbool.h>
#include <stdint.h>

#define LEAKTEST_WINDOWS 3
#define LEAKTEST_BUCKETS 72
#define LEAKTEST_PARTS	 6 /* of a window; 12 buckets each */
#define LEAKTEST_BLOCKS	 288

enum leak { LEAK_NONE, LEAK_SUSPECTED, LEAK_CONFIRMED };

/* What the newest evaluation of one window saw. */
struct leaktest_view {
	bool known; /* enough of the window has been seen */
	enum leak leak;
	uint64_t growth_bytes; /* of the retained floor, 0 when it did not grow */
	uint64_t noise_bytes;  /* 1.4826 x median step from bucket to bucket */
	uint64_t slope_bytes_per_s;
	uint64_t to_limit_s;	/* at that slope; UINT64_MAX: never */
	unsigned growing_parts; /* bits: bit 0 is the oldest of LEAKTEST_PARTS */
	unsigned pace_pct;	/* newer parts against the older: 100 is even, 50 slows down */
	uint64_t floor_bytes;	/* lowest use of the last part */
};

struct leaktest_window {
	uint64_t low[LEAKTEST_BUCKETS];	 /* UINT64_MAX: no sample fell into it */
	uint64_t newest;		 /* number (time / width) of the bucket being filled */
	unsigned n;			 /* buckets begun, at most all */
	uint64_t block[LEAKTEST_BLOCKS]; /* lowest use of each part-long block of the time before */
	unsigned n_blocks, next_block;
	unsigned held;	      /* evaluations in a row that were suspect ... */
	unsigned even;	      /* ... and with even growth */
	uint64_t held_floor;  /* the floor when the first of them was */
	unsigned unconfirmed; /* evaluations since it was confirmed last, plus 1; 0: it was not */
	struct leaktest_view view;
};

struct leaktest {
	struct leaktest_window window[LEAKTEST_WINDOWS];
	uint64_t born_usec, last_usec; /* first and newest sample */
	bool begun;
	uint64_t limit_bytes;
};

/* Seconds of a window. */
uint64_t leaktest_window_s(unsigned window);

void leaktest_init(struct leaktest *t);

/*
 * Takes a sample in. Samples must not go back in time (such are ignored). Returns the windows whose
 * bucket was completed by it, as bits: these have been evaluated anew.
 */
unsigned leaktest_add(
	struct leaktest *t, uint64_t time_usec, uint64_t use_bytes, uint64_t limit_bytes);

/* No more samples come: evaluates every window with what its unfinished bucket holds. */
void leaktest_finish(struct leaktest *t);

/* The worst of the windows; ret_window (may be NULL) is the window that says so. */
enum leak leaktest_verdict(const struct leaktest *t, unsigned *ret_window);

const char *leak_name(enum leak leak);

#endif
