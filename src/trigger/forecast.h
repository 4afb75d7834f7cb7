/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does memory grow, how fast, and when will it reach the limit? Pure.
 *
 * Growth is a new high-water mark and a floor that has risen over three windows in a row without
 * slowing to less than half. The shortest window is 750 ms, so that nothing counts as growth that
 * has not gone on for more than two seconds: a step (a heap mapped at once, a cache loaded) is over
 * by then. Where collections of garbage are seen, only windows at least as long as the time between
 * two of them count: the floor of whole teeth.
 *
 * A longer scale still remembers a ramp that has ended; it counts only while each shorter scale on
 * which its growth would be visible shows at least half of it.
 */
#ifndef OOMGUARD_TRIGGER_FORECAST_H
#define OOMGUARD_TRIGGER_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "trigger/history.h"

#define FORECAST_NEVER UINT64_MAX

struct forecast {
	bool growing;		      /* as above, on at least one scale */
	int64_t growth_bytes_per_sec; /* of the floor, on the shortest scale that grows (else
					 recent) */
	uint64_t eta_usec;	      /* headroom / growth by the slowest of the growing scales */
	uint64_t burst_bytes;	      /* rise within the last 200 ms */
	uint64_t burst_eta_usec;      /* headroom at the speed of the burst */
	bool ours;		      /* at least half of the growth is our own cgroup's */
};

/* unit_bytes: rises below it are noise (a limit's worth / 2000, at least 64 KiB). */
void forecast_make(const struct history *h, uint64_t headroom_bytes, uint64_t unit_bytes,
	struct forecast *ret);

#endif
