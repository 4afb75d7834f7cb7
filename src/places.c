/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens the state directory and the control socket in a process of its own, which hands them over:
 * on a volume that hangs (fsfreeze, a server that is gone) whoever makes a file there waits for as
 * long as it does, and the application is to be started all the same.
 */
#include "places.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "control.h"

#define WAIT_MSEC 3000
#define WHY_MAX	  1024
#define FDS	  3

struct parcel {
	struct store store;
	bool has_why;
	char why[WHY_MAX];
	int socket_error;
	bool sent[FDS];
};

union fd_space {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(FDS * sizeof(int))];
};

static void open_here(const struct conf *conf, struct parcel *p, int *ret_socket)
{
	const char *why = NULL;

	store_open(&p->store, conf, &why);
	p->has_why = why != NULL;
	buf_copy(p->why, sizeof(p->why), why ? why : "");
	p->socket_error = p->store.dirfd < 0 ? -ENOENT : control_bind(&p->store, ret_socket);
}

static void open_in_child(const struct conf *conf, int to)
{
	static struct parcel p;
	union fd_space space = { .bytes = { 0 } };
	struct iovec part = { .iov_base = &p, .iov_len = sizeof(p) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int socket_fd = -1, fds[FDS];
	unsigned n = 0;

	open_here(conf, &p, &socket_fd);
	const int all[FDS] = { p.store.dirfd, p.store.lockfd, socket_fd };

	for (unsigned i = 0; i < FDS; i++) {
		p.sent[i] = all[i] >= 0;
		if (p.sent[i])
			fds[n++] = all[i];
	}
	if (n) {
		message.msg_control = space.bytes;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		space.head.cmsg_level = SOL_SOCKET;
		space.head.cmsg_type = SCM_RIGHTS;
		space.head.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&space.head), fds, n * sizeof(int));
	}
	_exit(sendmsg(to, &message, MSG_NOSIGNAL) != (ssize_t)sizeof(p));
}

/* The parcel with fds of this process, or -errno. */
static int receive(int from, struct parcel *p, int *ret_socket)
{
	union fd_space space = { .bytes = { 0 } };
	struct iovec part = { .iov_base = p, .iov_len = sizeof(*p) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = space.bytes,
		.msg_controllen = sizeof(space),
	};
	struct pollfd wait = { .fd = from, .events = POLLIN };
	int fds[FDS] = { -1, -1, -1 }, *const to[FDS] = { &p->store.dirfd, &p->store.lockfd,
		ret_socket };
	unsigned next = 0;

	if (poll(&wait, 1, WAIT_MSEC) != 1)
		return -ETIMEDOUT;
	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*p))
		return -EIO;
	if (CMSG_FIRSTHDR(&message))
		memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&message)),
			MIN_OF(CMSG_FIRSTHDR(&message)->cmsg_len - CMSG_LEN(0), sizeof(fds)));
	for (unsigned i = 0; i < FDS; i++)
		*to[i] = p->sent[i] ? fds[next++] : -1;
	return 0;
}

void places_open(const struct conf *conf, struct places *ret)
{
	static struct parcel p;
	auto_close int ours = -1, theirs = -1;
	int pair[2], r;
	pid_t pid = -1;

	*ret = (struct places){ .socket_fd = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
		ours = pair[0];
		theirs = pair[1];
		pid = fork();
	}
	if (pid == 0)
		open_in_child(conf, theirs);
	if (pid < 0) { /* a pid limit */
		open_here(conf, &p, &ret->socket_fd);
	} else {
		close(take_fd(&theirs));
		r = receive(ours, &p, &ret->socket_fd);
		kill(pid, SIGKILL);
		/* One that hangs in the kernel is reaped by the loop, whenever it ends. */
		waitpid(pid, NULL, r == -ETIMEDOUT ? WNOHANG : 0);
		if (r < 0) {
			const char *why = store_open_elsewhere(&p.store, conf, -r);

			p.has_why = true;
			buf_copy(p.why, sizeof(p.why), why);
			p.socket_error = p.store.dirfd < 0
						 ? -ENOENT
						 : control_bind(&p.store, &ret->socket_fd);
		}
	}
	ret->store = p.store;
	ret->socket_error = p.socket_error;
	ret->why = p.has_why ? p.why : NULL;
}
