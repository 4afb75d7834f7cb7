/* SPDX-License-Identifier: Apache-2.0 */
/* The helper that dumps: what it needs of us, and when it is to end. */
#include <signal.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/units.h"
#include "guard.h"

/* Below this, or this part of a small limit, no dump goes on. */
#define FLOOR_BYTES (4 * MIB)
#define FLOOR_PART  64

/* The state directory, /proc, and what tells how much headroom is left. */
unsigned dumping_fds(const struct guard *g, int out[DUMPING_FDS_MAX])
{
	const struct cgroup *cg = &g->watch.cgroup;
	unsigned n = 0;

	if (g->store.dirfd >= 0)
		out[n++] = g->store.dirfd;
	if (g->procfd >= 0)
		out[n++] = g->procfd;
	for (unsigned i = 0; i < cg->n_levels; i++) {
		const struct cgroup_files *f = &cg->levels[i].fd;
		const int fds[] = { f->usage, f->max, f->high, f->stat, f->swap, f->swap_max,
			f->kernel };

		for (size_t k = 0; k < ARRAY_LEN(fds); k++)
			if (fds[k] >= 0)
				out[n++] = fds[k];
	}
	return n;
}

void dumping_watch_floor(struct guard *g)
{
	struct lists *l = &g->lists;
	const struct cgroup_sample *s = &g->watch.sample;
	const struct conf_level *level = lists_level(g, l->level);
	enum conf_action action;

	if (l->step != LIST_HELPER || l->helper.pid <= 0 || l->given_up || !s->detailed ||
		s->headroom_bytes >= MIN_OF(FLOOR_BYTES, s->limit_bytes / FLOOR_PART))
		return;
	action = level->actions[l->index];
	if (!action_ends_by_itself(action))
		return;
	l->given_up = true;
	log_warning("%s level: %s is given up: %s of headroom left", level->name,
		conf_action_name(action), units_human_bytes(s->headroom_bytes).s);
	kill(l->helper.pid, SIGTERM);
}
