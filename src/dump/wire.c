/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/wire.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "proc/proc.h"

int wire_open_pidfd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

bool wire_is_stopped(pid_t pid)
{
	auto_close int procfd = proc_open_root();
	struct proc_stat stat;

	return procfd >= 0 && proc_read_stat(procfd, pid, &stat) == 0 &&
	       (stat.state == 'T' || stat.state == 't');
}

static int msec_until(uint64_t until_usec)
{
	uint64_t now = clock_now_usec();

	return until_usec <= now ? 0 : (int)MIN_OF((until_usec - now + 999) / 1000, 60000);
}

/* 1: ready; 0: the process has ended; -ETIMEDOUT or -errno. */
static int wait_ready(int fd, short events, int pidfd, uint64_t until_usec)
{
	for (;;) {
		struct pollfd p[2] = { { .fd = fd, .events = events },
			{ .fd = pidfd, .events = POLLIN } };
		int n = poll(p, 2, msec_until(until_usec));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			return p[0].revents ? 1 : 0;
		if (clock_now_usec() >= until_usec)
			return -ETIMEDOUT;
	}
}

ssize_t wire_read(int fd, int pidfd, uint64_t until_usec, void *out, size_t size)
{
	for (;;) {
		int r = wait_ready(fd, POLLIN, pidfd, until_usec);
		ssize_t n;

		if (r <= 0)
			return r < 0 ? r : -ESRCH;
		n = read(fd, out, size);
		if (n >= 0)
			return n;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

int wire_read_all(int fd, int pidfd, uint64_t until_usec, void *out, size_t size)
{
	char *to = out;

	while (size) {
		ssize_t n = wire_read(fd, pidfd, until_usec, to, size);

		if (n <= 0)
			return n < 0 ? (int)n : -EBADMSG;
		to += n;
		size -= (size_t)n;
	}
	return 0;
}

int wire_send_all(int fd, uint64_t until_usec, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		ssize_t n = send(fd, from, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r;

		if (n > 0) {
			from += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_ready(fd, POLLOUT, -1, until_usec);
		if (r < 0)
			return r;
	}
	return 0;
}

int wire_connect(const struct sockaddr *address, socklen_t len, uint64_t until_usec)
{
	auto_close int fd =
		socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0, r;
	socklen_t size = sizeof(error);

	if (fd < 0)
		return -errno;
	while (connect(fd, address, len) < 0) {
		if (errno == EISCONN)
			break;
		if (errno == EAGAIN) { /* a unix socket whose queue is full */
			if (clock_now_usec() >= until_usec)
				return -ETIMEDOUT;
			usleep(5000);
			continue;
		}
		if (errno != EINPROGRESS)
			return -errno;
		r = wait_ready(fd, POLLOUT, -1, until_usec);
		if (r < 0)
			return r;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			return -errno;
		if (error)
			return -error;
	}
	return take_fd(&fd);
}

int wire_connect_unix(int dirfd, const char *name, pid_t pid, uid_t uid, uint64_t until_usec)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_close int fd = -1;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct stat st;
	int n;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != uid)
		return -EPERM;
	n = snprintf(
		address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dirfd, name);
	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = wire_connect((struct sockaddr *)&address, sizeof(address), until_usec);
	if (fd < 0)
		return fd;
	/* The name may be something else by now; who listens is what counts. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	return peer.pid == pid ? take_fd(&fd) : -EPERM;
}

int wire_become(uid_t uid, gid_t gid, struct wire_identity *ret_before)
{
	struct wire_identity before = { .uid = geteuid(), .gid = getegid() };

	*ret_before = before;
	/* Without privileges it is our own user, or what follows tells what is wrong. */
	if (before.uid != 0 || (before.uid == uid && before.gid == gid))
		return 0;
	if (setgroups(0, NULL) < 0 || setegid(gid) < 0)
		return -errno;
	ret_before->changed = true;
	if (seteuid(uid) < 0) {
		int r = -errno;

		wire_return(ret_before);
		return r;
	}
	return 0;
}

void wire_return(const struct wire_identity *before)
{
	if (!before->changed)
		return;
	/* The saved ids are still the old ones. */
	if (seteuid(before->uid) < 0 || setegid(before->gid) < 0)
		return;
}

void wire_first_line(const char *text, char *out, size_t size)
{
	size_t n = MIN_OF(strcspn(text, "\r\n"), size - 1);

	for (size_t i = 0; i < n; i++)
		out[i] = text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
	out[n] = '\0';
}
