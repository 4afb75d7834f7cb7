/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What memory did lately. Pure: time comes in with each value.
 *
 * The value kept is the *fill*: minus the headroom, shifted to be positive. Headroom is the
 * smallest of all levels, so the fill is continuous when another level of the hierarchy becomes the
 * tightest one, which use and limit by themselves are not.
 *
 * Three rings of 64 buckets: 250 ms (16 s), 4 s (4 min), 64 s (68 min), each bucket with the lowest
 * and highest fill seen in it, and a ring of the last 64 samples for the speed of a burst.
 */
#ifndef OOMGUARD_TRIGGER_HISTORY_H
#define OOMGUARD_TRIGGER_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#define HISTORY_RINGS	3
#define HISTORY_BUCKETS 64
#define HISTORY_RAW	64

struct history_bucket {
	uint64_t number; /* time / width + 1; 0: empty */
	uint64_t low, high;
	uint64_t own_low; /* the same for the use of our own cgroup alone */
};

struct history_point {
	uint64_t time_usec, fill;
};

struct history {
	struct history_bucket ring[HISTORY_RINGS][HISTORY_BUCKETS];
	struct history_point raw[HISTORY_RAW];
	unsigned n_raw, next_raw;
	uint64_t first_usec; /* of the first sample; 0: none */
	uint64_t last_usec, last_fill;
	uint64_t peak; /* since the last real fall */
	uint64_t peak_usec;
	uint64_t tooth_usec; /* longest recent time between two real falls: the period of a sawtooth
			      */
	uint64_t fall_usec;  /* when the last real fall was seen; 0: never */
	uint64_t fall_bytes; /* what counts as a real fall */
};

/* fall_bytes: a drop from a peak by this much is the end of a tooth (a garbage collection). */
void history_reset(struct history *h, uint64_t fall_bytes);

/* Samples must not go back in time (such are ignored). */
void history_add(struct history *h, uint64_t time_usec, uint64_t fill, uint64_t own_use);

/*
 * Windows are counted in whole buckets of a ring, so that neighbours share none: window 0 is the
 * last `n` buckets, window 1 the n before, and so on. Lowest fill and lowest own use in it; false
 * when no sample fell into it or the history does not reach back to its begin.
 */
bool history_floor(const struct history *h, unsigned ring, unsigned n, unsigned window,
	uint64_t *ret_fill, uint64_t *ret_own);

/* Width of a bucket in microseconds. */
uint64_t history_width_usec(unsigned ring);

/* Highest fill seen before the last `ago` microseconds; false when nothing is known of that time.
 */
bool history_ceiling_before(const struct history *h, uint64_t ago_usec, uint64_t *ret_fill);

/* Rise of the fill over the last `window`, from its lowest point in it to now, and the time in
 * which most of it came; 0 when it fell. */
uint64_t history_burst(const struct history *h, uint64_t window_usec, uint64_t *ret_span_usec);

#endif
