/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fixture.h"
#include "proc/proc.h"
#include "proc/tree.h"

static struct tree tree;

static void assert_pids(const pid_t *pids)
{
	unsigned n = 0;

	for (; pids[n]; n++) {
		if (n < tree.n)
			assert_int_equal(tree.pids[n], pids[n]);
	}
	assert_int_equal(tree.n, n);
	assert_int_equal(tree.more, 0);
}

/*
 * tests/fixtures/proc/tree: 1 is the guard; 7 the application with 20 ("we ird) (x)"), 21 below it
 * and the zombie 22; 8 and its child 9 are helpers; 30 is an orphan that came to 1; 40 and 41 came
 * in by exec; the parent of 50 has gone meanwhile.
 */
static void families_are_told_apart(void **state)
{
	static const struct {
		const char *what;
		pid_t self, root;
		bool as_init;
		pid_t spare[2];
		unsigned n_spare;
		pid_t found[16];
	} cases[] = {
		{ "as init", 1, 7, true, { 8 }, 1, { 7, 20, 21, 30, 50 } },
		{ "as init, nobody spared", 1, 7, true, { 0 }, 0, { 7, 8, 9, 20, 21, 30, 50 } },
		{ "as init, two spared", 1, 7, true, { 8, 20 }, 2, { 7, 30, 50 } },
		{ "as a parent", 1, 7, false, { 8 }, 1, { 7, 20, 21, 30 } },
		{ "from the side", 41, 7, false, { 0 }, 0, { 7, 20, 21 } },
		{ "a leaf", 41, 21, false, { 0 }, 0, { 21 } },
		{ "a root that has gone", 41, 999, false, { 0 }, 0, { 0 } },
		{ "a root that is a zombie", 41, 22, false, { 0 }, 0, { 0 } },
	};
	auto_close int fd = fixture_open("proc/tree");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].what);
		assert_int_equal(tree_scan(fd, cases[i].self, cases[i].root, cases[i].as_init,
					 cases[i].spare, cases[i].n_spare, &tree),
			0);
		assert_pids(cases[i].found);
	}
	assert_false(tree_has(&tree, 7));
}

static void a_ring_of_parents_ends(void **state)
{
	static const pid_t nobody[] = { 0 }, both[] = { 5, 6, 0 };
	char top[] = "/tmp/oomguard-tree-XXXXXX";
	auto_close int fd = -1;

	(void)state;
	assert_non_null(mkdtemp(top));
	fixture_write(top, "5/stat", "5 (a) S 6 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 1 1 1\n");
	fixture_write(top, "6/stat", "6 (b) S 5 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 1 1 1\n");
	fixture_write(top, "9/stat", "rubbish\n");
	fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_scan(fd, 1, 2, false, NULL, 0, &tree), 0);
	assert_pids(nobody);
	assert_int_equal(tree_scan(fd, 1, 2, true, NULL, 0, &tree), 0);
	assert_pids(both);
	fixture_remove(top);
}

static void no_proc_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(tree_scan(-1, 1, 2, false, NULL, 0, &tree), -EBADF);
}

/* Nobody outlives a test that failed half-way. */
static void wait_for_the_end(void)
{
	alarm(30);
	for (;;)
		pause();
}

/* Waits for one pid that a descendant tells. */
static pid_t read_pid(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	pid_t pid = 0;

	if (poll(&p, 1, 5000) != 1 || read(fd, &pid, sizeof(pid)) != sizeof(pid))
		fail_msg("no pid within 5 s");
	return pid;
}

static void tell_and_wait(int fd)
{
	pid_t pid = getpid();

	if (write(fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	wait_for_the_end();
}

/* child -> grandchild, and a daemon whose parent ended: it becomes ours, the subreaper's. */
static void run_family(int fd)
{
	pid_t between;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		tell_and_wait(fd);
	}
	between = fork();
	if (!between) {
		if (!fork())
			tell_and_wait(fd);
		_exit(0);
	}
	while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
		;
	tell_and_wait(fd);
}

static void a_real_family_is_seen(void **state)
{
	auto_close int fd = proc_open_root();
	pid_t child, helper, pids[3];
	int ends[2];

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child)
		run_family(ends[1]);
	helper = fork();
	if (!helper)
		wait_for_the_end();
	for (unsigned i = 0; i < ARRAY_LEN(pids); i++)
		pids[i] = read_pid(ends[0]); /* in whatever order */
	assert_int_equal(tree_scan(fd, getpid(), child, false, &helper, 1, &tree), 0);
	assert_int_equal(tree.n, 3);
	for (unsigned i = 0; i < ARRAY_LEN(pids); i++)
		assert_true(tree_has(&tree, pids[i]));
	assert_true(tree_has(&tree, child));
	assert_false(tree_has(&tree, helper));
	assert_false(tree_has(&tree, getpid()));
	for (unsigned i = 0; i < ARRAY_LEN(pids); i++)
		kill(pids[i], SIGKILL);
	kill(helper, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	assert_int_equal(tree_scan(fd, getpid(), child, false, &helper, 1, &tree), 0);
	assert_int_equal(tree.n, 0);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_told_apart),
		cmocka_unit_test(a_ring_of_parents_ends),
		cmocka_unit_test(no_proc_is_an_error),
		cmocka_unit_test(a_real_family_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
