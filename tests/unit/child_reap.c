/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child/reap.h"

#define CHILDREN 100

struct seen {
	unsigned n;
	pid_t pids[CHILDREN];
	int statuses[CHILDREN];
};

static void note_end(void *arg, pid_t pid, int wait_status)
{
	struct seen *seen = arg;

	assert_true(seen->n < CHILDREN);
	seen->pids[seen->n] = pid;
	seen->statuses[seen->n++] = wait_status;
}

/* Waits for the end without reaping. */
static void wait_dead(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void all_that_ended_are_told_once(void **state)
{
	struct seen seen = { 0 };
	pid_t pids[CHILDREN];

	(void)state;
	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(i);
	}
	for (int i = 0; i < CHILDREN; i++)
		wait_dead(pids[i]);
	assert_int_equal(reap_all(note_end, &seen), CHILDREN);
	assert_int_equal(seen.n, CHILDREN);
	for (unsigned i = 0; i < CHILDREN; i++) {
		unsigned at = 0;

		while (at < CHILDREN && seen.pids[at] != pids[i])
			at++;
		assert_true(at < CHILDREN);
		assert_true(WIFEXITED(seen.statuses[at]));
		assert_int_equal(WEXITSTATUS(seen.statuses[at]), i);
	}
	assert_int_equal(reap_all(note_end, &seen), 0);
}

static void without_children_there_is_nothing(void **state)
{
	(void)state;
	assert_int_equal(reap_all(NULL, NULL), 0);
}

static void a_stopped_child_is_not_dead(void **state)
{
	struct seen seen = { 0 };
	siginfo_t info;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0);
	assert_int_equal(reap_all(note_end, &seen), 0);
	kill(pid, SIGKILL);
	wait_dead(pid);
	assert_int_equal(reap_all(note_end, &seen), 1);
	assert_int_equal(seen.pids[0], pid);
	assert_true(WIFSIGNALED(seen.statuses[0]));
	assert_int_equal(WTERMSIG(seen.statuses[0]), SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_ended_are_told_once),
		cmocka_unit_test(without_children_there_is_nothing),
		cmocka_unit_test(a_stopped_child_is_not_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
