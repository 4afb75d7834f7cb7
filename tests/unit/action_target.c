/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/action.h"
#include "base/clock.h"
#include "base/units.h"

static struct conf conf;
static struct store store = { .dirfd = -1, .lockfd = -1 };

/* The application: a root and three workers of 2, 48 and 24 MiB. */
static const struct {
	const char *name;
	size_t mib;
} workers[] = { { "small", 2 }, { "a-very-long-name", 48 }, { "middle", 24 } };

#define N_WORKERS (sizeof(workers) / sizeof(workers[0]))

struct told {
	size_t i;
	pid_t pid;
};

static pid_t root, pids[N_WORKERS];

static void hold(const char *name, size_t mib)
{
	void *area = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (area == MAP_FAILED)
		_exit(1);
	prctl(PR_SET_NAME, name);
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void run_root(int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "root");
	for (size_t i = 0; i < N_WORKERS; i++) {
		struct told told = { .i = i };

		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		hold(workers[i].name, workers[i].mib);
		told.pid = getpid();
		(void)!write(fd, &told, sizeof(told));
		wait_for_ever();
	}
	wait_for_ever();
}

static int set_up(void **state)
{
	struct told told;
	int pair[2];

	(void)state;
	if (pipe(pair))
		return -1;
	root = fork();
	if (!root)
		run_root(pair[1]);
	close(pair[1]);
	for (size_t i = 0; i < N_WORKERS; i++) {
		if (read(pair[0], &told, sizeof(told)) != sizeof(told))
			return -1;
		pids[told.i] = told.pid;
	}
	close(pair[0]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	kill(root, SIGKILL);
	return waitpid(root, NULL, 0) == root ? 0 : -1;
}

static const struct {
	const char *label;
	enum conf_target_kind kind;
	uint32_t share_bp;
	const char *name;
	unsigned max, n;
	int expected[2]; /* workers */
} cases[] = {
	{ "largest", TARGET_LARGEST, 0, "", 8, 1, { 1 } },
	{ "share 25%", TARGET_SHARE, 2500, "", 8, 2, { 1, 2 } },
	{ "share 50%", TARGET_SHARE, 5000, "", 8, 1, { 1 } },
	{ "share 99%", TARGET_SHARE, 9900, "", 8, 0, { 0 } },
	{ "no more than asked for", TARGET_SHARE, 2500, "", 1, 1, { 1 } },
	{ "name", TARGET_NAME, 0, "small", 8, 1, { 0 } },
	{ "a name that the kernel has cut", TARGET_NAME, 0, "a-very-long-name", 8, 1, { 1 } },
	{ "part of a name", TARGET_NAME, 0, "smal", 8, 0, { 0 } },
	{ "no such name", TARGET_NAME, 0, "nobody", 8, 0, { 0 } },
};

static void chooses_by_size_share_and_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct action_job job = {
			.conf = &conf,
			.store = &store,
			.self = getpid(),
			.child = root,
			.deadline_usec = clock_now_usec() + 60 * USEC_PER_SEC,
		};
		pid_t chosen[8];
		unsigned n;

		conf_defaults(&conf);
		conf.dump.target = cases[i].kind;
		conf.dump.target_share_bp = cases[i].share_bp;
		strcpy(conf.dump.target_name, cases[i].name);
		n = target_choose(&job, chosen, cases[i].max);
		if (n != cases[i].n)
			fail_msg("%s: %u chosen, not %u", cases[i].label, n, cases[i].n);
		for (unsigned k = 0; k < n; k++)
			if (chosen[k] != pids[cases[i].expected[k]])
				fail_msg("%s: [%u] is pid %d, not %d", cases[i].label, k,
					(int)chosen[k], (int)pids[cases[i].expected[k]]);
	}
}

static void without_time_the_size_is_still_known(void **state)
{
	struct action_job job = {
		.conf = &conf,
		.store = &store,
		.self = getpid(),
		.child = root,
		.deadline_usec = 0,
	};
	pid_t chosen;

	(void)state;
	conf_defaults(&conf);
	assert_int_equal(target_choose(&job, &chosen, 1), 1);
	assert_int_equal(chosen, pids[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_by_size_share_and_name),
		cmocka_unit_test(without_time_the_size_is_still_known),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
