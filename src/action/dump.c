/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/dumpers.h"
#include "dump/stacks.h"
#include "proc/proc.h"

#define TARGETS_MAX  16
#define SMALL_BYTES  (1 * MIB) /* not worth a refusal */
#define STACKS_FINAL "stacks.txt"
#define STACKS_NAME  STACKS_FINAL ".partial"
#define MARGIN_USEC  (300 * USEC_PER_MSEC) /* to close the file and tell before the deadline */

/* Where a kind writes: beside ours, by its own command (perhaps ours), or into our incident. */
enum writes { WRITES_OURS, WRITES_ELSEWHERE, WRITES_MAYBE };

static const enum writes writes_of[] = {
	[DUMP_SIGNAL] = WRITES_ELSEWHERE,
	[DUMP_COMMAND] = WRITES_MAYBE,
	[DUMP_NONE] = WRITES_OURS,
};

/* May this dump be taken? True, or false and why not in words. */
static bool may_dump(const struct action_job *job, const struct dumper *d, int dirfd,
	uint64_t estimate_bytes, struct buf *why)
{
	uint64_t headroom = job->sample.headroom_bytes, free_bytes = 0;
	enum writes writes = writes_of[d->kind];
	bool lost = job->store->throw_away && job->conf->restart.mode == RESTART_EXIT;
	int err;

	if (headroom < d->need_bytes) {
		buf_printf(why, "not enough headroom: %s left, needs %s",
			units_human_bytes(headroom).s, units_human_bytes(d->need_bytes).s);
		return false;
	}
	if (writes == WRITES_ELSEWHERE)
		return true;
	if (dirfd < 0) {
		buf_printf(why, "no place for it (guard.state-dir): %s", strerror(-dirfd));
		return false;
	}
	if (writes == WRITES_OURS && lost && estimate_bytes > SMALL_BYTES) {
		buf_printf(why, "%s is lost when the container exits (restart.mode = exit)",
			job->store->path);
		return false;
	}
	err = store_has_room(job->store, job->conf, estimate_bytes, &free_bytes);
	if (err == -ENOSPC)
		buf_printf(why, "no room in %s: %s free, may need %s", job->store->path,
			units_human_bytes(free_bytes).s, units_human_bytes(estimate_bytes).s);
	else if (err < 0)
		buf_printf(why, "%s: %s", job->store->path, strerror(-err));
	return err >= 0;
}

static void tell_file(const struct action_job *job, const struct dump_result *res,
	uint64_t took_usec, struct buf *line)
{
	bool bare = !strchr(res->file, '/');

	buf_printf(line, " done: %s%s%s", bare ? job->incident : "",
		bare && job->incident[0] ? "/" : "", res->file);
	if (res->bytes)
		buf_printf(line, ", %s", units_human_bytes(res->bytes).s);
	buf_printf(line, " in %s", units_human_duration(took_usec).s);
}

/* Dumpers name the process in their own words, or leave that to us. */
static void tell_result(const struct action_job *job, const struct dump_request *req, int err,
	const struct dump_result *res, uint64_t took_usec, struct buf *line)
{
	char who[32];

	snprintf(who, sizeof(who), "pid %d", (int)req->pid);
	if (res->text[0] && strstr(res->text, who) && (err || !res->file[0])) {
		buf_puts(line, res->text);
		return;
	}
	buf_printf(line, "heap dump of %s (%s)", who, req->comm);
	if (err < 0)
		buf_printf(line, " failed: %s", res->text[0] ? res->text : strerror(-err));
	else if (res->file[0])
		tell_file(job, res, took_usec, line);
	else
		buf_printf(line, " done%s%s", res->text[0] ? ": " : "", res->text);
}

static const char *incident_path(const struct action_job *job, char *out, size_t size)
{
	if (!job->incident[0] || job->store->dirfd < 0)
		return "";
	snprintf(out, size, "%s/%s", job->store->path, job->incident);
	return out;
}

/* One process. 0 when there is a dump of it. */
static int dump_one(struct action_job *job, int procfd, pid_t pid, int dirfd, struct buf *line)
{
	enum conf_dump_kind kind = dumper_choose(job->conf, pid);
	const struct dumper *dumper = dumper_find(kind);
	struct dump_result res = { .bytes = 0 };
	char path[2 * STORE_PATH_MAX], text[DUMP_TEXT_MAX] = "";
	struct buf why = BUF_ON(text);
	struct dump_request req = {
		.conf = job->conf,
		.pid = pid,
		.incident_dirfd = dirfd,
		.incident_path = incident_path(job, path, sizeof(path)),
		.level = job->level,
		.deadline_usec = job->deadline_usec,
		.hook_env = hook_environment(job, pid),
	};
	uint64_t start = clock_now_usec();
	struct proc_stat stat;
	int err;

	work_separate(line);
	if (proc_read_stat(procfd, pid, &stat) < 0) {
		buf_printf(line, "pid %d has gone", (int)pid);
		return -ESRCH;
	}
	req.comm = stat.comm;
	if (!dumper) {
		buf_printf(line, "no heap dump of pid %d (%s): %s%s", (int)pid, stat.comm,
			kind == DUMP_NONE
				? "no way is configured (dump.kind, dump.signal, dump.command)"
				: conf_dump_kind_name(kind),
			kind == DUMP_NONE ? "" : " is not built yet");
		return -ENOSYS;
	}
	if (!may_dump(job, dumper, dirfd, stat.rss_bytes, &why)) {
		buf_printf(line, "no heap dump of pid %d (%s): %s", (int)pid, stat.comm, text);
		return -ENOSPC;
	}
	err = dumper->capture(&req, &res);
	tell_result(job, &req, err, &res, clock_now_usec() - start, line);
	return err;
}

int work_heap_dump(struct action_job *job, struct buf *line)
{
	auto_close int procfd = proc_open_root();
	auto_close int dirfd = work_open_incident(job);
	pid_t pids[TARGETS_MAX];
	unsigned n = target_choose(job, pids, TARGETS_MAX);
	int status = 1;

	if (!n)
		buf_puts(line, "no heap dump: no process is the target (dump.target)");
	for (unsigned i = 0; i < n; i++)
		if (!dump_one(job, procfd, pids[i], dirfd, line))
			status = 0;
	work_drop_incident(job);
	return status;
}

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

int work_stacks(struct action_job *job, struct buf *line)
{
	static struct tree tree;
	struct stacks_tally tally = { .failed = 0 };
	auto_close int procfd = proc_open_root(), fd = -1;
	auto_close int dirfd = work_open_incident(job);
	int err = dirfd;

	if (dirfd >= 0) {
		fd = openat(dirfd, STACKS_NAME,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		err = fd < 0 ? -errno : work_scan(job, procfd, &tree);
	}
	if (err < 0) {
		buf_printf(line, "no stacks: %s", strerror(-err));
		work_drop_incident(job);
		return 1;
	}
	collect_stacks(job, &tree, fd, &tally);
	fsync(fd);
	if (!tally.count.frames || renameat(dirfd, STACKS_NAME, dirfd, STACKS_FINAL) < 0)
		unlinkat(dirfd, STACKS_NAME, 0);
	tell_stacks(job, &tally, line);
	work_drop_incident(job);
	return tally.count.frames ? 0 : 1;
}
