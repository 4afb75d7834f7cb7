/* SPDX-License-Identifier: Apache-2.0 */
#include "trigger/pace.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

/* So many looks in the shortest time in which memory could be full: far away, and near. */
#define LOOKS_FAR  2
#define LOOKS_NEAR 8

void pace_init(struct pace *p, uint32_t max_cpu_bp, uint32_t cpus)
{
	*p = (struct pace){
		.max_cpu_bp = max_cpu_bp,
		.cpus = cpus ? cpus : 1,
		.bound = CPUS_UNBOUND,
		.cost_usec = 10,
		.purse_usec = PACE_PURSE_MAX_USEC,
	};
}

void pace_spent(struct pace *p, uint64_t now_usec, uint64_t cost_usec)
{
	uint64_t passed = p->last_usec && now_usec > p->last_usec ? now_usec - p->last_usec : 0;
	uint64_t purse = p->purse_usec + units_of_share(passed, p->max_cpu_bp);

	cost_usec = MAX_OF(cost_usec, UINT64_C(1));
	p->cost_usec = (p->cost_usec * 7 + cost_usec) / 8;
	p->cost_usec = MAX_OF(p->cost_usec, UINT64_C(1));
	purse = MIN_OF(purse, PACE_PURSE_MAX_USEC);
	p->purse_usec = purse > cost_usec ? purse - cost_usec : 0;
	p->last_usec = now_usec;
}

bool pace_can_spare(const struct pace *p)
{
	return !p->max_cpu_bp || p->purse_usec > PACE_PURSE_MAX_USEC / 2;
}

/* So many can allocate at once: a task that exists may have a twin before the next look. */
static uint32_t parallel(const struct pace *p)
{
	return p->bound.tasks < p->cpus / 2 ? MAX_OF(2 * p->bound.tasks, 1u) : p->cpus;
}

/*
 * The shortest time in which so much CPU time can be had. In any window the quota allows what is
 * left of the period before, whole periods, and all of the one that has begun.
 */
static uint64_t shortest_usec(const struct pace *p, uint64_t cpu_usec)
{
	uint64_t at_once = cpu_usec / parallel(p), quota = p->bound.quota_usec, by_quota = 0;

	if (quota != UINT64_MAX && cpu_usec / 2 > quota)
		by_quota = (cpu_usec / quota - 2) * p->bound.period_usec;
	return MAX_OF(at_once, by_quota);
}

static uint64_t wished_usec(const struct pace *p, uint64_t headroom_bytes, bool near)
{
	unsigned __int128 t = headroom_bytes;

	t = t * USEC_PER_SEC / PACE_FILL_BYTES_PER_SEC;
	if (t > UINT32_MAX)
		return PACE_MAX_USEC; /* more than an hour of CPU time */
	t = shortest_usec(p, (uint64_t)t) / (near ? LOOKS_NEAR : LOOKS_FAR);
	if (t > PACE_MAX_USEC)
		return PACE_MAX_USEC;
	return MAX_OF((uint64_t)t, PACE_MIN_USEC);
}

uint64_t pace_next(struct pace *p, uint64_t headroom_bytes, bool near)
{
	uint64_t wish, afford;

	if (headroom_bytes == UINT64_MAX)
		return PACE_MAX_USEC;
	wish = wished_usec(p, headroom_bytes, near);
	p->blind_usec = 0;
	if (!p->max_cpu_bp || p->purse_usec > p->cost_usec)
		return wish;
	/* The purse is empty: no more often than what comes in pays for. */
	afford = MIN_OF(p->cost_usec * BP_WHOLE / p->max_cpu_bp, PACE_MAX_USEC);
	if (afford > wish)
		p->blind_usec = afford - wish;
	return MAX_OF(wish, afford);
}
