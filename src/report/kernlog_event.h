/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel log has told so far of the kills of one host, for kernlog.c: which event a line
 * belongs to. Before 5.0 several cgroups could be killed in at once, and their lines mix.
 */
#ifndef OOMGUARD_REPORT_KERNLOG_EVENT_H
#define OOMGUARD_REPORT_KERNLOG_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "report/kernlog_line.h"
#include "report/kernlog_table.h"

#define KERNLOG_HOST_TEXT    64
#define KERNLOG_EVENTS_MAX   4
#define KERNLOG_RECENT_KILLS 1024

/* From "invoked oom-killer" to "Killed process". */
struct kernlog_event {
	bool seen[KERNLOG_N_KINDS];
	uint64_t opened, touched;    /* numbers of lines */
	struct kernlog_facts facts;  /* of the event: scope, cgroups, usage */
	struct kernlog_facts victim; /* as announced: pid, comm, uid */
};

struct kernlog_host {
	char name[KERNLOG_HOST_TEXT];
	struct kernlog_event events[KERNLOG_EVENTS_MAX]; /* the oldest first */
	unsigned n_events;
	/* The event whose victim has been told: a group kill and sharers of its memory belong to
	 * it. */
	struct kernlog_event last;
	bool have_last, group, victim_again;
	int64_t recent[KERNLOG_RECENT_KILLS]; /* pids, so that a reaped one is not told twice */
	unsigned n_recent;
	struct kernlog_table table;
};

bool kernlog_is_recent(const struct kernlog_host *h, int64_t pid);
void kernlog_remember(struct kernlog_host *h, const struct kernlog_facts *kill);

/* Both told, and the same. */
bool kernlog_same_pid(const struct kernlog_facts *a, const struct kernlog_facts *b);

/* False when both are told and one is of a cgroup, the other of the node. */
bool kernlog_fits_scope(const struct kernlog_event *e, const struct kernlog_facts *f);

/* What an event says about each process that is killed in it. */
void kernlog_fill_from_event(struct kernlog_facts *kill, const struct kernlog_event *e);

void kernlog_drop_event(struct kernlog_host *h, unsigned i);

/* Nothing came for it since a younger one went on beyond its first line: it was cut off. */
bool kernlog_is_stale(const struct kernlog_host *h, unsigned i);

/* The oldest event that still waits for a line of this kind; KERNLOG_EVENTS_MAX: none. */
unsigned kernlog_find_waiting(
	const struct kernlog_host *h, enum kernlog_kind kind, const struct kernlog_facts *f);

/* The event that ends with this kill; KERNLOG_EVENTS_MAX: none. */
unsigned kernlog_find_for_kill(const struct kernlog_host *h, const struct kernlog_facts *f);

#endif
