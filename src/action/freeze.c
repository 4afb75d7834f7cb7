/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGSTOP is enough against a process that forks: once it is pending, fork(2) fails and is
 * restarted after the stop, so whoever was born before it is found by the next scan.
 */
#include <errno.h>
#include <signal.h>

#include "action/action.h"
#include "proc/proc.h"

#define ROUNDS_MAX 16

static bool is_stopped(int procfd, pid_t pid)
{
	struct proc_stat stat;

	/* What has gone needs no stop either. */
	return proc_read_stat(procfd, pid, &stat) < 0 || stat.state == 'T' || stat.state == 't' ||
	       stat.state == 'Z' || stat.state == 'X';
}

/* Stops what is new in the scan; how many that were. */
static unsigned stop_new(struct freezer *f, const struct tree *seen)
{
	unsigned n = 0;

	for (unsigned i = 0; i < seen->n && f->tree.n < TREE_MAX; i++) {
		pid_t pid = seen->pids[i];

		/* Stopped by somebody else: not ours to continue. */
		if (tree_has(&f->tree, pid) || is_stopped(f->procfd, pid))
			continue;
		if (kill(pid, SIGSTOP))
			continue;
		f->tree.pids[f->tree.n++] = pid;
		n++;
	}
	return n;
}

int freeze_all(struct freezer *f, pid_t self, pid_t child, bool as_init, const pid_t *spare,
	unsigned n_spare)
{
	static struct tree seen; /* 32 KiB; the guard's stack is small */

	if (!f->frozen)
		f->tree.n = f->tree.more = 0;
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		int err = tree_scan(f->procfd, self, child, as_init, spare, n_spare, &seen);

		if (err < 0 && !f->tree.n)
			return err;
		if (err < 0 || !stop_new(f, &seen))
			break;
	}
	f->tree.more = seen.more;
	f->frozen = f->tree.n > 0;
	return (int)f->tree.n;
}

void freeze_thaw(struct freezer *f)
{
	/* The youngest first: a shell must not see its job stopped when it wakes up. */
	for (unsigned i = f->tree.n; i > 0; i--)
		kill(f->tree.pids[i - 1], SIGCONT);
	f->tree.n = f->tree.more = 0;
	f->frozen = false;
}
