/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/kinds.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/signame.h"
#include "base/units.h"
#include "dump/newfile.h"
#include "dump/nspath.h"
#include "proc/proc.h"

#define STEP_MSEC    20
#define LOOK_USEC    (100 * USEC_PER_MSEC)
#define LOOKS_STABLE 3
#define MARGIN_USEC  (100 * USEC_PER_MSEC) /* to tell the result before the helper is killed */

/* Where the dump is expected and what was there before. */
struct place {
	pid_t pid;
	char path[DUMP_TEXT_MAX]; /* as the target names it; "" when not configured */
	int unseen;		  /* -errno: it cannot be looked at */
	struct newfile_marks before;
};

static int say(struct dump_result *ret, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int say(struct dump_result *ret, int r, const char *format, ...)
{
	struct buf b = BUF_ON(ret->text);
	va_list args;

	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
	return r;
}

/* Takes the pidfd of the very process that stat describes: the pid may have been used again. */
static int open_target(int procfd, pid_t pid, struct proc_stat *ret_stat)
{
	auto_close int pidfd = -1;
	struct proc_stat before, after;
	int r = proc_read_stat(procfd, pid, &before);

	if (r < 0)
		return r;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return -errno;
	r = proc_read_stat(procfd, pid, &after);
	if (r < 0)
		return r;
	if (before.start_ticks != after.start_ticks || after.state == 'Z')
		return -ESRCH;
	*ret_stat = after;
	return take_fd(&pidfd);
}

static int remember_place(struct place *place)
{
	auto_close int fd = nspath_open(place->pid, place->path, O_PATH);
	struct stat st;

	/* Nothing there yet: whatever comes is new. */
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		return newfile_remember_file(&st, &place->before);
	return S_ISDIR(st.st_mode) ? newfile_remember(fd, &place->before) : -EINVAL;
}

/* The new or changed file: 1, 0 none yet, or -errno. */
static int look(const struct place *place, struct newfile *ret)
{
	auto_close int fd = nspath_open(place->pid, place->path, O_PATH);
	struct stat st;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return newfile_find(fd, &place->before, ret);
	if (!S_ISREG(st.st_mode) || !newfile_is_new(&place->before, &st))
		return 0;
	*ret = (struct newfile){ .mark = newfile_mark_of(&st) };
	return 1;
}

/* Does the target still have it open? No when we may not look: then the size alone decides. */
static bool is_open(int procfd, pid_t pid, const struct newfile_mark *mark)
{
	auto_closedir DIR *d = NULL;
	auto_close int fd = -1;
	struct dirent *e;
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "%d/fd", (int)pid);
	fd = openat(procfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	d = fdopendir(fd);
	if (!d)
		return false;
	take_fd(&fd);
	while ((e = readdir(d)))
		if (fstatat(dirfd(d), e->d_name, &st, 0) == 0 && st.st_dev == mark->dev &&
			st.st_ino == mark->ino)
			return true;
	return false;
}

static void tell_file(
	const struct place *place, const struct newfile *file, struct dump_result *ret)
{
	struct buf b = BUF_ON(ret->file);

	buf_puts(&b, place->path);
	if (file->name[0])
		buf_printf(&b, "%s%s", place->path[strlen(place->path) - 1] == '/' ? "" : "/",
			file->name);
	ret->bytes = (uint64_t)file->mark.size;
}

/* 0 complete, -ETIMEDOUT, -ESRCH: the target has ended, -errno. *file has what there is, if any. */
static int wait_for_file(
	const struct place *place, int procfd, int pidfd, uint64_t until_usec, struct newfile *file)
{
	struct newfile_mark last = { .size = -1 };
	uint64_t look_usec = 0, now;
	unsigned stable = 0;
	int r, ended = 0;

	while ((now = clock_now_usec()) < until_usec && !ended) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };

		ended = poll(&p, 1, STEP_MSEC) > 0;
		r = look(place, file);
		if (r < 0)
			return ended ? -ESRCH : r;
		if (r == 0 || !newfile_same(&last, &file->mark)) {
			stable = 0;
			look_usec = now;
			last = r ? file->mark : (struct newfile_mark){ .size = -1 };
			continue;
		}
		if (now - look_usec < LOOK_USEC)
			continue;
		look_usec = now;
		stable++;
		if (stable >= LOOKS_STABLE && file->mark.size > 0 &&
			!is_open(procfd, place->pid, &file->mark))
			return 0;
	}
	return ended ? -ESRCH : -ETIMEDOUT;
}

static int send_and_wait(const struct dump_request *req, struct place *place, int procfd, int pidfd,
	struct dump_result *ret)
{
	const char *comm = req->comm ? req->comm : "?";
	struct newfile file = { .mark.size = 0 };
	char name[SIGNAME_TEXT_MAX];
	uint64_t started = clock_now_usec();
	int r;

	signame_print(req->conf->dump.signal, name);
	if (syscall(SYS_pidfd_send_signal, pidfd, req->conf->dump.signal, NULL, 0) < 0)
		return say(ret, -errno, "SIG%s not sent to pid %d (%s): %s", name, (int)req->pid,
			comm, strerror(errno));
	if (place->unseen < 0)
		return say(ret, 0,
			"SIG%s sent to pid %d (%s); %s cannot be seen (%s): not verified", name,
			(int)req->pid, comm, req->conf->dump.path, strerror(-place->unseen));
	if (!place->path[0])
		return say(ret, 0,
			"SIG%s sent to pid %d (%s), no dump.path configured: not verified", name,
			(int)req->pid, comm);
	r = wait_for_file(place, procfd, pidfd,
		req->deadline_usec - MIN_OF(req->deadline_usec, MARGIN_USEC), &file);
	if (file.mark.ino)
		tell_file(place, &file, ret);
	if (r == 0)
		return say(ret, 0, "heap dump of pid %d (%s): %s (%s) in %s", (int)req->pid, comm,
			ret->file, units_human_bytes(ret->bytes).s,
			units_human_duration(clock_now_usec() - started).s);
	if (r == -ESRCH)
		return say(ret, r, "pid %d (%s) ended after SIG%s; %s %s", (int)req->pid, comm,
			name, file.mark.ino ? "perhaps cut short:" : "no file in",
			file.mark.ino ? ret->file : place->path);
	if (r == -ETIMEDOUT && file.mark.ino)
		return say(ret, r, "%s is not complete at the deadline (%s so far)", ret->file,
			units_human_bytes(ret->bytes).s);
	if (r == -ETIMEDOUT)
		return say(ret, r,
			"pid %d (%s) got SIG%s, but no new file in %s until the deadline",
			(int)req->pid, comm, name, place->path);
	return say(ret, r, "cannot look at %s of pid %d: %s", place->path, (int)req->pid,
		strerror(-r));
}

int dump_by_signal(const struct dump_request *req, struct dump_result *ret)
{
	struct place place = { .pid = req->pid, .before = NEWFILE_MARKS_NONE };
	auto_close int procfd = proc_open_root(), pidfd = -1;
	int sig = req->conf->dump.signal, r;
	char name[SIGNAME_TEXT_MAX];
	struct proc_stat stat;
	pid_t nspid;

	*ret = (struct dump_result){ .bytes = 0 };
	if (sig == 0)
		return say(ret, -EINVAL, "dump.signal is not set");
	if (procfd < 0)
		return say(ret, procfd, "/proc: %s", strerror(-procfd));
	pidfd = open_target(procfd, req->pid, &stat);
	if (pidfd < 0)
		return say(ret, pidfd, "pid %d: %s", (int)req->pid, strerror(-pidfd));
	signame_print(sig, name);
	if (!proc_catches_signal(procfd, req->pid, sig))
		return say(ret, -EPERM,
			"pid %d (%s) does not handle SIG%s: sending it would kill the process",
			(int)req->pid, stat.comm, name);
	r = req->conf->dump.path[0] ? nspath_read_pid(req->pid, &nspid) : 0;
	if (r == 0 && req->conf->dump.path[0])
		r = nspath_expand(req->conf->dump.path, nspid, place.path, sizeof(place.path));
	if (r == 0 && place.path[0])
		r = remember_place(&place);
	place.unseen =
		r; /* asked for all the same: a dump that nobody watches is better than none */
	r = send_and_wait(req, &place, procfd, pidfd, ret);
	newfile_forget(&place.before);
	return r;
}
