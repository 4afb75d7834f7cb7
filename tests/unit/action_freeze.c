/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/action.h"
#include "base/clock.h"
#include "base/units.h"
#include "proc/proc.h"

#define WAIT_USEC (20 * USEC_PER_SEC)

static struct freezer freezer;

static void wait_for_state(pid_t pid, char wanted)
{
	uint64_t until = clock_now_usec() + WAIT_USEC;
	struct proc_stat stat = { .state = '?' };

	while (clock_now_usec() < until) {
		if (!proc_read_stat(freezer.procfd, pid, &stat) && stat.state == wanted)
			return;
		poll(NULL, 0, 1);
	}
	fail_msg("pid %d is in state %c, not %c", (int)pid, stat.state, wanted);
}

/* Stopped, or on its way out when the stop came: either way it runs no more. */
static void wait_until_halted(pid_t pid)
{
	uint64_t until = clock_now_usec() + WAIT_USEC;
	struct proc_stat stat = { .state = '?' };

	while (clock_now_usec() < until) {
		if (proc_read_stat(freezer.procfd, pid, &stat) || strchr("TZX", stat.state))
			return;
		poll(NULL, 0, 1);
	}
	fail_msg("pid %d still runs: %c", (int)pid, stat.state);
}

static void wait_until_not_stopped(pid_t pid)
{
	uint64_t until = clock_now_usec() + WAIT_USEC;
	struct proc_stat stat = { .state = '?' };

	while (clock_now_usec() < until) {
		if (!proc_read_stat(freezer.procfd, pid, &stat) && stat.state != 'T')
			return;
		poll(NULL, 0, 1);
	}
	fail_msg("pid %d is still stopped", (int)pid);
}

/* Whatever becomes of it: it dies with its parent, and one that stays behind stopped does not hold
 * the pipe that the test's output goes through. */
static void become_subject(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
}

/* A root with one waiting child; both pids are told by pipe. */
static pid_t start_family(pid_t *ret_grandchild)
{
	int pair[2];
	pid_t pid;

	assert_int_equal(pipe(pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		pid_t inner;

		become_subject();
		inner = fork();
		if (!inner) {
			become_subject();
			for (;;)
				pause();
		}
		(void)!write(pair[1], &inner, sizeof(inner));
		for (;;)
			pause();
	}
	close(pair[1]);
	assert_int_equal(
		read(pair[0], ret_grandchild, sizeof(*ret_grandchild)), sizeof(*ret_grandchild));
	close(pair[0]);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void stops_and_continues_a_tree(void **state)
{
	pid_t inner, root = start_family(&inner);

	(void)state;
	assert_int_equal(freeze_all(&freezer, getpid(), root, false, NULL, 0), 2);
	assert_true(freezer.frozen);
	wait_for_state(root, 'T');
	wait_for_state(inner, 'T');
	/* Again: nothing new, nothing lost. */
	assert_int_equal(freeze_all(&freezer, getpid(), root, false, NULL, 0), 2);
	freeze_thaw(&freezer);
	assert_false(freezer.frozen);
	wait_until_not_stopped(root);
	wait_until_not_stopped(inner);
	end_child(root);
}

static void leaves_alone_what_was_stopped_before(void **state)
{
	pid_t inner, root = start_family(&inner);

	(void)state;
	kill(inner, SIGSTOP);
	wait_for_state(inner, 'T');
	assert_int_equal(freeze_all(&freezer, getpid(), root, false, NULL, 0), 1);
	assert_false(tree_has(&freezer.tree, inner));
	wait_for_state(root, 'T');
	freeze_thaw(&freezer);
	wait_until_not_stopped(root);
	wait_for_state(inner, 'T');
	end_child(root);
}

static void never_stops_the_guard_or_its_helpers(void **state)
{
	pid_t inner, spare_inner, root = start_family(&inner);
	pid_t spare = start_family(&spare_inner);
	struct proc_stat stat;

	(void)state;
	assert_int_equal(freeze_all(&freezer, getpid(), root, false, &spare, 1), 2);
	assert_false(tree_has(&freezer.tree, getpid()));
	assert_false(tree_has(&freezer.tree, spare));
	assert_int_equal(proc_read_stat(freezer.procfd, spare, &stat), 0);
	assert_int_not_equal(stat.state, 'T');
	freeze_thaw(&freezer);
	end_child(root);
	end_child(spare);
}

/* Forks short-lived children for as long as nobody stops it. */
static void fork_for_ever(void)
{
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		while (pid > 0 && waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static void outruns_one_that_forks(void **state)
{
	pid_t root = fork();
	int stopped;

	(void)state;
	assert_true(root >= 0);
	if (!root) {
		become_subject();
		fork_for_ever();
	}
	for (unsigned i = 0; i < 20; i++) {
		struct tree tree;

		stopped = freeze_all(&freezer, getpid(), root, false, NULL, 0);
		assert_true(stopped >= 1);
		wait_for_state(root, 'T');
		assert_int_equal(
			tree_scan(freezer.procfd, getpid(), root, false, NULL, 0, &tree), 0);
		for (unsigned k = 0; k < tree.n; k++)
			wait_until_halted(tree.pids[k]);
		freeze_thaw(&freezer);
		wait_until_not_stopped(root);
	}
	end_child(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stops_and_continues_a_tree),
		cmocka_unit_test(leaves_alone_what_was_stopped_before),
		cmocka_unit_test(never_stops_the_guard_or_its_helpers),
		cmocka_unit_test(outruns_one_that_forks),
	};

	freezer.procfd = proc_open_root();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
