/* SPDX-License-Identifier: Apache-2.0 */
/* May the application be restarted just now? */
#include "base/clock.h"
#include "guard.h"

/* What the user asks for is held back by nothing but the mode. */
const char *allow_restart(const struct guard *g, unsigned level)
{
	enum budget_verdict v;

	if (level == LISTS_REQUEST)
		return g->conf->restart.mode == RESTART_NEVER ? budget_verdict_text(BUDGET_NO_MODE)
							      : NULL;
	/* Where it is not our growth that fills an ancestor, our restart would not help anybody. */
	if (g->watch.sample.binding && !g->watch.trigger.forecast.ours)
		return "an ancestor cgroup fills, and it is not our growth";
	v = budget_ask(&g->budget, g->conf, clock_wall_usec(),
		clock_now_usec() - g->keeper.start_usec,
		trigger_is_emergency(lists_level(g, level)));
	return v == BUDGET_YES ? NULL : budget_verdict_text(v);
}
