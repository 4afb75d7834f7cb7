/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "proc/proc.h"

#define COMM_MAX 15 /* what the kernel keeps of a name (TASK_COMM_LEN - 1) */

struct candidate {
	pid_t pid;
	uint64_t pss_bytes;
	char comm[PROC_COMM_MAX];
};

static unsigned read_candidates(const struct action_job *job, int procfd, struct candidate *out)
{
	static struct tree tree;
	uint64_t now = clock_now_usec(), n = 0;
	/* A walk over tens of GiB takes tens of ms: half of the time is for the work itself. */
	uint64_t quick_from = job->deadline_usec > now ? now + (job->deadline_usec - now) / 2 : now;

	if (work_scan(job, procfd, &tree) < 0)
		return 0;
	for (unsigned i = 0; i < tree.n; i++) {
		struct proc_stat stat;
		struct proc_memory mem;
		bool quick = clock_now_usec() >= quick_from;

		if (proc_read_stat(procfd, tree.pids[i], &stat) < 0)
			continue;
		if (proc_read_memory(procfd, tree.pids[i], quick, &mem) < 0)
			mem.pss_bytes = stat.rss_bytes;
		out[n].pid = stat.pid;
		out[n].pss_bytes = mem.pss_bytes;
		memcpy(out[n].comm, stat.comm, sizeof(stat.comm));
		n++;
	}
	return (unsigned)n;
}

static int by_pss_descending(const void *a, const void *b)
{
	uint64_t x = ((const struct candidate *)a)->pss_bytes;
	uint64_t y = ((const struct candidate *)b)->pss_bytes;

	return x < y ? 1 : x > y ? -1 : 0;
}

struct question {
	const struct conf *conf;
	uint64_t total_bytes; /* PSS of the whole application */
};

static bool is_largest(const struct question *q, const struct candidate *c)
{
	(void)q;
	(void)c;
	return true; /* they come sorted, and only one is taken */
}

static bool has_share(const struct question *q, const struct candidate *c)
{
	return units_share_bp(c->pss_bytes, q->total_bytes) >= q->conf->dump.target_share_bp;
}

static bool has_name(const struct question *q, const struct candidate *c)
{
	return !strncmp(c->comm, q->conf->dump.target_name, COMM_MAX);
}

static const struct target_rule {
	bool (*fits)(const struct question *q, const struct candidate *c);
	unsigned max;
} rules[] = {
	[TARGET_LARGEST] = { is_largest, 1 },
	[TARGET_SHARE] = { has_share, TREE_MAX },
	[TARGET_NAME] = { has_name, TREE_MAX },
};

unsigned target_choose(const struct action_job *job, pid_t *ret_pids, unsigned max)
{
	static struct candidate all[TREE_MAX];
	const struct target_rule *rule = &rules[job->conf->dump.target];
	struct question q = { .conf = job->conf };
	auto_close int procfd = proc_open_root();
	unsigned n_all, n = 0;

	if (procfd < 0)
		return 0;
	n_all = read_candidates(job, procfd, all);
	qsort(all, n_all, sizeof(all[0]), by_pss_descending);
	for (unsigned i = 0; i < n_all; i++)
		q.total_bytes += all[i].pss_bytes;
	for (unsigned i = 0; i < n_all && n < MIN_OF(max, rule->max); i++)
		if (rule->fits(&q, &all[i]))
			ret_pids[n++] = all[i].pid;
	return n;
}
