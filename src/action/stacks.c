/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/stacks.h"
#include "proc/proc.h"

#define STACKS_FINAL "stacks.txt"
#define STACKS_NAME  STACKS_FINAL ".partial"
#define NEED_BYTES   (6 * MIB)		   /* nobody asked for them by name */
#define MARGIN_USEC  (300 * USEC_PER_MSEC) /* to close the file and tell before the deadline */

struct stacks_tally {
	struct stacks_count count;
	unsigned failed, late; /* processes */
	int last_error;
};

static void tell_stacks(
	const struct action_job *job, const struct stacks_tally *t, struct buf *line)
{
	const struct stacks_count *c = &t->count;

	if (c->frames) {
		buf_printf(line,
			"stacks of %u process%s, %u thread%s, %u frames: %s/" STACKS_FINAL
			" (stopped at most %.1fms)",
			c->processes, c->processes == 1 ? "" : "es", c->threads,
			c->threads == 1 ? "" : "s", c->frames, job->incident,
			(double)c->stopped_usec_max / 1000.0);
	} else {
		buf_puts(line, "no stacks");
	}
	if (c->denied)
		buf_printf(line,
			"; ptrace denied for %u thread%s (yama ptrace_scope or another user)",
			c->denied, c->denied == 1 ? "" : "s");
	if (c->gone)
		buf_printf(line, "; %u ended meanwhile", c->gone);
	if (t->failed)
		buf_printf(line, "; %u process%s could not be read: %s", t->failed,
			t->failed == 1 ? "" : "es", strerror(-t->last_error));
	if (t->late)
		buf_printf(line, "; no time for %u more", t->late);
}

static void collect_stacks(
	const struct action_job *job, const struct tree *tree, int fd, struct stacks_tally *t)
{
	for (unsigned i = 0; i < tree->n; i++) {
		unsigned denied = t->count.denied;
		int err;

		if (clock_now_usec() + MARGIN_USEC >= job->deadline_usec) {
			t->late = tree->n - i;
			return;
		}
		err = stacks_write(tree->pids[i], fd, &t->count);
		if (err == -EPERM) {
			if (t->count.denied == denied)
				t->count.denied++;
		} else if (err < 0 && err != -ESRCH) {
			t->failed++;
			t->last_error = err;
		}
	}
}

/* Of all processes, or of `only` where that is one. */
static int write_stacks(struct action_job *job, pid_t only, int dirfd, struct buf *line)
{
	static struct tree tree;
	struct stacks_tally tally = { .failed = 0 };
	auto_close int procfd = proc_open_root(), fd = -1;
	int err = dirfd;

	if (dirfd >= 0) {
		fd = openat(dirfd, STACKS_NAME,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		err = fd < 0 ? -errno : only > 0 ? 0 : work_scan(job, procfd, &tree);
	}
	if (err < 0) {
		buf_printf(line, "no stacks: %s", strerror(-err));
		return 1;
	}
	if (only > 0) {
		tree.pids[0] = only;
		tree.n = 1;
	}
	collect_stacks(job, &tree, fd, &tally);
	fsync(fd);
	if (!tally.count.frames || renameat(dirfd, STACKS_NAME, dirfd, STACKS_FINAL) < 0)
		unlinkat(dirfd, STACKS_NAME, 0);
	tell_stacks(job, &tally, line);
	return tally.count.frames ? 0 : 1;
}

int work_stacks_of(struct action_job *job, pid_t pid, int dirfd, struct buf *line)
{
	if (job->sample.headroom_bytes < NEED_BYTES) {
		buf_printf(line, "no stacks: not enough headroom: %s left, needs %s",
			units_human_bytes(job->sample.headroom_bytes).s,
			units_human_bytes(NEED_BYTES).s);
		return 1;
	}
	return write_stacks(job, pid, dirfd, line);
}

int work_stacks(struct action_job *job, struct buf *line)
{
	auto_close int dirfd = work_open_incident(job);
	int status = write_stacks(job, 0, dirfd, line);

	work_drop_incident(job);
	return status;
}
