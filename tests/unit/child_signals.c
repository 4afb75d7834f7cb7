/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "child/signals.h"

#define BIT_OF(sig) (UINT64_C(1) << ((sig)-1))

static uint64_t get_mask(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	return mask;
}

static void set_mask(uint64_t mask)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

static void rewrites(void **state)
{
	static const struct {
		int sig, want;
	} cases[] = {
		{ SIGTERM, SIGQUIT },
		{ SIGUSR1, 0 },
		{ SIGHUP, SIGHUP },
		{ SIGCHLD, 0 },
		{ 0, 0 },
		{ -1, 0 },
		{ 65, 0 },
		{ 64, 64 },
		{ 32, 32 },
		{ 33, 33 },
		{ SIGCONT, SIGCONT },
		{ 37, SIGTERM },
	};
	struct conf conf = { 0 };

	(void)state;
	conf.child.rewrite[0] = (struct conf_rewrite){ SIGTERM, SIGQUIT };
	conf.child.rewrite[1] = (struct conf_rewrite){ SIGUSR1, 0 };
	conf.child.rewrite[2] = (struct conf_rewrite){ 37, SIGTERM };
	conf.child.rewrite[3] = (struct conf_rewrite){ SIGTERM, SIGKILL }; /* the first counts */
	conf.child.rewrite[4] = (struct conf_rewrite){ SIGCHLD, SIGUSR2 }; /* never forwarded */
	conf.child.n_rewrite = 5;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(signals_rewrite(&conf, cases[i].sig), cases[i].want);
}

static void without_rewrites_all_but_chld_pass(void **state)
{
	struct conf conf = { 0 };

	(void)state;
	for (int sig = 1; sig < SIGNAL_COUNT; sig++)
		assert_int_equal(signals_rewrite(&conf, sig), sig == SIGCHLD ? 0 : sig);
}

static void own_signals_are_told_from_foreign_ones(void **state)
{
	static const struct {
		uint32_t sig;
		int32_t code;
		uint32_t sender;
		bool own;
	} cases[] = {
		{ SIGPIPE, SI_USER, 7, true },
		{ SIGPIPE, SI_USER, 8, false },
		{ SIGPIPE, SI_QUEUE, 7, false },
		{ SIGXFSZ, SI_USER, 7, true },
		{ SIGTERM, SI_USER, 7, false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct signalfd_siginfo info = {
			.ssi_signo = cases[i].sig,
			.ssi_code = cases[i].code,
			.ssi_pid = cases[i].sender,
		};

		assert_int_equal(signals_is_own(&info, 7), cases[i].own);
	}
}

/* Runs `body` in a process of its own, whose exit status is the number of the line that failed. */
static void in_process(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status))
		print_error("failed: the %d-th check of the process\n", WEXITSTATUS(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define NEED(nth, cond)                                                                            \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return nth;                                                                \
	} while (0)

static int begin_and_restore(void)
{
	struct sigaction ign = { .sa_handler = SIG_IGN }, got;
	struct signal_state st;
	struct signal_state child_side;

	sigaction(SIGCHLD, &ign, NULL);
	sigaction(SIGHUP, &ign, NULL);
	set_mask(BIT_OF(SIGUSR1) | BIT_OF(40));
	NEED(1, signals_begin(&st) == 0);
	NEED(2, st.old_mask == (BIT_OF(SIGUSR1) | BIT_OF(40)));
	NEED(3, st.ignored & BIT_OF(SIGCHLD));
	NEED(4, st.ignored & BIT_OF(SIGHUP));
	NEED(5, !(st.ignored & BIT_OF(SIGTERM)));
	/* all but KILL and STOP, which the kernel leaves out */
	NEED(6, get_mask() == ~(BIT_OF(SIGKILL) | BIT_OF(SIGSTOP)));
	sigaction(SIGCHLD, NULL, &got);
	NEED(7, got.sa_handler == SIG_DFL);
	NEED(8, fcntl(st.fd, F_GETFD) & FD_CLOEXEC);
	NEED(9, fcntl(st.fd, F_GETFL) & O_NONBLOCK);

	child_side = st;
	signals_restore(&child_side);
	NEED(10, get_mask() == (BIT_OF(SIGUSR1) | BIT_OF(40)));
	sigaction(SIGCHLD, NULL, &got);
	NEED(11, got.sa_handler == SIG_IGN);
	sigaction(SIGHUP, NULL, &got);
	NEED(12, got.sa_handler == SIG_IGN);
	return 0;
}

static void begin_blocks_all_and_restore_puts_all_back(void **state)
{
	(void)state;
	in_process(begin_and_restore);
}

/* Each of the 62, ignored ones included, comes out of the fd. */
static int read_every_signal(void)
{
	struct sigaction ign = { .sa_handler = SIG_IGN };
	struct signal_state st;
	struct signalfd_siginfo info;

	for (int sig = 1; sig < SIGNAL_COUNT; sig += 2)
		sigaction(sig, &ign, NULL); /* refused for some: fine */
	NEED(1, signals_begin(&st) == 0);
	NEED(2, read(st.fd, &info, sizeof(info)) < 0 && errno == EAGAIN);
	for (int sig = 1; sig < SIGNAL_COUNT; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP)
			continue;
		NEED(100 + sig, syscall(SYS_kill, getpid(), sig) == 0);
		NEED(100 + sig, read(st.fd, &info, sizeof(info)) == sizeof(info));
		NEED(100 + sig, info.ssi_signo == (uint32_t)sig);
	}
	NEED(3, read(st.fd, &info, sizeof(info)) < 0 && errno == EAGAIN);
	return 0;
}

static void every_signal_is_told_even_if_ignored(void **state)
{
	(void)state;
	in_process(read_every_signal);
}

static int pipe_broken_by_ourselves(void)
{
	struct signal_state st;
	struct signalfd_siginfo info;
	int fds[2];

	NEED(1, signals_begin(&st) == 0);
	NEED(2, pipe2(fds, O_CLOEXEC) == 0);
	close(fds[0]);
	NEED(3, write(fds[1], "x", 1) < 0 && errno == EPIPE);
	NEED(4, read(st.fd, &info, sizeof(info)) == sizeof(info));
	NEED(5, info.ssi_signo == SIGPIPE);
	NEED(6, signals_is_own(&info, getpid()));
	return 0;
}

static void a_broken_pipe_of_ours_is_known_as_ours(void **state)
{
	(void)state;
	in_process(pipe_broken_by_ourselves);
}

static int begin_without_fds(void)
{
	struct signal_state st = { .fd = -7 };
	uint64_t before = get_mask();
	int fd;

	/* no number is free */
	while ((fd = dup(0)) >= 0)
		;
	NEED(1, signals_begin(&st) == -EMFILE);
	NEED(2, st.fd == -7);
	NEED(3, get_mask() == before);
	return 0;
}

static void a_failed_begin_changes_nothing(void **state)
{
	(void)state;
	in_process(begin_without_fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rewrites),
		cmocka_unit_test(without_rewrites_all_but_chld_pass),
		cmocka_unit_test(own_signals_are_told_from_foreign_ones),
		cmocka_unit_test(begin_blocks_all_and_restore_puts_all_back),
		cmocka_unit_test(every_signal_is_told_even_if_ignored),
		cmocka_unit_test(a_broken_pipe_of_ours_is_known_as_ours),
		cmocka_unit_test(a_failed_begin_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
