/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to be remembered, handed to the companion, which writes it: no disk holds up the guard.
 * Without a companion (a pid limit) it is written here, at the start and at ends.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "guard.h"
#include "live.h"

static void forget(struct guard *g, int err)
{
	g->budget.remembers = false;
	log_warning("restarts cannot be counted across lives any more: %s/%s: %s", g->store.path,
		BUDGET_FILE, strerror(-err));
}

/* The shared area is there, and somebody who reads it; before the first was started he will come.
 */
static bool has_companion(const struct guard *g)
{
	return g->recorder.flight && (g->scribe.pid > 0 || !g->scribe.shared);
}

void keep_check(struct guard *g)
{
	int err = scribe_note_error(&g->scribe);

	if (err && g->budget.remembers)
		forget(g, err);
}

void keep_budget(struct guard *g)
{
	char text[BUDGET_TEXT_MAX];
	int r;

	keep_check(g);
	if (!g->budget.remembers)
		return;
	r = budget_print(&g->budget, text, sizeof(text));
	if (r >= 0 && has_companion(g) &&
		flight_put_note(g->recorder.flight, FLIGHT_NOTE_BUDGET, text, (size_t)r)) {
		scribe_ring(&g->scribe);
		return;
	}
	r = budget_save(g->store.dirfd, &g->budget);
	if (r < 0)
		forget(g, r);
}

void keep_counters(struct guard *g)
{
	char text[TALLY_TEXT_MAX];
	int r;

	if (!g->budget.remembers)
		return;
	r = tally_print(&g->tally, text, sizeof(text));
	if (r >= 0 && has_companion(g) &&
		flight_put_note(g->recorder.flight, FLIGHT_NOTE_COUNTERS, text, (size_t)r)) {
		scribe_ring(&g->scribe);
		return;
	}
	r = tally_save(g->store.dirfd, &g->tally);
	if (r < 0)
		log_info("counters are not kept: %s/%s: %s", g->store.path, TALLY_FILE,
			strerror(-r));
}

void keep_live(struct guard *g)
{
	static struct guard_view view;
	static struct live live;

	if (!g->recorder.flight)
		return;
	view_fill_known(g, &view);
	view.peak_bytes =
		g->recorder.life.peak_use_bytes ? g->recorder.life.peak_use_bytes : VIEW_UNKNOWN;
	live_from_view(&view, &live);
	live.pidns = g->recorder.pidns;
	flight_put_live(g->recorder.flight, &live, sizeof(live));
}
