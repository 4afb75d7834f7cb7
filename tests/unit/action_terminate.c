/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/work.h"
#include "base/clock.h"
#include "base/units.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#define WORKERS 3

/* In shared memory: what the family is like, and who they are. */
static struct family {
	size_t bytes[WORKERS];
	bool ignores_term[WORKERS], other_exe[WORKERS], is_parent[WORKERS];
	pid_t pids[WORKERS];
	volatile int ready;
} * family;

static struct conf conf;
static struct store store = { .dirfd = -1, .lockfd = -1 };
static struct action_job job;
static char text[1024];

static void be_worker(int i)
{
	char *memory;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	family->pids[i] = getpid();
	if (family->ignores_term[i])
		signal(SIGTERM, SIG_IGN);
	if (family->is_parent[i]) {
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	if (family->other_exe[i]) {
		__sync_fetch_and_add(&family->ready, 1);
		execlp("sleep", "sleep", "1000", (char *)NULL);
	}
	memory = malloc(family->bytes[i] + 1);
	memset(memory, i + 1, family->bytes[i] + 1);
	__sync_fetch_and_add(&family->ready, 1);
	for (;;)
		pause();
}

static void start_family(void)
{
	pid_t main_pid = fork();

	assert_true(main_pid >= 0);
	if (!main_pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < WORKERS; i++) {
			if (!fork())
				be_worker(i);
		}
		for (;;)
			waitpid(-1, NULL, 0);
	}
	while (family->ready < WORKERS)
		usleep(1000);
	job = (struct action_job){
		.conf = &conf,
		.store = &store,
		.level = "dump",
		.reason = "",
		.incident = "",
		.self = getpid(),
		.child = main_pid,
		.deadline_usec = clock_now_usec() + 20 * USEC_PER_SEC,
	};
}

static int set_up(void **state)
{
	(void)state;
	family = mmap(
		NULL, sizeof(*family), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	conf_defaults(&conf);
	return family == MAP_FAILED;
}

static int tear_down(void **state)
{
	(void)state;
	if (job.child > 0 && waitpid(job.child, NULL, WNOHANG) == 0) {
		kill(job.child, SIGKILL);
		waitpid(job.child, NULL, 0);
	}
	job.child = 0;
	munmap(family, sizeof(*family));
	return 0;
}

static int run(void)
{
	struct buf line = BUF_ON(text);

	buf_reset(&line);
	return work_terminate_largest(&job, &line);
}

/* Its parent reaps it: gone is gone. */
static bool is_alive(pid_t pid)
{
	return kill(pid, 0) == 0;
}

static void fattest_worker_goes_and_nobody_else(void **state)
{
	char start[64];

	(void)state;
	family->bytes[0] = 4 << 20;
	family->bytes[1] = 16 << 20;
	family->bytes[2] = 8 << 20;
	start_family();
	assert_int_equal(run(), 0);
	snprintf(start, sizeof(start), "worker pid %d (", (int)family->pids[1]);
	if (strncmp(text, start, strlen(start)) || !strstr(text, " terminated by TERM after "))
		fail_msg("told: %s", text);
	for (int i = 0; i < 200 && is_alive(family->pids[1]); i++)
		usleep(10000);
	assert_false(is_alive(family->pids[1]));
	assert_true(is_alive(family->pids[0]));
	assert_true(is_alive(family->pids[2]));
	assert_true(is_alive(job.child));
}

static void one_that_ignores_term_is_killed(void **state)
{
	(void)state;
	family->bytes[1] = 16 << 20;
	family->ignores_term[1] = true;
	start_family();
	job.deadline_usec = clock_now_usec() + 300 * USEC_PER_MSEC;
	assert_int_equal(run(), 0);
	if (!strstr(text, " terminated by KILL after "))
		fail_msg("told: %s", text);
}

#ifndef __SANITIZE_ADDRESS__ /* with its shadow even an idle worker is a MiB: fat enough to be one \
			      */
/* Another program is nobody's worker; who has children is somebody's parent. */
static void others_are_no_workers(void **state)
{
	(void)state;
	family->other_exe[0] = true;
	family->bytes[1] = 16 << 20;
	family->is_parent[1] = true;
	start_family();
	while (kill(family->pids[0], 0) == 0) { /* until it runs the other program */
		char path[64], exe[256] = "";

		snprintf(path, sizeof(path), "/proc/%d/exe", (int)family->pids[0]);
		if (readlink(path, exe, sizeof(exe) - 1) < 0 || !strstr(exe, "action_terminate"))
			break;
		usleep(1000);
	}
	assert_int_equal(run(), 1);
	if (!strstr(text, "no worker to terminate"))
		fail_msg("told: %s", text);
	for (int i = 0; i < WORKERS; i++)
		assert_true(is_alive(family->pids[i]));
}
#endif

/* The main process alone: however large it is. */
static void main_process_is_never_taken(void **state)
{
	(void)state;
	family->bytes[1] = 16 << 20;
	start_family();
	kill(job.child, SIGKILL);
	waitpid(job.child, NULL, 0);
	job.child = getpid();
	job.child = fork();
	if (!job.child) {
		char *memory = malloc(16 << 20);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(memory, 1, 16 << 20);
		for (;;)
			pause();
	}
	assert_int_equal(run(), 1);
	assert_true(is_alive(job.child));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(fattest_worker_goes_and_nobody_else),
		CASE(one_that_ignores_term_is_killed),
#ifndef __SANITIZE_ADDRESS__
		CASE(others_are_no_workers),
#endif
		CASE(main_process_is_never_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
