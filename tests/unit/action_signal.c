/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/work.h"
#include "base/clock.h"
#include "base/units.h"

static struct conf conf;
static struct store store = { .dirfd = -1, .lockfd = -1 };
static int told_fd;

static void on_signal(int sig)
{
	(void)!write(told_fd, &sig, sizeof(sig));
}

/* Waits for signals; handles USR1 if asked to, and tells each through *ret_fd. */
static pid_t start_target(bool handles, int *ret_fd)
{
	int pair[2], ready = 0;
	pid_t pid;

	assert_int_equal(pipe(pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "target");
		told_fd = pair[1];
		if (handles)
			signal(SIGUSR1, on_signal);
		on_signal(0);
		for (;;)
			pause();
	}
	close(pair[1]);
	assert_int_equal(read(pair[0], &ready, sizeof(ready)), sizeof(ready));
	*ret_fd = pair[0];
	return pid;
}

static int run(pid_t child, char *text, size_t size)
{
	struct action_job job = {
		.conf = &conf,
		.store = &store,
		.action = ACTION_SIGNAL,
		.incident = "",
		.self = getpid(),
		.child = child,
		.deadline_usec = clock_now_usec() + 60 * USEC_PER_SEC,
	};
	struct buf line = { .data = text, .size = size };

	buf_reset(&line);
	conf_defaults(&conf);
	conf.dump.signal = SIGUSR1;
	return work_signal(&job, &line);
}

static void one_that_handles_it_gets_it(void **state)
{
	int fd, sig = 0;
	char text[256], expected[256];
	pid_t pid = start_target(true, &fd);

	(void)state;
	assert_int_equal(run(pid, text, sizeof(text)), 0);
	snprintf(expected, sizeof(expected), "USR1 sent to pid %d (target)", (int)pid);
	assert_string_equal(text, expected);
	alarm(20);
	assert_int_equal(read(fd, &sig, sizeof(sig)), sizeof(sig));
	alarm(0);
	assert_int_equal(sig, SIGUSR1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

static void one_that_would_die_of_it_is_spared(void **state)
{
	int fd, status = 0;
	char text[256], expected[256];
	pid_t pid = start_target(false, &fd);

	(void)state;
	assert_int_equal(run(pid, text, sizeof(text)), 1);
	snprintf(expected, sizeof(expected), "USR1 not sent: pid %d (target) does not handle it",
		(int)pid);
	assert_string_equal(text, expected);
	/* A pending USR1 would have been taken before this. */
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_handles_it_gets_it),
		cmocka_unit_test(one_that_would_die_of_it_is_spared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
