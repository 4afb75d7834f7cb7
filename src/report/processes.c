/* SPDX-License-Identifier: Apache-2.0 */
#include "report/processes.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"

static uint64_t entry_weight(const struct process_entry *e)
{
	return e->measured ? e->memory.pss_bytes : e->stat.rss_bytes;
}

/* Insertion by weight; the smallest falls off the end. qsort(3) is no choice: glibc's allocates. */
static void list_insert(struct process_list *list, const struct process_entry *e)
{
	unsigned at = list->n;

	if (list->n == PROCESSES_MAX) {
		const struct process_entry *last = &list->entries[PROCESSES_MAX - 1];

		list->rest++;
		if (entry_weight(e) <= entry_weight(last)) {
			list->rest_rss_bytes += e->stat.rss_bytes;
			return;
		}
		list->rest_rss_bytes += last->stat.rss_bytes;
		at = PROCESSES_MAX - 1;
	} else {
		list->n++;
	}
	while (at > 0 && entry_weight(&list->entries[at - 1]) < entry_weight(e)) {
		list->entries[at] = list->entries[at - 1];
		at--;
	}
	list->entries[at] = *e;
}

/* Reads PSS of what is listed, drops what has gone, and sorts again. */
static void list_measure(int procfd, uint64_t until_usec, struct process_list *list)
{
	unsigned n = list->n;

	list->n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct process_entry e = list->entries[i];
		bool quick = clock_now_usec() >= until_usec;
		int err = proc_read_memory(procfd, e.stat.pid, quick, &e.memory);

		if (err == -ESRCH || err == -ENOENT)
			continue;
		e.measured = err == 0;
		/* In place: the list never grows beyond the entry that was just read. */
		list_insert(list, &e);
	}
}

void processes_collect(
	int procfd, const struct tree *tree, uint64_t until_usec, struct process_list *list)
{
	uint64_t start = clock_now_usec();
	uint64_t left = until_usec > start ? until_usec - start : 0;

	list->n = 0;
	list->rest = tree->more;
	list->rest_rss_bytes = 0;
	list->cut = false;
	for (unsigned i = 0; i < tree->n; i++) {
		struct process_entry e = { .measured = false };

		if (clock_now_usec() >= until_usec) {
			list->cut = true;
			list->rest += tree->n - i;
			break;
		}
		if (proc_read_stat(procfd, tree->pids[i], &e.stat) < 0)
			continue;
		list_insert(list, &e);
	}
	/* A walk over the page tables cannot be broken off: a quarter of the time stays for
	 * writing. */
	list_measure(procfd, until_usec - MIN_OF(until_usec, left / 4), list);
}

static uint64_t age_seconds(const struct proc_stat *st, uint64_t now_usec)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t start = st->start_ticks / (uint64_t)(hz > 0 ? hz : 100);
	uint64_t now = now_usec / USEC_PER_SEC;

	return now > start ? now - start : 0;
}

static void write_memory(struct json *j, const struct process_entry *e)
{
	const struct proc_memory *m = &e->memory;

	if (!e->measured) {
		json_uint(j, "rss_bytes", e->stat.rss_bytes);
		json_null(j, "pss_bytes");
		json_null(j, "anon_bytes");
		json_null(j, "shmem_bytes");
		json_null(j, "swap_bytes");
		return;
	}
	json_uint(j, "rss_bytes", m->rss_bytes);
	if (m->pss_known)
		json_uint(j, "pss_bytes", m->pss_bytes);
	else
		json_null(j, "pss_bytes");
	json_uint(j, "anon_bytes", m->anon_bytes);
	json_uint(j, "shmem_bytes", m->shmem_bytes);
	json_uint(j, "swap_bytes", m->swap_bytes);
}

void processes_write_one(struct json *j, int procfd, const struct process_entry *e,
	bool full_cmdline, uint64_t now_usec)
{
	char cmdline[1024], command[512] = "", state[2] = { e->stat.state, '\0' };
	ssize_t len = proc_read_cmdline(procfd, e->stat.pid, cmdline, sizeof(cmdline));
	int fds = proc_count_fds(procfd, e->stat.pid);

	if (len > 0)
		proc_describe_cmdline(cmdline, (size_t)len, full_cmdline, command, sizeof(command));
	json_open_object(j, NULL);
	json_int(j, "pid", e->stat.pid);
	json_int(j, "ppid", e->stat.ppid);
	json_string(j, "comm", e->stat.comm);
	json_string(j, "command", command);
	json_string(j, "state", state);
	write_memory(j, e);
	json_uint(j, "threads", e->stat.threads);
	if (fds >= 0)
		json_int(j, "fds", fds);
	else
		json_null(j, "fds");
	json_uint(j, "age_seconds", age_seconds(&e->stat, now_usec));
	json_close_object(j);
}
