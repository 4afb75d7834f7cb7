/* SPDX-License-Identifier: Apache-2.0 */
/* What has happened is counted, and kept where there is a place for it. */
#include <signal.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "cgroup/node.h"
#include "guard.h"
#include "report/diagnose.h"

void count_begin(struct guard *g, enum count_end before)
{
	if (g->budget.remembers)
		tally_load(g->store.dirfd, &g->tally);
	if (g->recorder.previous_cut)
		tally_life(&g->tally, g->recorder.previous_end);
	/* Guard and application died together near the limit, or far from it. */
	if (before == COUNT_END_OOM) {
		g->tally.kills[TALLY_KILL_OWN]++;
		g->tally.last_oom_wall_usec = clock_wall_usec();
	} else if (before == COUNT_END_KILLED) {
		g->tally.kills[TALLY_KILL_EXTERNAL]++;
	}
	if (before != COUNT_END_KNOWN || g->recorder.previous_cut)
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

static bool has_advanced(uint64_t before, uint64_t now)
{
	return now != UINT64_MAX && before != UINT64_MAX && now > before;
}

/* Whose memory was short, by the rules of the diagnosis. */
static enum oom_level whose_memory(const struct guard *g)
{
	const struct cgroup_events *before = &g->watch.events;
	const struct cgroup_sample *s = &g->watch.sample;
	struct diagnose_facts f = { .ended = true, .exit_signal = SIGKILL, .kernel_killed = true };
	struct cgroup_events now, local;
	struct diagnosis d;
	struct node node;

	/* The last look may have seen what the kill has freed already. */
	f.use_bytes = MAX_OF(s->use_bytes, g->recorder.life.peak_use_bytes);
	f.limit_bytes = s->limit_bytes == CGROUP_NO_LIMIT ? 0 : s->limit_bytes;
	f.node_available_bp = f.node_stall_bp = DIAGNOSE_UNKNOWN;
	/* A limit of ours that was hit counts as `oom` or `max` with us, an ancestor's does not. */
	if (cgroup_read_events(&g->watch.cgroup, &now, &local) == 0)
		f.own_limit_hit =
			has_advanced(before->oom, now.oom) || has_advanced(before->max, now.max);
	if (g->procfd >= 0 && node_read(g->procfd, &node) == 0 && node.mem_total_bytes) {
		f.node_available_bp =
			units_share_bp(node.mem_available_bytes, node.mem_total_bytes);
		if (node.pressure.known)
			f.node_stall_bp = node.pressure.full_avg10_bp;
	}
	diagnose(&f, &d);
	return d.level;
}

void count_kill(struct guard *g)
{
	static const enum tally_kill kills[OOM_LEVEL_COUNT] = {
		[OOM_LEVEL_POD] = TALLY_KILL_POD,
		[OOM_LEVEL_NODE] = TALLY_KILL_NODE,
	};

	g->tally.kills[kills[whose_memory(g)]]++;
	g->tally.last_oom_wall_usec = clock_wall_usec();
	keep_counters(g);
}

void count_foreign_kill(struct guard *g)
{
	g->tally.kills[TALLY_KILL_EXTERNAL]++;
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

void count_action(struct guard *g, enum conf_action action, bool ok, uint64_t usec, uint64_t bytes)
{
	tally_dump(&g->tally, action, ok, usec, bytes);
	keep_counters(g);
}

void count_diagnosis(struct guard *g, const struct tally_verdict *verdict)
{
	tally_diagnosis(&g->tally, verdict);
	keep_counters(g);
}
