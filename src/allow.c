/* SPDX-License-Identifier: Apache-2.0 */
/* May the application be restarted just now? */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "guard.h"
#include "proc/tmpfs.h"

/*
 * What lies on a memory-backed volume stays charged when the application has gone. Where that is
 * more than half of the limit a restart only leads to the next one; the mount is named.
 */
static const char *stays_charged(const struct guard *g)
{
	static char text[GUARD_LINE_MAX];
	const struct cgroup_sample *s = &g->watch.sample;
	uint64_t bytes = g->watch.cgroup.levels[s->binding].stat.shmem;
	struct tmpfs_use use;

	if (bytes < s->limit_bytes / 2 || g->procfd < 0 ||
		tmpfs_measure(g->procfd, g->conf->restart.mode == RESTART_IN_PLACE, &use) < 0)
		return NULL;
	bytes = MIN_OF(bytes, use.bytes);
	if (bytes < s->limit_bytes / 2)
		return NULL;
	snprintf(text, sizeof(text), "%s are files on tmpfs (%s) and would stay charged after it",
		units_human_bytes(bytes).s, use.path);
	return text;
}

/* What came before the restart in the list (relief, most of all) may have ended the danger. */
bool allow_level_is_left(const struct guard *g, unsigned level)
{
	const struct conf_level *l = lists_level(g, level);
	const struct cgroup_sample *s = &g->watch.sample;

	/* An upper bound that lies below it will do, too. */
	return level != LISTS_REQUEST && l->at.set &&
	       s->use_bytes < trigger_at_bytes(&l->at, s->limit_bytes);
}

/* What the user asks for is held back by nothing but the mode. */
const char *allow_restart(const struct guard *g, unsigned level)
{
	enum budget_verdict v;
	const char *why;

	if (level == LISTS_REQUEST)
		return g->conf->restart.mode == RESTART_NEVER ? budget_verdict_text(BUDGET_NO_MODE)
							      : NULL;
	/* Where it is not our growth that fills an ancestor, our restart would not help anybody. */
	if (g->watch.sample.binding && !g->watch.trigger.forecast.ours)
		return "an ancestor cgroup fills, and it is not our growth";
	if (allow_level_is_left(g, level))
		return "use has fallen below the level meanwhile";
	why = stays_charged(g);
	if (why)
		return why;
	v = budget_ask(&g->budget, g->conf, clock_wall_usec(),
		clock_now_usec() - g->keeper.start_usec,
		trigger_is_emergency(lists_level(g, level)));
	return v == BUDGET_YES ? NULL : budget_verdict_text(v);
}
