/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of one life's curve, however short, in constant space: it is cut into at most 48 equal
 * cells with the lowest and highest use of each; when they are full, pairs are merged. Pure.
 *
 * The leak test (leaktest.h) needs hours. A life that ends after seconds or minutes shows less: a
 * floor that rose evenly from the begin to the end, a jump out of a quiet base, or a base that was
 * high all the time. One such life is a hint, the same in the next one is more.
 */
#ifndef OOMGUARD_REPORT_SHAPE_H
#define OOMGUARD_REPORT_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#define SHAPE_CELLS 48

struct shape {
	uint64_t first_usec, last_usec, width_usec;
	uint64_t low[SHAPE_CELLS], high[SHAPE_CELLS]; /* low UINT64_MAX: no sample fell into it */
	uint64_t samples, last_use_bytes, peak_bytes;
};

struct shape_view {
	bool known; /* enough of it has been seen; else all below is 0 */
	/* The lowest use from a moment on rose in (nearly) each part of the life, as fast at the
	 * end as at the begin: by that, and so much altogether. */
	bool steady;
	uint64_t slope_bytes_per_s, growth_bytes;
	uint64_t floor_bytes;	    /* never below it in the second half */
	uint32_t rise_bp;	    /* of the limit, in the last part of the life or minute */
	uint32_t rise_times;	    /* against the most that it moved in so long before */
	uint32_t rise_s;	    /* that part */
	uint32_t median_bp, p90_bp; /* of the limit, without that part */
};

void shape_init(struct shape *s);
/* Hot path; what goes back in time is ignored. */
void shape_add(struct shape *s, uint64_t time_usec, uint64_t use_bytes);
void shape_tell(const struct shape *s, uint64_t limit_bytes, struct shape_view *ret);

#endif
