/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A helper: a forked process that does slow work for the guard, with a deadline and one line of
 * result. The guard never waits for it: it reads the line from `result_fd` when the loop says it is
 * readable, gets the exit status from its reaper, and kills it when the deadline has passed.
 */
#ifndef OOMGUARD_BASE_HELPER_H
#define OOMGUARD_BASE_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define HELPER_RESULT_MAX 1024 /* less than PIPE_BUF: one write, never torn */

struct helper {
	pid_t pid;		/* > 0 while it runs; also its process group */
	int result_fd;		/* read end, non-blocking, close-on-exec; -1 when there is none */
	uint64_t deadline_usec; /* clock_now_usec() at which it is killed */
};

#define HELPER_NONE ((struct helper){ .pid = 0, .result_fd = -1 })

/*
 * Runs in the helper. Signals are at their defaults and unblocked, its process group is its own,
 * PR_SET_PDEATHSIG is SIGKILL, fds other than 0-2, `result_fd` and those in `keep_fds` are closed.
 * What it returns (0..255) is its exit status.
 */
typedef int (*helper_main)(void *arg, int result_fd);

/*
 * Forks. On success *ret_helper owns the pipe. deadline_usec is a duration from now.
 * -errno: -EAGAIN (pid limit), -ENOMEM, -EMFILE ...; nothing is left behind then.
 */
int helper_start(helper_main run, void *arg, const int *keep_fds, unsigned n_keep_fds,
	uint64_t deadline_usec, struct helper *ret_helper);

/* In the helper: one result line (cut at HELPER_RESULT_MAX). */
void helper_tell(int result_fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* In the guard: what has been told so far; "" when nothing. Closes the fd. NUL-terminated. */
void helper_take_result(struct helper *h, char out[HELPER_RESULT_MAX]);

/* SIGKILL to its whole process group. Harmless when it has gone. */
void helper_kill(const struct helper *h);

#endif
