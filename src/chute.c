/* SPDX-License-Identifier: Apache-2.0 */
/* The parachute of the helper that runs: planned here, opened by the helper, closed here. */
#include <string.h>

#include "base/log.h"
#include "base/units.h"
#include "guard.h"

void chute_begin(struct guard *g)
{
	int r = parachute_recover(g->store.dirfd, &g->watch.cgroup);

	/* It would have been taken for the limit. */
	if (r > 0)
		log_notice("memory.high was left from a dump of the life before: put back");
	else if (r < 0)
		log_error("memory.high was left from a dump of the life before and cannot be put "
			  "back: %s",
			strerror(-r));
}

struct parachute chute_plan(struct guard *g, const char *level, enum conf_action action)
{
	struct cgroup *cg = &g->watch.cgroup;
	struct parachute *p = &g->chute.parachute;

	if (!action_row(action)->with_parachute || g->store.dirfd < 0)
		return (struct parachute){ .wanted = false };
	/* Still open for a helper that was left behind: this one takes it over. */
	if (!p->wanted)
		parachute_plan(cg, &g->watch.sample, g->conf, parachute_kernel_is_new(), p);
	if (p->wanted) {
		/* What counts as the limit does not change with it. */
		cg->braked_high_bytes = p->old_bytes;
		log_info("%s level: memory.high is %s while %s runs", level,
			units_human_bytes(p->high_bytes).s, conf_action_name(action));
	}
	return *p;
}

static void close_it(struct guard *g)
{
	int r = parachute_close(&g->chute.parachute);

	g->chute.helper = 0;
	if (r < 0)
		log_error("memory.high cannot be put back: %s", strerror(-r));
	else
		g->watch.cgroup.braked_high_bytes = 0;
}

/* Not before the reaper has met it: one that was killed could be in the middle of opening it. */
void chute_helper_ended(struct guard *g, pid_t pid)
{
	if (g->chute.parachute.wanted && pid == g->chute.helper)
		close_it(g);
}

void chute_end(struct guard *g)
{
	if (g->chute.parachute.wanted)
		close_it(g);
}
