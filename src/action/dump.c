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
#include "proc/proc.h"

#define TARGETS_MAX 16
#define SETTLE_USEC (300 * USEC_PER_MSEC) /* G1 has answered and still gives memory back */

/* One process and all that is told of it. */
struct attempt {
	struct action_job *job;
	struct proc_stat stat;
	struct dump_request req;
	int dirfd;
	enum conf_dump_kind kind; /* of a dump that is to be kept; DUMP_NONE: a small file */
	struct buf *line;
	char path[2 * STORE_PATH_MAX];
	char **env;
};

static void cleanup_attempt(struct attempt *a)
{
	hook_free_environment(&a->env);
}

#define auto_attempt __attribute__((cleanup(cleanup_attempt)))

typedef int (*capture_fn)(const struct dump_request *req, struct dump_result *ret);

static void tell_file(const struct action_job *job, const struct dump_result *res,
	uint64_t took_usec, struct buf *line)
{
	bool bare = !strchr(res->file, '/');

	buf_printf(line, " done: %s%s%s", bare ? job->incident : "",
		bare && job->incident[0] ? "/" : "", res->file);
	if (res->bytes)
		buf_printf(line, ", %s", units_human_bytes(res->bytes).s);
	buf_printf(line, " in %s", units_human_duration(took_usec).s);
	if (res->note[0])
		buf_printf(line, " (%s)", res->note);
}

/* Dumpers name the process in their own words, or leave that to us. */
static void tell_result(struct attempt *a, const char *what, int err, const struct dump_result *res,
	uint64_t took_usec)
{
	char who[32];

	snprintf(who, sizeof(who), "pid %d", (int)a->req.pid);
	if (res->text[0] && strstr(res->text, who) && (err || !res->file[0])) {
		buf_puts(a->line, res->text);
		return;
	}
	buf_printf(a->line, "%s of %s (%s)", what, who, a->stat.comm);
	if (err < 0)
		buf_printf(a->line, " failed: %s", res->text[0] ? res->text : strerror(-err));
	else if (res->file[0])
		tell_file(a->job, res, took_usec, a->line);
	else
		buf_printf(a->line, " done%s%s", res->text[0] ? ": " : "", res->text);
}

static const char *incident_path(const struct action_job *job, char *out, size_t size)
{
	if (!job->incident[0] || job->store->dirfd < 0)
		return "";
	snprintf(out, size, "%s/%s", job->store->path, job->incident);
	return out;
}

/* With the parachute open growth is not refused but so slow that it would never end. */
static uint64_t free_growth(const struct action_job *job)
{
	const struct cgroup_sample *s = &job->sample;
	uint64_t high = job->parachute.high_bytes;

	if (!job->parachute.wanted)
		return s->headroom_bytes;
	return MIN_OF(s->headroom_bytes, high - MIN_OF(high, s->own_use_bytes));
}

static int begin_attempt(struct attempt *a, struct action_job *job, int procfd, pid_t pid,
	int dirfd, struct buf *line)
{
	*a = (struct attempt){ .job = job, .dirfd = dirfd, .kind = DUMP_NONE, .line = line };
	work_separate(line);
	if (proc_read_stat(procfd, pid, &a->stat) < 0) {
		buf_printf(line, "pid %d has gone", (int)pid);
		return -ESRCH;
	}
	a->env = hook_environment(job, pid);
	a->req = (struct dump_request){
		.conf = job->conf,
		.pid = pid,
		.comm = a->stat.comm,
		.incident_dirfd = dirfd,
		.incident_path = incident_path(job, a->path, sizeof(a->path)),
		.level = job->level,
		.deadline_usec = job->deadline_usec,
		.hook_dir = job->hook_dir,
		.headroom_bytes = free_growth(job),
		.hook_env = a->env,
	};
	return 0;
}

static int run(struct attempt *a, const char *what, capture_fn capture)
{
	struct dump_result res = { .bytes = 0 };
	uint64_t before = work_headroom(a->job), start = clock_now_usec(), took, after;
	int err = capture(&a->req, &res);

	took = clock_now_usec() - start;
	after = work_headroom(a->job);
	if (err >= 0)
		work_keep(&(struct work_dump){ .job = a->job,
			.dirfd = a->dirfd,
			.kind = a->kind,
			.stat = &a->stat,
			.took_usec = took,
			.headroom_bytes = before > after ? before - after : 0,
			.result = &res });
	if (!err)
		a->job->dump_bytes += res.bytes;
	tell_result(a, what, err, &res, took);
	return err;
}

/* A dump as far as it is allowed, else what the runtime tells of its heap. */
static int try_kind(struct attempt *a, enum conf_dump_kind kind)
{
	const struct dumper *d = dumper_find(kind);
	struct admission ask;
	char text[DUMP_TEXT_MAX] = "";
	struct buf why = BUF_ON(text);

	work_separate(a->line);
	if (!d) {
		buf_printf(a->line,
			"no heap dump of pid %d (%s): no way is configured (dump.kind, "
			"dump.signal, dump.command)",
			(int)a->req.pid, a->stat.comm);
		return -ENOSYS;
	}
	ask = work_estimate(a->job, d, &a->stat, a->dirfd);
	if (work_admit(a->job, &ask, a->dirfd, &why)) {
		int err;

		a->kind = kind;
		a->req.spare_bytes = work_spare(a->job, &ask);
		err = run(a, "heap dump", d->capture);
		a->kind = DUMP_NONE;
		return err;
	}
	buf_printf(a->line, "no heap dump of pid %d (%s): %s", (int)a->req.pid, a->stat.comm, text);
	if (!d->profile || d->profile == d->capture || a->dirfd < 0 ||
		a->job->sample.headroom_bytes < d->profile_need_bytes)
		return -ENOSPC;
	work_separate(a->line);
	return run(a, "profile", d->profile);
}

/* Down the ladder; stacks are what is left where nothing else was to be had. */
static int dump_one(struct action_job *job, int procfd, pid_t pid, int dirfd, struct buf *line)
{
	enum conf_dump_kind kinds[DUMPER_LADDER_MAX];
	unsigned n = dumper_ladder(job->conf, pid, kinds);
	auto_attempt struct attempt a = { .env = NULL };
	int err = begin_attempt(&a, job, procfd, pid, dirfd, line);

	if (err < 0)
		return err;
	if (!work_is_due(job, a.stat.comm, line))
		return 0;
	err = -ENOSYS;
	for (unsigned i = 0; i < n && err < 0; i++)
		err = try_kind(&a, kinds[i]);
	if (err < 0 && err != -ESRCH && job->conf->dump.kind == DUMP_AUTO && dirfd >= 0) {
		work_separate(line);
		return work_stacks_of(job, pid, dirfd, line) ? err : 0;
	}
	return err;
}

typedef int (*one_fn)(struct action_job *job, int procfd, pid_t pid, int dirfd, struct buf *line);

static int for_targets(struct action_job *job, const char *nothing, one_fn one, struct buf *line)
{
	auto_close int procfd = proc_open_root();
	auto_close int dirfd = work_open_incident(job);
	pid_t pids[TARGETS_MAX];
	unsigned n = target_choose(job, pids, TARGETS_MAX);
	int status = 1;

	if (!n)
		buf_printf(line, "%s: no process is the target (dump.target)", nothing);
	for (unsigned i = 0; i < n; i++)
		if (!one(job, procfd, pids[i], dirfd, line))
			status = 0;
	work_drop_incident(job);
	return status;
}

int work_heap_dump(struct action_job *job, struct buf *line)
{
	return for_targets(job, "no heap dump", dump_one, line);
}

static int core_one(struct action_job *job, int procfd, pid_t pid, int dirfd, struct buf *line)
{
	auto_attempt struct attempt a = { .env = NULL };
	int err = begin_attempt(&a, job, procfd, pid, dirfd, line);

	if (err < 0)
		return err;
	return work_is_due(job, a.stat.comm, line) ? try_kind(&a, DUMP_CORE) : 0;
}

int work_core(struct action_job *job, struct buf *line)
{
	return for_targets(job, "no core", core_one, line);
}

/* What the runtime tells of its heap in a moment; of others the stacks. */
static int profile_one(struct action_job *job, int procfd, pid_t pid, int dirfd, struct buf *line)
{
	const struct dumper *d = dumper_of_runtime(pid);
	auto_attempt struct attempt a = { .env = NULL };
	int err = begin_attempt(&a, job, procfd, pid, dirfd, line);

	if (err < 0)
		return err;
	if (dirfd < 0) {
		buf_printf(line, "no profile: no place for it (guard.state-dir): %s",
			strerror(-dirfd));
		return dirfd;
	}
	if (d && d->profile && job->sample.headroom_bytes >= d->profile_need_bytes) {
		err = run(&a, "profile", d->profile);
		if (err >= 0)
			return err;
		work_separate(line);
	}
	return work_stacks_of(job, pid, dirfd, line) ? -EIO : 0;
}

int work_profile(struct action_job *job, struct buf *line)
{
	return for_targets(job, "no profile", profile_one, line);
}

static uint64_t read_rss(int procfd, pid_t pid)
{
	struct proc_memory mem = { .rss_bytes = 0 };

	proc_read_memory(procfd, pid, true, &mem);
	return mem.rss_bytes;
}

static int relieve_one(struct action_job *job, int procfd, pid_t pid, int dirfd, struct buf *line)
{
	const struct dumper *d = dumper_of_runtime(pid);
	uint64_t before = read_rss(procfd, pid), after;
	struct dump_result res = { .bytes = 0 };
	auto_attempt struct attempt a = { .env = NULL };
	int err = begin_attempt(&a, job, procfd, pid, dirfd, line);

	if (err < 0)
		return err;
	if (!d || !d->relieve) {
		buf_printf(line, "nothing to relieve in pid %d (%s)", (int)pid, a.stat.comm);
		return 0;
	}
	err = d->relieve(&a.req, &res);
	if (err >= 0)
		usleep(SETTLE_USEC);
	after = read_rss(procfd, pid);
	if (err < 0)
		buf_printf(line, "no relief: %s", res.text);
	else
		buf_printf(line, "relief: %s of pid %d (%s): %s -> %s resident", res.text, (int)pid,
			a.stat.comm, units_human_bytes(before).s, units_human_bytes(after).s);
	if (err >= 0 && after < before / 4 * 3)
		buf_puts(line, ": garbage, not a leak");
	return err;
}

int work_relieve(struct action_job *job, struct buf *line)
{
	int status = for_targets(job, "no relief", relieve_one, line);

	work_reclaim(job, line);
	return status;
}
