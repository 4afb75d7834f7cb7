/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Talking to what runs inside the target, which may be broken or hostile: every wait has a deadline
 * and ends when the target does, every answer has a limit.
 */
#ifndef OOMGUARD_DUMP_WIRE_H
#define OOMGUARD_DUMP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* pidfd of a process that lives, or -errno (-ESRCH). */
int wire_open_pidfd(pid_t pid);

/* True while it is stopped (SIGSTOP, our freeze): it answers nobody. */
bool wire_is_stopped(pid_t pid);

/*
 * Some bytes: > 0, 0 at the end, -ETIMEDOUT at until_usec (clock_now_usec()), -ESRCH when the
 * process of pidfd (-1: none) has ended and nothing is left to read, or -errno.
 */
ssize_t wire_read(int fd, int pidfd, uint64_t until_usec, void *out, size_t size);

/* Exactly `size` bytes: 0, -EBADMSG when it ends before, or as above. */
int wire_read_all(int fd, int pidfd, uint64_t until_usec, void *out, size_t size);

/* All of it, without SIGPIPE: 0, -ETIMEDOUT, or -errno. */
int wire_send_all(int fd, uint64_t until_usec, const void *data, size_t len);

/* A stream socket, non-blocking, connected: owned fd, -ETIMEDOUT or -errno. */
int wire_connect(const struct sockaddr *address, socklen_t len, uint64_t until_usec);

/*
 * The socket `name` in a directory that others may write to. It must belong to `uid`, be no
 * symlink, and be listened on by the process `pid` (as we see it). Owned fd or -errno (-ENOENT,
 * -ECONNREFUSED: nobody listens; -EPERM: somebody else's).
 */
int wire_connect_unix(int dirfd, const char *name, pid_t pid, uid_t uid, uint64_t until_usec);

/*
 * The helper takes the effective user of the target, where it may: what it makes and opens then is
 * what the target could make and open itself. Back again with wire_return. 0 or -errno.
 */
struct wire_identity {
	uid_t uid;
	gid_t gid;
	bool changed;
};
int wire_become(uid_t uid, gid_t gid, struct wire_identity *ret_before);
void wire_return(const struct wire_identity *before);

/* The first line of a text for a log line: printable, cut. */
void wire_first_line(const char *text, char *out, size_t size);

#endif
