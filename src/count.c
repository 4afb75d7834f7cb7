/* SPDX-License-Identifier: Apache-2.0 */
/* What has happened is counted, and kept where there is a place for it. */
#include <sys/wait.h>

#include "base/clock.h"
#include "guard.h"

void count_begin(struct guard *g, bool was_killed)
{
	if (g->budget.remembers)
		tally_load(g->store.dirfd, &g->tally);
	if (g->recorder.previous_cut)
		tally_life(&g->tally, g->recorder.previous_end);
	if (was_killed) {
		g->tally.kills[TALLY_KILL_UNKNOWN]++;
		g->tally.last_oom_wall_usec = clock_wall_usec();
	}
	if (was_killed || g->recorder.previous_cut)
		keep_counters(g);
}

void count_life(struct guard *g, enum flight_end end)
{
	tally_life(&g->tally, end);
	keep_counters(g);
}

void count_restart(struct guard *g, unsigned level)
{
	enum tally_restart by = level == LISTS_REQUEST ? TALLY_BY_REQUEST
				: g->keeper.emergency  ? TALLY_BY_EMERGENCY
						       : TALLY_BY_LEVEL;

	g->tally.restarts[by]++;
	keep_counters(g);
}

/* A limit of ours that was hit counts as `oom` with us, an ancestor's does not (v2). */
void count_kill(struct guard *g)
{
	const struct cgroup_events *before = &g->watch.events;
	struct cgroup_events now, local;
	bool ancestor = false;

	if (cgroup_read_events(&g->watch.cgroup, &now, &local) == 0)
		ancestor = now.oom != UINT64_MAX && now.oom == before->oom;
	g->tally.kills[ancestor ? TALLY_KILL_ANCESTOR : TALLY_KILL_OWN]++;
	g->tally.last_oom_wall_usec = clock_wall_usec();
	keep_counters(g);
}

void count_exit(struct guard *g, int wait_status)
{
	enum tally_exit how = TALLY_EXIT_OK;

	if (g->keeper.life.ours)
		how = TALLY_EXIT_GUARDED;
	else if (WIFSIGNALED(wait_status))
		how = TALLY_EXIT_SIGNAL;
	else if (WEXITSTATUS(wait_status))
		how = TALLY_EXIT_STATUS;
	g->tally.exits[how]++;
	keep_counters(g);
}

void count_action(struct guard *g, enum conf_action action, bool ok, uint64_t usec)
{
	tally_dump(&g->tally, action, ok, usec);
	keep_counters(g);
}
