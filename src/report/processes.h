/* SPDX-License-Identifier: Apache-2.0 */
/* The application's processes for a snapshot: the largest ones, in a list of bounded size. */
#ifndef OOMGUARD_REPORT_PROCESSES_H
#define OOMGUARD_REPORT_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "proc/proc.h"
#include "proc/tree.h"

#define PROCESSES_MAX 200 /* listed; about 300 bytes of JSON each, so that they fit in 256 KiB */

struct process_entry {
	struct proc_stat stat;
	struct proc_memory memory;
	bool measured; /* memory was read; else only stat.rss_bytes counts */
};

struct process_list {
	struct process_entry entries[PROCESSES_MAX]; /* largest PSS first */
	unsigned n;
	unsigned rest;		 /* seen but not listed: too many */
	uint64_t rest_rss_bytes; /* of those that were at least measured */
	bool cut;		 /* the time was up before all had been seen */
};

/*
 * Fills *list from the tree: a quick pass over all by RSS, then PSS of the largest while there is
 * time. What vanishes meanwhile is skipped. Allocates nothing; *list may hold anything before.
 */
void processes_collect(
	int procfd, const struct tree *tree, uint64_t until_usec, struct process_list *list);

/* One process as a JSON object. full_cmdline: see snapshot.cmdline. now_usec: clock_now_usec(). */
void processes_write_one(struct json *j, int procfd, const struct process_entry *e,
	bool full_cmdline, uint64_t now_usec);

#endif
