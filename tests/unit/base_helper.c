/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/helper.h"
#include "base/units.h"

#define DEADLINE_MSEC 20000

static void await(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	assert_int_equal(poll(&pfd, 1, DEADLINE_MSEC), 1);
}

static int status_of(const struct helper *h)
{
	int status = -1;

	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	return status;
}

static int tell_arg(void *arg, int result_fd)
{
	helper_tell(result_fd, "pid 7 (%s)", (const char *)arg);
	return 42;
}

static void it_tells_one_line_and_a_status(void **state)
{
	char name[] = "java", out[HELPER_RESULT_MAX];
	struct helper h = HELPER_NONE;
	uint64_t before = clock_now_usec();

	(void)state;
	assert_int_equal(helper_start(tell_arg, name, NULL, 0, 5 * USEC_PER_SEC, &h), 0);
	assert_in_range(
		h.deadline_usec, before + 5 * USEC_PER_SEC, clock_now_usec() + 5 * USEC_PER_SEC);
	assert_true(fcntl(h.result_fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(h.result_fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(WEXITSTATUS(status_of(&h)), 42);
	helper_take_result(&h, out);
	assert_string_equal(out, "pid 7 (java)");
	assert_int_equal(h.result_fd, -1);
	helper_take_result(&h, out);
	assert_string_equal(out, "");
}

static int tell_much(void *arg, int result_fd)
{
	char text[4 * HELPER_RESULT_MAX];

	(void)arg;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	helper_tell(result_fd, "%s", text);
	return 0;
}

static void a_long_line_is_cut(void **state)
{
	char out[HELPER_RESULT_MAX];
	struct helper h = HELPER_NONE;

	(void)state;
	assert_int_equal(helper_start(tell_much, NULL, NULL, 0, USEC_PER_SEC, &h), 0);
	assert_int_equal(status_of(&h), 0);
	helper_take_result(&h, out);
	assert_int_equal(strlen(out), HELPER_RESULT_MAX - 2);
}

static int hang_with_a_child(void *arg, int result_fd)
{
	(void)arg;
	if (fork())
		helper_tell(result_fd, "ready");
	for (;;)
		pause();
	return 0;
}

static void a_kill_ends_its_whole_group(void **state)
{
	char out[HELPER_RESULT_MAX];
	struct helper h = HELPER_NONE;
	int fds[2], status;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(helper_start(hang_with_a_child, NULL, &fds[1], 1, USEC_PER_SEC, &h), 0);
	close(fds[1]);
	assert_int_equal(getpgid(h.pid), h.pid);
	await(h.result_fd, POLLIN);
	helper_take_result(&h, out);
	assert_string_equal(out, "ready");
	helper_kill(&h);
	status = status_of(&h);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	/* Both had the pipe: it hangs up when the grandchild has gone as well. */
	await(fds[0], POLLIN);
	assert_int_equal(read(fds[0], out, 1), 0);
	close(fds[0]);
	helper_kill(&h);
	helper_kill(&HELPER_NONE);
}

static void nothing_told_is_an_empty_line_at_once(void **state)
{
	char out[HELPER_RESULT_MAX] = "x";
	struct helper h = HELPER_NONE;

	(void)state;
	assert_int_equal(helper_start(hang_with_a_child, NULL, NULL, 0, USEC_PER_SEC, &h), 0);
	await(h.result_fd, POLLIN);
	assert_int_equal(read(h.result_fd, out, sizeof(out)), 6);
	helper_take_result(&h, out);
	assert_string_equal(out, "");
	helper_kill(&h);
	status_of(&h);
}

enum {
	KEPT_IS_OPEN = 1,
	OTHER_IS_CLOSED = 2,
	HIGH_IS_CLOSED = 4,
	STDERR_IS_OPEN = 8,
	MASK_IS_EMPTY = 16,
	DISPOSITION_IS_DEFAULT = 32,
	DIES_WITH_PARENT = 64,
	GROUP_IS_OWN = 128,
};

#define HIGH_FD 900

struct look {
	int kept, other;
};

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int look_around(void *arg, int result_fd)
{
	const struct look *look = arg;
	struct sigaction action;
	int pdeathsig = 0, seen = 0;
	sigset_t mask;
	bool empty = true;

	(void)result_fd;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int sig = 1; sig < 65; sig++)
		empty = empty && sigismember(&mask, sig) != 1;
	sigaction(SIGUSR1, NULL, &action);
	prctl(PR_GET_PDEATHSIG, &pdeathsig);
	seen |= is_open(look->kept) ? KEPT_IS_OPEN : 0;
	seen |= is_open(look->other) ? 0 : OTHER_IS_CLOSED;
	seen |= is_open(HIGH_FD) ? 0 : HIGH_IS_CLOSED;
	seen |= is_open(STDERR_FILENO) ? STDERR_IS_OPEN : 0;
	seen |= empty ? MASK_IS_EMPTY : 0;
	seen |= action.sa_handler == SIG_DFL ? DISPOSITION_IS_DEFAULT : 0;
	seen |= pdeathsig == SIGKILL ? DIES_WITH_PARENT : 0;
	seen |= getpgid(0) == getpid() ? GROUP_IS_OWN : 0;
	return seen;
}

static void it_starts_clean(void **state)
{
	struct helper h = HELPER_NONE;
	struct look look;
	sigset_t all, old;
	int keep[2];

	(void)state;
	look.other = open("/dev/null", O_RDONLY);
	look.kept = open("/dev/null", O_RDONLY);
	assert_int_equal(dup2(look.other, HIGH_FD), HIGH_FD);
	keep[0] = -1; /* what is not open needs no care of the caller */
	keep[1] = look.kept;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	signal(SIGUSR1, SIG_IGN);
	assert_int_equal(helper_start(look_around, &look, keep, 2, USEC_PER_SEC, &h), 0);
	signal(SIGUSR1, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(WEXITSTATUS(status_of(&h)), 255);
	close(h.result_fd);
	close(HIGH_FD);
	close(look.kept);
	close(look.other);
}

static void a_failed_start_leaves_nothing_behind(void **state)
{
	struct helper h = { .pid = 5, .result_fd = 6, .deadline_usec = 7 };
	struct rlimit old, none;
	int r;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = helper_start(tell_arg, NULL, NULL, 0, USEC_PER_SEC, &h);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(h.pid, 5);
	assert_int_equal(h.result_fd, 6);
	assert_int_equal(h.deadline_usec, 7);
}

static void an_endless_deadline_does_not_wrap(void **state)
{
	char name[] = "x";
	struct helper h = HELPER_NONE;

	(void)state;
	assert_int_equal(helper_start(tell_arg, name, NULL, 0, UINT64_MAX, &h), 0);
	assert_true(h.deadline_usec == UINT64_MAX);
	status_of(&h);
	close(h.result_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_tells_one_line_and_a_status),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(a_kill_ends_its_whole_group),
		cmocka_unit_test(nothing_told_is_an_empty_line_at_once),
		cmocka_unit_test(it_starts_clean),
		cmocka_unit_test(a_failed_start_leaves_nothing_behind),
		cmocka_unit_test(an_endless_deadline_does_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
