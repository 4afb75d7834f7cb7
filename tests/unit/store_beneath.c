/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "store/beneath.h"

/* base: dir/file, out -> /etc, dir/up -> .., leaf -> dir/file */
static int make_tree(char base[64])
{
	int fd;

	snprintf(base, 64, "/tmp/oomguard-beneath-XXXXXX");
	assert_non_null(mkdtemp(base));
	fd = open(base, O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	assert_int_equal(mkdirat(fd, "dir", 0700), 0);
	assert_int_equal(symlinkat("/etc", fd, "out"), 0);
	assert_int_equal(symlinkat("..", fd, "dir/up"), 0);
	assert_int_equal(symlinkat("dir/file", fd, "leaf"), 0);
	close(openat(fd, "dir/file", O_WRONLY | O_CREAT, 0600));
	return fd;
}

static void remove_tree(const char *base, int fd)
{
	static const char *const files[] = { "dir/file", "dir/up", "out", "leaf" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		assert_int_equal(unlinkat(fd, files[i], 0), 0);
	assert_int_equal(unlinkat(fd, "dir", AT_REMOVEDIR), 0);
	close(fd);
	assert_int_equal(rmdir(base), 0);
}

static void neither_way_follows_symlinks(void **state)
{
	static const struct {
		const char *path;
		int expected; /* 0: opens */
	} cases[] = {
		{ "dir/file", 0 },
		{ "dir//file", 0 },
		{ "dir", 0 },
		{ ".", 0 },
		{ "out/passwd", -ELOOP },
		{ "dir/up/dir/file", -ELOOP },
		{ "leaf", -ELOOP },
		{ "dir/none", -ENOENT },
		{ "none/file", -ENOENT },
		{ "../x", -EXDEV },
	};
	char base[64];
	int fd = make_tree(base);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int a = beneath_open(fd, cases[i].path, O_RDONLY, 0);
		int b = beneath_walk(fd, cases[i].path, O_RDONLY, 0);

		if ((a < 0 ? a : 0) != cases[i].expected || (b < 0 ? b : 0) != cases[i].expected)
			fail_msg("%s: openat2 %d, walk %d, expected %d", cases[i].path, a, b,
				cases[i].expected);
		if (a >= 0)
			close(a);
		if (b >= 0)
			close(b);
	}
	remove_tree(base, fd);
}

static void made_directory_is_private_and_real(void **state)
{
	char base[64];
	int fd = make_tree(base), made;
	struct stat st;

	(void)state;
	assert_int_equal(beneath_make_dir(fd, "out"), -ELOOP);
	assert_int_equal(fchmodat(fd, "dir", 0777, 0), 0);
	made = beneath_make_dir(fd, "dir");
	assert_true(made >= 0);
	assert_int_equal(fstat(made, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	close(made);
	if (geteuid() == 0) {
		assert_int_equal(fchownat(fd, "dir", 12345, 12345, 0), 0);
		assert_int_equal(beneath_make_dir(fd, "dir"), -EPERM);
	}
	remove_tree(base, fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neither_way_follows_symlinks),
		cmocka_unit_test(made_directory_is_private_and_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
