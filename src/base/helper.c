/* SPDX-License-Identifier: Apache-2.0 */
#include "base/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#define SIGNAL_LAST	  64
#define KERNEL_SIGSET_LEN 8

/* glibc's own calls skip signals 32 and 33, so the kernel is asked directly. */
static void reset_signals(void)
{
	/* Zeroes are SIG_DFL, no flags and an empty mask in every architecture's layout. */
	static const unsigned long default_action[8];
	static const uint64_t nothing_blocked;

	for (int sig = 1; sig <= SIGNAL_LAST; sig++)
		syscall(SYS_rt_sigaction, sig, default_action, NULL, KERNEL_SIGSET_LEN);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing_blocked, NULL, KERNEL_SIGSET_LEN);
}

static void close_span(unsigned first, unsigned last)
{
	struct rlimit limit = { .rlim_cur = 1024 };

	if (!syscall(SYS_close_range, first, last, 0))
		return;
	/* Before Linux 5.9. */
	getrlimit(RLIMIT_NOFILE, &limit);
	for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++)
		close((int)fd);
}

/* The smallest of the fds to keep that is >= from; UINT_MAX when there is none. */
static unsigned next_kept(unsigned from, int result_fd, const int *keep_fds, unsigned n_keep_fds)
{
	unsigned next = (unsigned)result_fd >= from ? (unsigned)result_fd : UINT_MAX;

	for (unsigned i = 0; i < n_keep_fds; i++) {
		unsigned fd = (unsigned)keep_fds[i];

		if (keep_fds[i] >= 0 && fd >= from && fd < next)
			next = fd;
	}
	return next;
}

static void close_others(int result_fd, const int *keep_fds, unsigned n_keep_fds)
{
	unsigned from = STDERR_FILENO + 1;

	for (;;) {
		unsigned kept = next_kept(from, result_fd, keep_fds, n_keep_fds);

		if (kept > from)
			close_span(from, kept == UINT_MAX ? UINT_MAX : kept - 1);
		if (kept == UINT_MAX)
			return;
		from = kept + 1;
	}
}

int helper_start(helper_main run, void *arg, const int *keep_fds, unsigned n_keep_fds,
	uint64_t deadline_usec, struct helper *ret_helper)
{
	uint64_t now = clock_now_usec();
	pid_t guard = getpid();
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ? -1 : fork();
	if (pid < 0) {
		int r = -errno;

		close(fds[0]);
		close(fds[1]);
		return r;
	}
	if (!pid) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* The guard died before the prctl: nobody would end this helper. */
		if (getppid() != guard)
			_exit(1);
		close_others(fds[1], keep_fds, n_keep_fds);
		reset_signals();
		_exit(run(arg, fds[1]) & 0xFF);
	}
	/* In both, so that whoever comes first finds the group there. */
	setpgid(pid, pid);
	close(fds[1]);
	*ret_helper = (struct helper){
		.pid = pid,
		.result_fd = fds[0],
		.deadline_usec =
			deadline_usec > UINT64_MAX - now ? UINT64_MAX : now + deadline_usec,
	};
	return 0;
}

void helper_tell(int result_fd, const char *format, ...)
{
	char data[HELPER_RESULT_MAX];
	/* The newline has its place kept; the reader needs one more for its NUL. */
	struct buf line = { .data = data, .size = sizeof(data) - 1 };
	va_list args;

	va_start(args, format);
	buf_vprintf(&line, format, args);
	va_end(args);
	line.size = sizeof(data);
	line.truncated = false;
	buf_puts(&line, "\n");
	/* Nobody is left to tell when this fails. */
	(void)!file_write_all(result_fd, line.data, line.len);
}

void helper_take_result(struct helper *h, char out[HELPER_RESULT_MAX])
{
	size_t len = 0;
	ssize_t n;

	while (h->result_fd >= 0 && len < HELPER_RESULT_MAX - 1) {
		n = read(h->result_fd, out + len, HELPER_RESULT_MAX - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (len && out[len - 1] == '\n')
		len--;
	out[len] = '\0';
	if (h->result_fd >= 0)
		close(h->result_fd);
	h->result_fd = -1;
}

void helper_kill(const struct helper *h)
{
	if (h->pid > 0)
		kill(-h->pid, SIGKILL);
}
