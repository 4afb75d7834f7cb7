/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to look again? Pure. Never so late that memory could go from the last look to the limit
 * unseen, as long as the budget `max-cpu` allows it; never below 1 ms, never above a second.
 */
#ifndef OOMGUARD_TRIGGER_PACE_H
#define OOMGUARD_TRIGGER_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroup/cpus.h"

#define PACE_MIN_USEC UINT64_C(1000)
#define PACE_MAX_USEC UINT64_C(1000000)

/*
 * How fast one CPU fills fresh memory. Far away two looks fit into the time that this leaves, near
 * the limit eight: so 4 GiB/s a CPU are met there, and 16 GiB/s here. tests/bench/fill_speed.c
 * measured 2.6 GiB/s by small pages and 8.6 GiB/s by huge ones: a program that fills most of its
 * limit by huge pages in one go can pass from far to full between two looks.
 */
#define PACE_FILL_BYTES_PER_SEC (UINT64_C(2) << 30)

/* The share of one core that looks may cost, saved up while little is spent, to be spent near the
 * limit. */
#define PACE_PURSE_MAX_USEC (100 * UINT64_C(1000))

struct pace {
	uint32_t max_cpu_bp;
	uint32_t cpus;		 /* that we are allowed to run on */
	struct cpus_bound bound; /* what the cgroup allows, and how many could run */
	uint64_t cost_usec;	 /* of one look, running mean; at least 1 */
	uint64_t purse_usec;	 /* CPU time that may be spent now */
	uint64_t last_usec;
	uint64_t blind_usec; /* how much longer than wished the last pause is, for `check` and
				metrics */
};

void pace_init(struct pace *p, uint32_t max_cpu_bp, uint32_t cpus);

/* A look took `cost`; to be called once per look, before pace_next. */
void pace_spent(struct pace *p, uint64_t now_usec, uint64_t cost_usec);

/* Is there enough to spare for a look out of turn? Harmless page cache at the limit makes the
 * kernel tell a hundred times a second: half of the purse stays for what the pace asks for. */
bool pace_can_spare(const struct pace *p);

/*
 * Microseconds until the next look. UINT64_MAX headroom (no limit): PACE_MAX_USEC. near: above the
 * lowest level, where a burst must be seen early enough to be stopped, not only before the end.
 */
uint64_t pace_next(struct pace *p, uint64_t headroom_bytes, bool near);

#endif
