/* SPDX-License-Identifier: Apache-2.0 */
#include "report/kernlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "report/kernlog_event.h"

#define HOSTS_MAX 8

struct kernlog {
	kernlog_taker take;
	void *arg;
	uint64_t line;
	struct kernlog_host *hosts[HOSTS_MAX];
	unsigned n_hosts;
	struct kernlog_facts read; /* of the line at hand */
	bool quoted;		   /* by a program, which may have been told by the kernel before */
};

struct kernlog *kernlog_new(kernlog_taker take, void *arg)
{
	struct kernlog *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->take = take;
	k->arg = arg;
	return k;
}

static void forget_hosts(struct kernlog *k)
{
	for (unsigned i = 0; i < k->n_hosts; i++)
		free(k->hosts[i]);
	k->n_hosts = 0;
}

void kernlog_free(struct kernlog *k)
{
	if (!k)
		return;
	forget_hosts(k);
	free(k);
}

/* More hosts than fit share the last place. NULL: no memory. */
static struct kernlog_host *find_host(struct kernlog *k, const char *name)
{
	struct kernlog_host *h;

	for (unsigned i = 0; i < k->n_hosts; i++)
		if (!strcmp(k->hosts[i]->name, name))
			return k->hosts[i];
	if (k->n_hosts == HOSTS_MAX)
		return k->hosts[HOSTS_MAX - 1];
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	buf_copy(h->name, sizeof(h->name), name);
	k->hosts[k->n_hosts++] = h;
	return h;
}

static void tell(struct kernlog *k, struct kernlog_host *h, struct kernlog_facts *kill)
{
	kernlog_table_fill(&h->table, kill);
	kernlog_remember(h, kill);
	k->take(kill, k->arg);
}

/*
 * Nothing more is to come of this event: a victim that was announced has been killed, and "Task in
 * A killed" says so without a name.
 */
static void give_up_event(struct kernlog *k, struct kernlog_host *h, unsigned i)
{
	struct kernlog_facts kill = h->events[i].victim;

	if (kill.told[KERNLOG_PID] || h->events[i].facts.text[KERNLOG_TASK_MEMCG][0]) {
		kernlog_fill_from_event(&kill, &h->events[i]);
		tell(k, h, &kill);
	}
	kernlog_drop_event(h, i);
}

static struct kernlog_event *open_event(struct kernlog *k, struct kernlog_host *h)
{
	struct kernlog_event *e;

	if (h->n_events == KERNLOG_EVENTS_MAX)
		give_up_event(k, h, 0);
	e = &h->events[h->n_events++];
	memset(e, 0, sizeof(*e));
	e->opened = k->line;
	h->group = false;
	h->have_last = false;
	return e;
}

static void on_invoked(struct kernlog *k, struct kernlog_host *h)
{
	open_event(k, h)->seen[KERNLOG_INVOKED] = true;
}

/* One more fact about an event; `kind` says which it waits for. */
static void add_to_event(
	struct kernlog *k, struct kernlog_host *h, enum kernlog_kind kind, bool may_open)
{
	unsigned i = kernlog_find_waiting(h, kind, &k->read);
	struct kernlog_event *e = i < KERNLOG_EVENTS_MAX ? &h->events[i] : NULL;

	if (!e && may_open)
		e = open_event(k, h);
	if (!e)
		return;
	e->seen[kind] = true;
	e->touched = k->line;
	kernlog_fill(&e->facts, &k->read);
}

/* "Task in A" and "killed as a result of limit of B" may come in two lines, with others between. */
static void on_task_in(struct kernlog *k, struct kernlog_host *h)
{
	struct kernlog_event *e;

	for (unsigned i = 0; i < h->n_events && !k->read.text[KERNLOG_TASK_MEMCG][0]; i++) {
		e = &h->events[i];
		if (!e->seen[KERNLOG_TASK_IN] || e->facts.text[KERNLOG_OOM_MEMCG][0])
			continue;
		e->touched = k->line;
		kernlog_fill(&e->facts, &k->read);
		return;
	}
	add_to_event(k, h, KERNLOG_TASK_IN, true);
}

static void on_usage(struct kernlog *k, struct kernlog_host *h)
{
	add_to_event(k, h, KERNLOG_USAGE, true);
}

static void on_swap(struct kernlog *k, struct kernlog_host *h)
{
	add_to_event(k, h, KERNLOG_SWAP, false);
}

/* cgroup v1 prints one such line for each cgroup below the limit; the first is the limit's owner.
 */
static void on_stats(struct kernlog *k, struct kernlog_host *h)
{
	const char *name = k->read.text[KERNLOG_OOM_MEMCG];
	struct kernlog_event *e;

	for (unsigned i = 0; i < h->n_events; i++) {
		e = &h->events[i];
		if (!name[0] || strcmp(e->facts.text[KERNLOG_OOM_MEMCG], name) != 0)
			continue;
		e->seen[KERNLOG_STATS] = true;
		e->touched = k->line;
		return;
	}
	for (unsigned i = 0; i < h->n_events; i++) {
		e = &h->events[i];
		if (e->seen[KERNLOG_STATS] || e->facts.text[KERNLOG_OOM_MEMCG][0] ||
			kernlog_is_stale(h, i))
			continue;
		e->seen[KERNLOG_STATS] = true;
		e->touched = k->line;
		kernlog_fill(&e->facts, &k->read);
		return;
	}
	if (!h->n_events)
		add_to_event(k, h, KERNLOG_STATS, true);
}

static void on_mem_info(struct kernlog *k, struct kernlog_host *h)
{
	add_to_event(k, h, KERNLOG_MEM_INFO, false);
}

/* Kernels that print it hold a lock from the first line to the last: it is the youngest event's. */
static void on_chosen(struct kernlog *k, struct kernlog_host *h)
{
	struct kernlog_event *e = h->n_events ? &h->events[h->n_events - 1] : NULL;

	if (!e || e->seen[KERNLOG_CHOSEN] || e->seen[KERNLOG_KILL] ||
		!kernlog_fits_scope(e, &k->read))
		e = open_event(k, h);
	e->seen[KERNLOG_CHOSEN] = true;
	e->touched = k->line;
	e->facts.scope = k->read.scope;
	/* More exact than the first "Memory cgroup stats" seen. */
	for (unsigned t = KERNLOG_TASK_MEMCG; t <= KERNLOG_OOM_MEMCG; t++)
		if (k->read.text[t][0])
			buf_copy(e->facts.text[t], KERNLOG_TEXT_MAX, k->read.text[t]);
	kernlog_fill_number(&e->victim, &k->read, KERNLOG_PID);
	kernlog_fill_number(&e->victim, &k->read, KERNLOG_UID);
	kernlog_fill_text(&e->victim, &k->read, KERNLOG_COMM);
}

static void on_kill(struct kernlog *k, struct kernlog_host *h)
{
	unsigned i = KERNLOG_EVENTS_MAX;
	struct kernlog_event *e;

	for (unsigned j = 0; j < h->n_events; j++)
		if (kernlog_same_pid(&h->events[j].victim, &k->read) &&
			!h->events[j].seen[KERNLOG_KILL])
			i = j;
	if (i == KERNLOG_EVENTS_MAX)
		i = kernlog_find_waiting(h, KERNLOG_KILL, &k->read);
	e = i < KERNLOG_EVENTS_MAX ? &h->events[i] : open_event(k, h);
	e->seen[KERNLOG_KILL] = true;
	e->touched = k->line;
	if (!e->facts.scope)
		e->facts.scope = k->read.scope;
	if (!kernlog_same_pid(&e->victim, &k->read))
		memset(&e->victim, 0, sizeof(e->victim));
	kernlog_fill_number(&e->victim, &k->read, KERNLOG_PID);
	kernlog_fill_text(&e->victim, &k->read, KERNLOG_COMM);
}

static void close_event(struct kernlog *k, struct kernlog_host *h, unsigned i)
{
	h->last = h->events[i];
	kernlog_drop_event(h, i);
	kernlog_fill_from_event(&k->read, &h->last);
	/* The one that was killed, which may be a child of the one announced. */
	h->last.victim = k->read;
	h->have_last = true;
	h->group = false;
	h->victim_again = false;
	tell(k, h, &k->read);
}

/* The kernel names the first victim of a group kill twice. */
static void on_group_member(struct kernlog *k, struct kernlog_host *h)
{
	if (kernlog_same_pid(&h->last.victim, &k->read) && !h->victim_again) {
		h->victim_again = true;
		return;
	}
	kernlog_fill_text(&k->read, &h->last.facts, KERNLOG_TASK_MEMCG);
	kernlog_fill_from_event(&k->read, &h->last);
	tell(k, h, &k->read);
}

static bool is_known(const struct kernlog *k, const struct kernlog_facts *f)
{
	for (unsigned i = 0; i < k->n_hosts; i++)
		if (f->told[KERNLOG_PID] && kernlog_is_recent(k->hosts[i], f->number[KERNLOG_PID]))
			return true;
	return false;
}

static void on_killed(struct kernlog *k, struct kernlog_host *h)
{
	unsigned i;

	if (k->quoted && is_known(k, &k->read))
		return;
	if (h->group && h->have_last && kernlog_fits_scope(&h->last, &k->read)) {
		on_group_member(k, h);
		return;
	}
	i = kernlog_find_for_kill(h, &k->read);
	if (i == KERNLOG_EVENTS_MAX) {
		/* Without the kernel's sizes or reason it may be any program's message. */
		if (!k->read.scope && !k->read.told[KERNLOG_TOTAL_VM_KB])
			return;
		/* Its header was suppressed; a group kill may still follow. */
		open_event(k, h)->facts.scope = k->read.scope;
		i = h->n_events - 1;
	}
	close_event(k, h, i);
}

static void on_sharing(struct kernlog *k, struct kernlog_host *h)
{
	if (h->have_last)
		kernlog_fill_from_event(&k->read, &h->last);
	tell(k, h, &k->read);
}

static void on_group(struct kernlog *k, struct kernlog_host *h)
{
	/* The line of the first victim is lost; it is among the group and will be named again. */
	if (!h->have_last) {
		memset(&h->last, 0, sizeof(h->last));
		if (h->n_events) {
			h->last.facts = h->events[h->n_events - 1].facts;
			kernlog_drop_event(h, h->n_events - 1);
		}
	}
	h->have_last = h->group = true;
	h->victim_again = false;
	buf_copy(h->last.facts.text[KERNLOG_TASK_MEMCG], KERNLOG_TEXT_MAX,
		k->read.text[KERNLOG_TASK_MEMCG]);
}

static void on_reaped(struct kernlog *k, struct kernlog_host *h)
{
	unsigned i;

	if (!k->read.told[KERNLOG_PID] || kernlog_is_recent(h, k->read.number[KERNLOG_PID]))
		return;
	i = kernlog_find_for_kill(h, &k->read);
	if (i < KERNLOG_EVENTS_MAX)
		close_event(k, h, i);
	else
		tell(k, h, &k->read);
}

static void on_spared(struct kernlog *k, struct kernlog_host *h)
{
	kernlog_remember(h, &k->read);
}

static void on_no_victim(struct kernlog *k, struct kernlog_host *h)
{
	(void)k;
	if (h->n_events)
		kernlog_drop_event(h, h->n_events - 1);
}

static void (*const handlers[KERNLOG_N_KINDS])(struct kernlog *k, struct kernlog_host *h) = {
	[KERNLOG_INVOKED] = on_invoked,
	[KERNLOG_TASK_IN] = on_task_in,
	[KERNLOG_USAGE] = on_usage,
	[KERNLOG_SWAP] = on_swap,
	[KERNLOG_STATS] = on_stats,
	[KERNLOG_MEM_INFO] = on_mem_info,
	[KERNLOG_CHOSEN] = on_chosen,
	[KERNLOG_KILL] = on_kill,
	[KERNLOG_KILLED] = on_killed,
	[KERNLOG_SHARING] = on_sharing,
	[KERNLOG_GROUP] = on_group,
	[KERNLOG_REAPED] = on_reaped,
	[KERNLOG_SYSTEM_OOM] = on_reaped,
	[KERNLOG_SPARED] = on_spared,
	[KERNLOG_NO_VICTIM] = on_no_victim,
};

/* Tables belong to a host, not to an event: what a row says of a pid holds for both. */
static bool take_table_line(struct kernlog *k, const char *line, const char *host)
{
	char name[KERNLOG_HOST_TEXT];
	struct kernlog_host *h;

	/* Cheap first: nearly no line of a log has a number of columns behind a bracket. */
	if (!strchr(line, ']'))
		return false;
	if (!host) {
		kernlog_read_host(line, name, sizeof(name));
		host = name;
	}
	for (unsigned i = 0; i < k->n_hosts; i++) {
		h = k->hosts[i];
		if (!strcmp(h->name, host))
			return kernlog_table_read_header(&h->table, line) ||
			       kernlog_table_read_row(&h->table, line);
	}
	if (!strstr(line, "pid"))
		return false;
	h = find_host(k, host);
	return h && kernlog_table_read_header(&h->table, line);
}

bool kernlog_take_line(struct kernlog *k, const char *line, const char *host)
{
	enum kernlog_kind kind;
	char name[KERNLOG_HOST_TEXT];
	struct kernlog_host *h;

	k->line++;
	kind = kernlog_read_line(line, &k->read);
	if (kind == KERNLOG_NOTHING)
		return take_table_line(k, line, host);
	if (!host) {
		kernlog_read_host(line, name, sizeof(name));
		host = name;
	}
	h = find_host(k, host);
	if (!h)
		return false;
	k->quoted = kind == KERNLOG_KILLED && kernlog_is_quoted(line);
	handlers[kind](k, h);
	return true;
}

void kernlog_end(struct kernlog *k)
{
	for (unsigned i = 0; i < k->n_hosts; i++)
		while (k->hosts[i]->n_events)
			give_up_event(k, k->hosts[i], 0);
	forget_hosts(k);
	k->line = 0;
}
