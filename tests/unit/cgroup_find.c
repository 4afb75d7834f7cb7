/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "cgroup/find.h"
#include "fixture.h"

static void the_machine_is_asked_with_and_without_the_library(void **state)
{
	auto_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_source source = { .procfd = procfd, .prefix = "", .live = true };
	struct cgroup_place with, without;
	int err;

	(void)state;
	err = cgroup_find(&source, 0, &with);
	source.live = false;
	assert_int_equal(cgroup_find(&source, 0, &without), err);
	/* No child of it is left behind. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	if (err == -ENOENT)
		skip(); /* no memory cgroup on this machine */
	assert_int_equal(err, 0);
	assert_int_equal(with.version, without.version);
	assert_int_equal(with.hybrid, without.hybrid);
	if (without.exact)
		assert_string_equal(with.dir, without.dir);
	assert_int_equal(with.depth, without.depth);
}

static void another_process_is_found_where_it_is(void **state)
{
	auto_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_source source = { .procfd = procfd, .prefix = "", .live = true };
	struct cgroup_place own, by_pid;

	(void)state;
	if (cgroup_find(&source, 0, &own))
		skip();
	assert_int_equal(cgroup_find(&source, getpid(), &by_pid), 0);
	assert_string_equal(by_pid.dir, own.dir);
	/* 4194304 is the highest pid there can be (PID_MAX_LIMIT), plus one. */
	assert_int_equal(cgroup_find(&source, 4194305, &by_pid), -ENOENT);
}

static void a_directory_is_found_by_its_pid(void **state)
{
	struct cgroup_place place = {
		.version = CGROUP_V2,
		.mount = "/sys/fs/cgroup",
		.dir = "/sys/fs/cgroup",
		.depth = 1,
	};
	char prefix[FIXTURE_PATH_MAX];

	(void)state;
	fixture_path("cgroup/root_dot_dot", prefix);
	assert_false(cgroup_search_pid(prefix, 4243, &place));
	assert_string_equal(place.dir, "/sys/fs/cgroup");
	assert_false(place.exact);
	assert_true(cgroup_search_pid(prefix, 4242, &place));
	assert_string_equal(place.dir, "/sys/fs/cgroup/kubepods/pod7a/app");
	assert_int_equal(place.depth, 4);
	assert_true(place.exact);
}

static void missing_files_are_errors(void **state)
{
	auto_close int fd = fixture_open("cgroup");
	struct cgroup_source source = { .procfd = fd, .prefix = "" };
	struct cgroup_place place = { .depth = 9 };

	(void)state;
	assert_int_equal(cgroup_find(&source, 0, &place), -ENOENT);
	assert_int_equal(place.depth, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_machine_is_asked_with_and_without_the_library),
		cmocka_unit_test(another_process_is_found_where_it_is),
		cmocka_unit_test(a_directory_is_found_by_its_pid),
		cmocka_unit_test(missing_files_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
