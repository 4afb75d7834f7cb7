/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminate-largest: ends the fattest worker, and nobody else. A worker is a process whose parent
 * belongs to the application and runs the same executable (gunicorn, puma, php-fpm, nginx, the
 * cluster of Node): that parent is there to start another. Never the main process, and never one
 * that has children of its own: that is somebody's parent. TERM first; KILL when it is still there
 * after half of the action's time.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "proc/proc.h"

#define WORTH_BYTES (1 * MIB)	 /* a smaller one gives nothing back */
#define KILL_USEC   USEC_PER_SEC /* for the kernel to take it down */

struct worker {
	struct proc_stat stat;
	uint64_t bytes; /* PSS: what goes with it */
};

static bool same_exe(pid_t a, pid_t b)
{
	char path[32];
	struct stat x, y;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)a);
	if (stat(path, &x) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)b);
	return stat(path, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Stats of all of them, so that each is asked for its parent once. Returns how many. */
static unsigned read_all(const struct tree *tree, int procfd, struct proc_stat *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tree->n; i++)
		if (proc_read_stat(procfd, tree->pids[i], &out[n]) == 0)
			n++;
	return n;
}

static bool is_worker(
	const struct action_job *job, const struct proc_stat *all, unsigned n, unsigned i)
{
	bool has_parent = false;

	if (all[i].pid == job->child)
		return false;
	for (unsigned k = 0; k < n; k++) {
		if (all[k].ppid == all[i].pid)
			return false;
		has_parent |= all[k].pid == all[i].ppid;
	}
	return has_parent && same_exe(all[i].pid, all[i].ppid);
}

/* 0, -ENOENT: there is none, or -errno. */
static int find_fattest(const struct action_job *job, int procfd, struct worker *ret)
{
	static struct tree tree;
	auto_free struct proc_stat *all = NULL;
	unsigned n;
	int r = procfd < 0 ? procfd : work_scan(job, procfd, &tree);

	if (r < 0)
		return r;
	all = calloc(tree.n + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	n = read_all(&tree, procfd, all);
	ret->bytes = 0;
	for (unsigned i = 0; i < n; i++) {
		struct proc_memory mem;

		if (!is_worker(job, all, n, i) ||
			proc_read_memory(procfd, all[i].pid, false, &mem) < 0 ||
			mem.pss_bytes <= ret->bytes)
			continue;
		ret->bytes = mem.pss_bytes;
		ret->stat = all[i];
	}
	return ret->bytes >= WORTH_BYTES ? 0 : -ENOENT;
}

static bool ends_until(int pidfd, uint64_t until_usec)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		uint64_t now = clock_now_usec();
		int r = poll(&p, 1, now < until_usec ? (int)((until_usec - now) / 1000 + 1) : 0);

		if (r > 0)
			return true;
		if (r == 0 && clock_now_usec() >= until_usec)
			return false;
		if (r < 0 && errno != EINTR)
			return false;
	}
}

/* The signal that it took, or -errno. */
static int end_worker(const struct action_job *job, int procfd, const struct worker *w)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, w->stat.pid, 0);
	uint64_t now = clock_now_usec();
	uint64_t half = now + (job->deadline_usec > now ? (job->deadline_usec - now) / 2 : 0);
	struct proc_stat again;

	if (pidfd < 0)
		return -errno;
	/* The pid may be another's by now. */
	if (proc_read_stat(procfd, w->stat.pid, &again) < 0 ||
		again.start_ticks != w->stat.start_ticks)
		return -ESRCH;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0) < 0)
		return -errno;
	if (ends_until(pidfd, half))
		return SIGTERM;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
		return errno == ESRCH ? SIGTERM : -errno;
	return ends_until(pidfd, clock_now_usec() + KILL_USEC) ? SIGKILL : -ETIMEDOUT;
}

int work_terminate_largest(struct action_job *job, struct buf *line)
{
	auto_close int procfd = proc_open_root();
	uint64_t start = clock_now_usec(), before = work_headroom(job), after;
	struct worker w;
	int r = find_fattest(job, procfd, &w);

	if (r == -ENOENT) {
		buf_puts(line,
			"no worker to terminate: none has a parent of the same program, 1MiB "
			"of its own and no children");
		return 1;
	}
	if (r < 0) {
		buf_printf(line, "no worker terminated: %s", strerror(-r));
		return 1;
	}
	r = end_worker(job, procfd, &w);
	buf_printf(line, "worker pid %d (%s, %s)", (int)w.stat.pid, w.stat.comm,
		units_human_bytes(w.bytes).s);
	if (r < 0) {
		buf_printf(line, " not terminated: %s", strerror(-r));
		return 1;
	}
	after = work_headroom(job);
	buf_printf(line, " terminated by %s after %s; headroom %s -> %s",
		r == SIGTERM ? "TERM" : "KILL", units_human_duration(clock_now_usec() - start).s,
		units_human_bytes(before).s, units_human_bytes(after).s);
	return 0;
}
