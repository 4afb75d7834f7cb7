/* SPDX-License-Identifier: Apache-2.0 */
/* /readyz says 503, and what load balancers still send is served for a while. */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/units.h"
#include "guard.h"

static bool restart_follows(const struct guard *g, const struct conf_level *level)
{
	for (unsigned i = g->lists.index; i < level->n_actions; i++)
		if (level->actions[i] == ACTION_RESTART)
			return true;
	return false;
}

bool drain_begin(struct guard *g)
{
	const struct conf_level *level = lists_level(g, g->lists.level);
	const struct forecast *f = &g->watch.trigger.forecast;
	/* Of the time that is left to the limit half stays for the stop itself. */
	uint64_t left = MIN_OF(f->eta_usec, f->burst_eta_usec) / 2;
	uint64_t wait = MIN_OF(g->conf->drain.wait_usec, left);

	/* Nobody could see it, or it would be for nothing. */
	if (!g->http || (restart_follows(g, level) && allow_restart(g, g->lists.level)))
		return false;
	g->lists.drained |= 1u << g->lists.level;
	log_info("%s level: draining for %s", level->name, units_human_duration(wait).s);
	g->lists.step = LIST_DRAIN;
	guard_set_timer(g->lists.deadline, wait);
	return true;
}

bool drain_is_on(const struct guard *g)
{
	const struct lists *l = &g->lists;

	if (g->drain_asked || l->step == LIST_DRAIN)
		return true;
	for (unsigned i = 0; i < CONF_LEVELS_MAX; i++)
		if ((l->drained & (1u << i)) && g->watch.trigger.level[i].fired)
			return true;
	return false;
}
