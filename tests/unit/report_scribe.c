/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "report/scribe.h"

#define WAIT_MSEC 20000

static struct conf conf;
static struct cgroup cgroup;
static struct store store;
static struct scribe scribe;
static char dir[] = "/tmp/oomguard-scribe-XXXXXX";

static int set_up(void **state)
{
	static char made[sizeof(dir)];

	(void)state;
	conf_defaults(&conf);
	memset(&cgroup, 0, sizeof(cgroup));
	strcpy(made, "/tmp/oomguard-scribe-XXXXXX");
	if (!mkdtemp(made))
		return -1;
	strcpy(dir, made);
	store = (struct store){ .lockfd = -1 };
	store.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	strcpy(store.path, dir);
	scribe = SCRIBE_NONE;
	return scribe_start(&scribe, &conf, &store, &cgroup);
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	if (scribe.pid > 0) {
		kill(scribe.pid, SIGKILL);
		waitpid(scribe.pid, NULL, 0);
		scribe_has_ended(&scribe, scribe.pid);
	}
	if (store.dirfd >= 0)
		close(store.dirfd);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static struct snapshot_input make_input(void)
{
	struct snapshot_input in = {
		.conf = &conf,
		.cgroup = &cgroup,
		.sample = { .use_bytes = 1, .limit_bytes = 2, .headroom_bytes = 1 },
		.level = "dump",
		.reason = "a reason",
		.wall_usec = UINT64_C(1764104324123000),
		.eta_usec = UINT64_MAX,
		.child = getpid(),
	};

	return in;
}

static int order(uint32_t *ret_number)
{
	struct snapshot_input in = make_input();

	return scribe_order(&scribe, &in, false, clock_now_usec() + 10 * USEC_PER_SEC, ret_number);
}

static int next_answer(struct scribe_answer *a)
{
	struct pollfd p = { .fd = scribe.fd, .events = POLLIN };

	if (poll(&p, 1, WAIT_MSEC) <= 0)
		fail_msg("no answer within %d ms", WAIT_MSEC);
	return scribe_take_answer(&scribe, a);
}

static void end_companion(void)
{
	pid_t pid = scribe.pid;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void order_is_staged_then_complete(void **state)
{
	struct scribe_answer a;
	uint32_t number = 0;
	char path[STORE_PATH_MAX + 128];
	struct stat st;
	json_t *root;

	(void)state;
	assert_int_equal(order(&number), 0);
	assert_int_equal(number, 1);
	assert_int_equal(next_answer(&a), 1);
	assert_string_equal(a.text, "");
	assert_int_equal(a.stage, SCRIBE_STAGED);
	assert_int_equal(a.order, 1);
	assert_string_equal(a.incident, "incidents/20251125T205844.123Z-dump");
	assert_int_equal(next_answer(&a), 1);
	assert_string_equal(a.text, "");
	assert_int_equal(a.stage, SCRIBE_COMPLETE);
	assert_int_equal(scribe_take_answer(&scribe, &a), 0);
	snprintf(path, sizeof(path), "%s/%s/snapshot.json", dir, a.incident);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_true(json_is_true(json_object_get(root, "complete")));
	assert_string_equal(json_string_value(json_object_get(root, "reason")), "a reason");
	/* The companion is a child of ours, but not of the application. */
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 0);
	json_decref(root);
}

static void second_order_waits_for_the_first(void **state)
{
	struct scribe_answer a;
	uint32_t number = 0;

	(void)state;
	/* A stopped companion is one that a stalled disk holds up. */
	assert_int_equal(kill(scribe.pid, SIGSTOP), 0);
	assert_int_equal(order(&number), 0);
	assert_int_equal(order(&number), -EBUSY);
	assert_int_equal(scribe_take_answer(&scribe, &a), 0);
	assert_int_equal(kill(scribe.pid, SIGCONT), 0);
	do
		assert_int_equal(next_answer(&a), 1);
	while (a.stage == SCRIBE_STAGED);
	assert_int_equal(order(&number), 0);
	assert_int_equal(number, 2);
	do
		assert_int_equal(next_answer(&a), 1);
	while (a.stage == SCRIBE_STAGED);
	assert_int_equal(a.stage, SCRIBE_COMPLETE);
	assert_int_equal(a.order, 2);
}

static void dead_companion_is_told_and_started_again(void **state)
{
	struct scribe_answer a;
	uint32_t number = 0;
	pid_t pid = scribe.pid;

	(void)state;
	end_companion();
	assert_int_equal(order(&number), -EPIPE);
	assert_int_equal(scribe_take_answer(&scribe, &a), -EPIPE);
	assert_false(scribe_has_ended(&scribe, pid + 1));
	assert_true(scribe_has_ended(&scribe, pid));
	assert_false(scribe_has_ended(&scribe, pid));
	assert_int_equal(scribe.fd, -1);
	assert_int_equal(order(&number), -EPIPE);
	assert_int_equal(scribe_start(&scribe, &conf, &store, &cgroup), 0);
	assert_int_equal(order(&number), 0);
	assert_int_equal(next_answer(&a), 1);
	assert_int_equal(a.stage, SCRIBE_STAGED);
	assert_int_equal(next_answer(&a), 1);
	assert_int_equal(a.stage, SCRIBE_COMPLETE);
}

static void killed_in_the_middle_is_not_busy_for_ever(void **state)
{
	struct scribe_answer a;
	uint32_t number = 0;

	(void)state;
	assert_int_equal(kill(scribe.pid, SIGSTOP), 0);
	assert_int_equal(order(&number), 0);
	end_companion();
	assert_true(scribe_has_ended(&scribe, scribe.pid));
	assert_int_equal(scribe_start(&scribe, &conf, &store, &cgroup), 0);
	assert_int_equal(order(&number), 0);
	assert_int_equal(number, 2);
	do
		assert_int_equal(next_answer(&a), 1);
	while (a.stage == SCRIBE_STAGED);
	assert_int_equal(a.order, 2);
}

static void ends_when_the_guard_closes_its_end(void **state)
{
	int status;
	pid_t pid = scribe.pid;

	(void)state;
	close(scribe.fd);
	scribe.fd = -1;
	alarm(WAIT_MSEC / 1000);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	alarm(0);
	assert_int_equal(status, 0);
	assert_true(scribe_has_ended(&scribe, pid));
}

static void no_place_is_an_answer(void **state)
{
	struct scribe_answer a;
	uint32_t number = 0;

	(void)state;
	end_companion();
	scribe_has_ended(&scribe, scribe.pid);
	close(store.dirfd);
	store.dirfd = -1;
	assert_int_equal(scribe_start(&scribe, &conf, &store, &cgroup), 0);
	assert_int_equal(order(&number), 0);
	assert_int_equal(next_answer(&a), 1);
	assert_int_equal(a.stage, SCRIBE_FAILED);
	assert_string_equal(a.text, "no place for incidents");
	assert_string_equal(a.incident, "");
}

/* Of the open fds of the companion none is the pipe that the application would wait on. */
static void keeps_only_what_it_needs(void **state)
{
	struct scribe_answer a;
	uint32_t number = 0;
	unsigned n = 0;
	char path[64];
	struct dirent *e;
	DIR *d;
	int pair[2];

	(void)state;
	end_companion();
	scribe_has_ended(&scribe, scribe.pid);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(scribe_start(&scribe, &conf, &store, &cgroup), 0);
	assert_int_equal(order(&number), 0);
	do
		assert_int_equal(next_answer(&a), 1);
	while (a.stage == SCRIBE_STAGED);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)scribe.pid);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	close(pair[0]);
	close(pair[1]);
	/* stdio, socket, store, /proc; the incident's directory may still be open for a moment */
	assert_in_range(n, 6, 7);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(order_is_staged_then_complete),
		CASE(second_order_waits_for_the_first),
		CASE(dead_companion_is_told_and_started_again),
		CASE(killed_in_the_middle_is_not_busy_for_ever),
		CASE(ends_when_the_guard_closes_its_end),
		CASE(no_place_is_an_answer),
		CASE(keeps_only_what_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
