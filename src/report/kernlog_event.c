/* SPDX-License-Identifier: Apache-2.0 */
#include "report/kernlog_event.h"

#include <string.h>

#include "base/cleanup.h"

bool kernlog_is_recent(const struct kernlog_host *h, int64_t pid)
{
	unsigned n = MIN_OF(h->n_recent, KERNLOG_RECENT_KILLS);

	for (unsigned i = 0; i < n; i++)
		if (h->recent[i] == pid)
			return true;
	return false;
}

void kernlog_remember(struct kernlog_host *h, const struct kernlog_facts *f)
{
	if (f->told[KERNLOG_PID])
		h->recent[h->n_recent++ % KERNLOG_RECENT_KILLS] = f->number[KERNLOG_PID];
	if (h->n_recent == 2 * KERNLOG_RECENT_KILLS)
		h->n_recent = KERNLOG_RECENT_KILLS;
}

bool kernlog_same_pid(const struct kernlog_facts *a, const struct kernlog_facts *b)
{
	return a->told[KERNLOG_PID] && b->told[KERNLOG_PID] &&
	       a->number[KERNLOG_PID] == b->number[KERNLOG_PID];
}

void kernlog_fill_from_event(struct kernlog_facts *kill, const struct kernlog_event *e)
{
	static const enum kernlog_number numbers[] = { KERNLOG_USAGE_KB, KERNLOG_LIMIT_KB,
		KERNLOG_SWAP_USAGE_KB, KERNLOG_SWAP_LIMIT_KB };

	if (kill->scope && e->facts.scope && kill->scope != e->facts.scope)
		return;
	if (!kill->scope)
		kill->scope = e->facts.scope;
	kernlog_fill_text(kill, &e->facts, KERNLOG_TASK_MEMCG);
	if (kill->scope != KERNLOG_SCOPE_GLOBAL) {
		kernlog_fill_text(kill, &e->facts, KERNLOG_OOM_MEMCG);
		for (unsigned i = 0; i < ARRAY_LEN(numbers); i++)
			kernlog_fill_number(kill, &e->facts, numbers[i]);
	}
	if (kernlog_same_pid(kill, &e->victim))
		kernlog_fill(kill, &e->victim);
}

void kernlog_drop_event(struct kernlog_host *h, unsigned i)
{
	memmove(&h->events[i], &h->events[i + 1], (h->n_events - i - 1) * sizeof(h->events[0]));
	h->n_events--;
}

bool kernlog_is_stale(const struct kernlog_host *h, unsigned i)
{
	for (unsigned j = i + 1; j < h->n_events; j++)
		if (h->events[j].touched > h->events[j].opened &&
			h->events[i].touched < h->events[j].opened)
			return true;
	return false;
}

bool kernlog_fits_scope(const struct kernlog_event *e, const struct kernlog_facts *f)
{
	return !e->facts.scope || !f->scope || e->facts.scope == f->scope;
}

/* The kinds are in the order in which the kernel prints them: one that came closes those before. */
static bool waits_for(const struct kernlog_event *e, enum kernlog_kind kind)
{
	for (unsigned k = kind; k <= KERNLOG_KILL; k++)
		if (e->seen[k])
			return false;
	return true;
}

unsigned kernlog_find_waiting(
	const struct kernlog_host *h, enum kernlog_kind kind, const struct kernlog_facts *f)
{
	for (unsigned i = 0; i < h->n_events; i++)
		if (waits_for(&h->events[i], kind) && kernlog_fits_scope(&h->events[i], f) &&
			!kernlog_is_stale(h, i))
			return i;
	return KERNLOG_EVENTS_MAX;
}

unsigned kernlog_find_for_kill(const struct kernlog_host *h, const struct kernlog_facts *f)
{
	for (unsigned i = 0; i < h->n_events; i++)
		if (kernlog_same_pid(&h->events[i].victim, f) &&
			kernlog_fits_scope(&h->events[i], f))
			return i;
	/* A child was sacrificed: the one announced before is not the one killed. */
	for (unsigned i = 0; i < h->n_events; i++)
		if (h->events[i].seen[KERNLOG_KILL] && kernlog_fits_scope(&h->events[i], f))
			return i;
	for (unsigned i = 0; i < h->n_events; i++)
		if (!h->events[i].victim.told[KERNLOG_PID] &&
			kernlog_fits_scope(&h->events[i], f) && !kernlog_is_stale(h, i))
			return i;
	return KERNLOG_EVENTS_MAX;
}
