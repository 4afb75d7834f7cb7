/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "dump/nspath.h"

static void innermost_pid_is_the_last(void **state)
{
	static const struct {
		const char *status;
		pid_t expected;
	} cases[] = {
		{ "Name:\tx\nNStgid:\t4711\t7\nNSpid:\t4711\t9\n", 7 },
		{ "Name:\tx\nNStgid:\t4711\n", 4711 },
		{ "Name:\tx\nNStgid:\t4711\t70\t1\n", 1 },
		{ "Name:\tx\nNStgid:\t\nNSpid:\t5\n", 42 },
		{ "Name:\tNStgid: 9\n", 42 },
		{ "", 42 },
	};
	pid_t self = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(nspath_parse_pid(cases[i].status, 42), cases[i].expected);
	assert_int_equal(nspath_read_pid(getpid(), &self), 0);
	assert_int_equal(self, getpid());
	assert_int_equal(nspath_read_pid(0x3fffffff, &self), -ESRCH);
}

static void only_percent_p_is_replaced(void **state)
{
	static const struct {
		const char *pattern, *expected;
	} cases[] = {
		{ "/dumps/heap-%p.bin", "/dumps/heap-7.bin" },
		{ "%p%p", "77" },
		{ "100% %% %d", "100% %% %d" },
		{ "", "" },
	};
	char out[32], small[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(nspath_expand(cases[i].pattern, 7, out, sizeof(out)), 0);
		assert_string_equal(out, cases[i].expected);
	}
	assert_int_equal(nspath_expand("%p", 12345, small, sizeof(small)), -ENAMETOOLONG);
}

static void opens_inside_the_root_of_the_target(void **state)
{
	char base[] = "/tmp/oomguard-nspath-XXXXXX", path[64];
	auto_close int fd = -1, dirfd = -1;

	(void)state;
	assert_non_null(mkdtemp(base));
	dirfd = open(base, O_RDONLY | O_DIRECTORY);
	close(openat(dirfd, "file", O_WRONLY | O_CREAT, 0600));
	snprintf(path, sizeof(path), "%s/file", base);
	assert_int_equal(symlinkat(path, dirfd, "link"), 0); /* absolute: inside the root */
	snprintf(path, sizeof(path), "%s/link", base);
	fd = nspath_open(getpid(), path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(nspath_open(getpid(), "/no-such-file", O_RDONLY), -ENOENT);
	assert_int_equal(nspath_open(0x3fffffff, "/etc", O_RDONLY), -ENOENT);
	assert_int_equal(nspath_open(getpid(), "../x", O_RDONLY), -EXDEV);
	unlinkat(dirfd, "file", 0);
	unlinkat(dirfd, "link", 0);
	assert_int_equal(rmdir(base), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(innermost_pid_is_the_last),
		cmocka_unit_test(only_percent_p_is_replaced),
		cmocka_unit_test(opens_inside_the_root_of_the_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
