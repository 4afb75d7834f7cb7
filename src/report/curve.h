/* SPDX-License-Identifier: Apache-2.0 */
/* What a curve of memory use has shown so far, in constant space. Pure. */
#ifndef OOMGUARD_REPORT_CURVE_H
#define OOMGUARD_REPORT_CURVE_H

#include <stdint.h>

#include "report/leaktest.h"
#include "report/diagnose.h"

#define CURVE_CELLS  101 /* of one percent of the limit */
#define CURVE_POINTS 61	 /* one a second */

struct curve {
	struct leaktest leaktest;
	uint64_t cells[CURVE_CELLS]; /* seconds at that share of the limit, without the last minute
				      */
	uint64_t rises[CURVE_CELLS]; /* changes within a minute, the same way */
	uint64_t n_cells, n_rises;
	struct curve_point {
		uint64_t time_usec, use_bytes;
	} point[CURVE_POINTS];
	unsigned n_points, next_point;
	uint64_t first_usec, last_usec, samples;
	uint64_t use_bytes, limit_bytes, peak_bytes;
};

void curve_init(struct curve *c);

/* Takes a sample in; the windows of the leak test that were evaluated on it, as bits. */
unsigned curve_add(struct curve *c, uint64_t time_usec, uint64_t use_bytes, uint64_t limit_bytes);

/* Fills in what the curve tells; the rest of *f is left as it is. */
void curve_tell(const struct curve *c, struct diagnose_facts *f);

#endif
