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
#include "dump/newfile.h"

static char base[64];
static int basefd;

static int make_base(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/oomguard-newfile-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	basefd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return basefd < 0;
}

static int remove_base(void **state)
{
	auto_closedir DIR *d = fdopendir(basefd);
	struct dirent *e;

	(void)state;
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && unlinkat(dirfd(d), e->d_name, 0) < 0)
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	return rmdir(base);
}

/* Its time is told, so that no test depends on the clock. */
static void put(const char *name, const char *text, time_t mtime)
{
	int fd = openat(basefd, name, O_WRONLY | O_CREAT | O_APPEND, 0644);
	struct timespec times[2] = { { .tv_sec = mtime }, { .tv_sec = mtime } };

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static void finds_the_one_changed_last(void **state)
{
	struct newfile_marks before = NEWFILE_MARKS_NONE;
	struct newfile got = { .others = 9 };

	(void)state;
	put("old", "1", 100);
	put("log", "1", 100);
	assert_int_equal(newfile_remember(basefd, &before), 0);
	assert_int_equal(newfile_find(basefd, &before, &got), 0);
	assert_int_equal(got.others, 9);
	put("log", "2", 300);
	put("heap", "12345", 400);
	put("later-but-small", "1", 400);
	assert_int_equal(symlinkat("/etc/passwd", basefd, "link"), 0);
	assert_int_equal(mkdirat(basefd, "dir", 0700), 0);
	assert_int_equal(newfile_find(basefd, &before, &got), 1);
	assert_string_equal(got.name, "heap");
	assert_int_equal(got.mark.size, 5);
	assert_int_equal(got.others, 2);
	newfile_forget(&before);
}

static void same_size_and_other_time_is_a_change(void **state)
{
	struct newfile_marks before = NEWFILE_MARKS_NONE;
	struct newfile got;

	(void)state;
	put("heap", "12345", 100);
	assert_int_equal(newfile_remember(basefd, &before), 0);
	put("heap", "", 200);
	assert_int_equal(newfile_find(basefd, &before, &got), 1);
	assert_string_equal(got.name, "heap");
	newfile_forget(&before);
}

static void only_new_files_become_private(void **state)
{
	struct newfile_marks before = NEWFILE_MARKS_NONE;
	struct stat st;

	(void)state;
	put("old", "1", 100);
	assert_int_equal(newfile_remember(basefd, &before), 0);
	put("new", "1", 100);
	assert_int_equal(linkat(basefd, "new", basefd, "new-too", 0), 0);
	put("alone", "1", 100);
	newfile_make_private(basefd, &before);
	assert_int_equal(fstatat(basefd, "alone", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstatat(basefd, "old", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* Another name of it may be anywhere. */
	assert_int_equal(fstatat(basefd, "new", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	newfile_forget(&before);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_base, remove_base)
	const struct CMUnitTest tests[] = {
		CASE(finds_the_one_changed_last),
		CASE(same_size_and_other_time_is_a_change),
		CASE(only_new_files_become_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
