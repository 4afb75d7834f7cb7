/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/attach.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "dump/nspath.h"
#include "dump/wire.h"
#include "proc/proc.h"

#define REPLY_MAX    (64 * MIB)
#define LISTEN_USEC  (5 * USEC_PER_SEC) /* from SIGQUIT to the socket; it takes milliseconds */
#define COMMAND_MAX  16
#define ARGUMENT_MAX 1024
#define OPTIONS_MAX  (128u << 10)
/* -Xrs: no signal handlers, so that one that is there is the application's own. */
static const char *const forbidden[] = { "-XX:+DisableAttachMechanism", "-Xrs" };

static int fail(struct attach *a, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int fail(struct attach *a, int r, const char *format, ...)
{
	struct buf b = BUF_ON(a->why);
	va_list args;

	va_start(args, format);
	buf_reset(&b);
	buf_vprintf(&b, format, args);
	va_end(args);
	return r;
}

int attach_open(pid_t pid, uint64_t until_usec, struct attach *ret)
{
	auto_close int procfd = proc_open_root();
	int r;

	*ret = (struct attach){ .pid = pid, .pidfd = -1, .tmpfd = -1, .until_usec = until_usec };
	ret->pidfd = wire_open_pidfd(pid);
	if (ret->pidfd < 0)
		return fail(ret, ret->pidfd, "%s", strerror(-ret->pidfd));
	r = procfd < 0 ? procfd : proc_read_ids(procfd, pid, &ret->uid, &ret->gid);
	if (r == 0)
		r = nspath_read_pid(pid, &ret->nspid);
	if (r < 0)
		return fail(ret, r, "%s", strerror(-r));
	ret->tmpfd = nspath_open(pid, "/tmp", O_PATH | O_DIRECTORY);
	if (ret->tmpfd < 0)
		return fail(ret, ret->tmpfd, "its /tmp: %s", strerror(-ret->tmpfd));
	return 0;
}

void attach_close(struct attach *a)
{
	cleanup_close(&a->pidfd);
	cleanup_close(&a->tmpfd);
	a->pidfd = a->tmpfd = -1;
}

/* With the VM's own user: JDK 8 takes nobody else, and what is made is to be its. */
static int try_connect(struct attach *a)
{
	struct wire_identity before;
	char name[32];
	int r = wire_become(a->uid, a->gid, &before);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), ".java_pid%d", (int)a->nspid);
	r = wire_connect_unix(a->tmpfd, name, a->pid, a->uid, a->until_usec);
	wire_return(&before);
	return r;
}

static bool file_holds(pid_t pid, const char *file, const char *what)
{
	auto_free char *text = malloc(OPTIONS_MAX);
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	n = text ? file_read_text(AT_FDCWD, path, text, OPTIONS_MAX) : -ENOMEM;
	if (n == -EFBIG)
		n = OPTIONS_MAX - 1;
	return n > 0 && memmem(text, (size_t)n, what, strlen(what));
}

/* Is it provably safe to wake up the listener by SIGQUIT? */
static int may_wake(struct attach *a)
{
	auto_close int procfd = proc_open_root();

	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
		if (file_holds(a->pid, "cmdline", forbidden[i]) ||
			file_holds(a->pid, "environ", forbidden[i]))
			return fail(a, -EPERM, "the VM does not allow it (%s)", forbidden[i]);
	if (procfd < 0 || !proc_catches_signal(procfd, a->pid, SIGQUIT))
		return fail(a, -EPERM, "the VM does not handle SIGQUIT (-Xrs, or not started yet)");
	return 0;
}

/* The socket, -ETIMEDOUT, -ESRCH, or -errno. */
static int wait_for_listener(struct attach *a)
{
	uint64_t until = MIN_OF(a->until_usec, clock_now_usec() + LISTEN_USEC);
	int step_msec = 5;

	while (clock_now_usec() < until) {
		struct pollfd p = { .fd = a->pidfd, .events = POLLIN };
		int fd;

		if (poll(&p, 1, step_msec) > 0)
			return -ESRCH;
		step_msec = MIN_OF(step_msec * 2, 200);
		fd = try_connect(a);
		if (fd >= 0 || (fd != -ENOENT && fd != -ECONNREFUSED))
			return fd;
	}
	return -ETIMEDOUT;
}

static int make_trigger(const struct attach *a, const char *name)
{
	struct wire_identity before;
	int r = wire_become(a->uid, a->gid, &before), fd;

	if (r < 0)
		return r;
	fd = openat(a->tmpfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* What is left of somebody who was killed is as good. */
	r = fd < 0 && errno != EEXIST ? -errno : 0;
	cleanup_close(&fd);
	wire_return(&before);
	return r;
}

static int wake_listener(struct attach *a)
{
	char name[32];
	int r = may_wake(a), fd;

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), ".attach_pid%d", (int)a->nspid);
	r = make_trigger(a, name);
	if (r < 0)
		return fail(a, r, "cannot write to its /tmp: %s", strerror(-r));
	if (syscall(SYS_pidfd_send_signal, a->pidfd, SIGQUIT, NULL, 0) < 0)
		fd = -errno;
	else
		fd = wait_for_listener(a);
	unlinkat(a->tmpfd, name, 0);
	if (fd == -ETIMEDOUT)
		return fail(a, fd, "the VM does not open its attach socket");
	return fd < 0 ? fail(a, fd, "attach: %s", strerror(-fd)) : fd;
}

static int connect_to(struct attach *a)
{
	int fd = try_connect(a);

	/* A socket that nobody listens on is of a VM that was killed; pids come again. */
	if (fd == -ENOENT || fd == -ECONNREFUSED)
		return wake_listener(a);
	if (fd == -EPERM)
		return fail(
			a, fd, "/tmp/.java_pid%d is not the socket of this process", (int)a->nspid);
	return fd < 0 ? fail(a, fd, "attach socket: %s", strerror(-fd)) : fd;
}

int attach_send(struct attach *a, const char *command, const char *arg1, const char *arg2)
{
	const char *parts[] = { "1", command, arg1 ? arg1 : "", arg2 ? arg2 : "", "" };
	char request[2 + COMMAND_MAX + 3 * (ARGUMENT_MAX + 1)];
	auto_close int fd = -1;
	size_t len = 0;
	int r;

	if (strlen(parts[1]) > COMMAND_MAX || strlen(parts[2]) > ARGUMENT_MAX ||
		strlen(parts[3]) > ARGUMENT_MAX)
		return fail(a, -ENAMETOOLONG, "%s", strerror(ENAMETOOLONG));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		memcpy(request + len, parts[i], strlen(parts[i]) + 1);
		len += strlen(parts[i]) + 1;
	}
	fd = connect_to(a);
	if (fd < 0)
		return fd;
	r = wire_send_all(fd, a->until_usec, request, len);
	return r < 0 ? fail(a, r, "attach: %s", strerror(-r)) : take_fd(&fd);
}

/* "0\n" before the text. */
static int read_verdict(struct attach *a, int fd, int *ret_rc)
{
	char line[16];
	size_t n = 0;

	for (;;) {
		ssize_t r = wire_read(fd, a->pidfd, a->until_usec, line + n, 1);

		if (r < 0)
			return (int)r;
		if (r == 0 || n + 1 == sizeof(line))
			return -EBADMSG;
		if (line[n] == '\n')
			break;
		if (!strchr("-0123456789", line[n]))
			return -EBADMSG;
		n++;
	}
	line[n] = '\0';
	*ret_rc = atoi(line);
	return n ? 0 : -EBADMSG;
}

static int read_text(struct attach *a, int fd, struct outfile *out, char text[ATTACH_TEXT_MAX])
{
	static char data[64 << 10];
	uint64_t total = 0;
	size_t have = 0;

	for (;;) {
		ssize_t n = wire_read(fd, a->pidfd, a->until_usec, data, sizeof(data));
		size_t part;
		int r;

		if (n <= 0)
			return (int)n;
		total += (uint64_t)n;
		if (total > REPLY_MAX)
			return -EMSGSIZE;
		part = MIN_OF((size_t)n, ATTACH_TEXT_MAX - 1 - have);
		memcpy(text + have, data, part);
		have += part;
		text[have] = '\0';
		r = out ? outfile_write(out, data, (size_t)n) : 0;
		if (r < 0)
			return r;
	}
}

int attach_read_reply(
	struct attach *a, int fd, struct outfile *out, int *ret_rc, char text[ATTACH_TEXT_MAX])
{
	int r = read_verdict(a, fd, ret_rc);

	text[0] = '\0';
	if (r == 0)
		r = read_text(a, fd, out, text);
	if (r == -ESRCH)
		return fail(a, r, "the process ended meanwhile");
	if (r == -ETIMEDOUT)
		return fail(a, r, "the VM does not answer");
	return r < 0 ? fail(a, r, "its answer: %s", strerror(-r)) : 0;
}

int attach_ask(struct attach *a, const char *command, const char *arg1, struct outfile *out,
	char text[ATTACH_TEXT_MAX])
{
	auto_close int fd = attach_send(a, command, arg1, NULL);
	char line[80];
	int rc = 0, r;

	if (fd < 0)
		return fd;
	r = attach_read_reply(a, fd, out, &rc, text);
	if (r == 0 && rc != 0) {
		wire_first_line(text, line, sizeof(line));
		return fail(a, -EIO, "the VM says: %s", line);
	}
	return r;
}
