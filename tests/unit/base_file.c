/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

struct stage {
	char path[64];
	int dirfd;
};

static int set_up(void **state)
{
	struct stage *st = calloc(1, sizeof(*st));

	if (!st)
		return -1;
	snprintf(st->path, sizeof(st->path), "/tmp/oomguard-file-XXXXXX");
	if (!mkdtemp(st->path))
		return -1;
	st->dirfd = open(st->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = st;
	return st->dirfd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "a", "a.partial", "victim", "d/x", "m/n/o", "m/n",
		"m" };
	struct stage *st = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (unlinkat(st->dirfd, names[i], 0) < 0)
			unlinkat(st->dirfd, names[i], AT_REMOVEDIR);
	unlinkat(st->dirfd, "a", AT_REMOVEDIR);
	close(st->dirfd);
	rmdir(st->path);
	free(st);
	return 0;
}

static bool is_there(const struct stage *st, const char *name)
{
	struct stat info;

	return !fstatat(st->dirfd, name, &info, AT_SYMLINK_NOFOLLOW);
}

static void put(const struct stage *st, const char *name, const char *text)
{
	auto_close int fd = openat(st->dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
}

static void what_is_read_ends_with_nul(void **state)
{
	static const struct {
		size_t size;
		ssize_t r;
		const char *text;
	} cases[] = {
		{ 64, 5, "12345" },
		{ 6, 5, "12345" },
		{ 5, -EFBIG, "1234" },
		{ 1, -EFBIG, "" },
	};
	struct stage *st = *state;

	put(st, "a", "12345");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64];

		memset(out, 'x', sizeof(out));
		assert_int_equal(file_read_text(st->dirfd, "a", out, cases[i].size), cases[i].r);
		assert_string_equal(out, cases[i].text);
	}
}

static void reading_begins_at_the_start_each_time(void **state)
{
	struct stage *st = *state;
	char out[16];

	put(st, "a", "abc");
	auto_close int fd = openat(st->dirfd, "a", O_RDONLY | O_CLOEXEC);

	assert_int_equal(file_pread_text(fd, out, sizeof(out)), 3);
	assert_int_equal(file_pread_text(fd, out, sizeof(out)), 3);
	assert_string_equal(out, "abc");
}

static void what_is_not_there_is_said(void **state)
{
	struct stage *st = *state;
	char out[16] = "same";

	assert_int_equal(file_read_text(st->dirfd, "none", out, sizeof(out)), -ENOENT);
	assert_int_equal(file_pread_text(st->dirfd, out, sizeof(out)), -EISDIR);
	assert_string_equal(out, "same");
}

static void a_whole_file_is_private_and_complete(void **state)
{
	struct stage *st = *state;
	struct stat info;
	char out[16];

	for (int sync = 0; sync < 2; sync++) {
		assert_int_equal(file_write_whole(st->dirfd, "a", "abc", 3, sync), 0);
		assert_int_equal(file_read_text(st->dirfd, "a", out, sizeof(out)), 3);
		assert_string_equal(out, "abc");
		assert_int_equal(fstatat(st->dirfd, "a", &info, 0), 0);
		assert_int_equal(info.st_mode & 07777, 0600);
		assert_false(is_there(st, "a.partial"));
	}
}

static void the_old_file_is_replaced(void **state)
{
	struct stage *st = *state;
	char out[32];

	put(st, "a", "old and longer");
	assert_int_equal(file_write_whole(st->dirfd, "a", "new", 3, 0), 0);
	assert_int_equal(file_read_text(st->dirfd, "a", out, sizeof(out)), 3);
	assert_string_equal(out, "new");
}

static void a_partial_of_a_dead_writer_is_replaced(void **state)
{
	struct stage *st = *state;
	char out[32];

	put(st, "a.partial", "half of someth");
	assert_int_equal(file_write_whole(st->dirfd, "a", "new", 3, 0), 0);
	assert_int_equal(file_read_text(st->dirfd, "a", out, sizeof(out)), 3);
	assert_string_equal(out, "new");
	assert_false(is_there(st, "a.partial"));
}

static void a_planted_symlink_is_not_followed(void **state)
{
	static const char *const planted[] = { "a.partial", "a" };
	struct stage *st = *state;
	char out[32];

	put(st, "victim", "precious");
	for (size_t i = 0; i < ARRAY_LEN(planted); i++) {
		unlinkat(st->dirfd, planted[i], 0);
		assert_int_equal(symlinkat("victim", st->dirfd, planted[i]), 0);
		assert_int_equal(file_write_whole(st->dirfd, "a", "new", 3, 0), 0);
		assert_int_equal(file_read_text(st->dirfd, "victim", out, sizeof(out)), 8);
		assert_string_equal(out, "precious");
		assert_int_equal(file_read_text(st->dirfd, "a", out, sizeof(out)), 3);
	}
}

static void a_failed_rename_leaves_no_partial(void **state)
{
	struct stage *st = *state;

	assert_int_equal(mkdirat(st->dirfd, "a", 0700), 0);
	assert_int_equal(file_write_whole(st->dirfd, "a", "new", 3, 0), -EISDIR);
	assert_false(is_there(st, "a.partial"));
}

static void a_failed_write_leaves_no_partial(void **state)
{
	struct stage *st = *state;
	struct rlimit old, small;
	char data[4096] = "";
	int r;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = 100, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = file_write_whole(st->dirfd, "a", data, sizeof(data), 0);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(r, -EFBIG);
	assert_false(is_there(st, "a.partial"));
	assert_false(is_there(st, "a"));
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	struct stage *st = *state;
	char name[5000];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(file_write_whole(st->dirfd, name, "", 0, 0), -ENAMETOOLONG);
	name[300] = '\0';
	assert_int_equal(file_write_whole(st->dirfd, name, "", 0, 0), -ENAMETOOLONG);
	assert_int_equal(file_make_dirs(name), -ENAMETOOLONG);
}

static void a_full_disk_is_said(void **state)
{
	auto_close int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(file_write_all(fd, "x", 1), -ENOSPC);
	assert_int_equal(file_write_all(fd, "x", 0), 0);
	assert_int_equal(file_write_all(-1, "x", 1), -EBADF);
}

static void directories_are_made_private(void **state)
{
	struct stage *st = *state;
	char path[128];
	struct stat info;

	snprintf(path, sizeof(path), "%s/m//n/o/", st->path);
	assert_int_equal(file_make_dirs(path), 0);
	assert_int_equal(file_make_dirs(path), 0);
	assert_int_equal(fstatat(st->dirfd, "m", &info, 0), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_int_equal(fstatat(st->dirfd, "m/n/o", &info, 0), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	put(st, "a", "");
	snprintf(path, sizeof(path), "%s/a", st->path);
	assert_int_equal(file_make_dirs(path), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/a/b", st->path);
	assert_int_equal(file_make_dirs(path), -ENOTDIR);
	assert_int_equal(file_make_dirs(""), -ENOENT);
	assert_int_equal(file_make_dirs("/"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_read_ends_with_nul),
		TEST(reading_begins_at_the_start_each_time),
		TEST(what_is_not_there_is_said),
		TEST(a_whole_file_is_private_and_complete),
		TEST(the_old_file_is_replaced),
		TEST(a_partial_of_a_dead_writer_is_replaced),
		TEST(a_planted_symlink_is_not_followed),
		TEST(a_failed_rename_leaves_no_partial),
		TEST(a_failed_write_leaves_no_partial),
		TEST(a_name_that_is_too_long_is_refused),
		TEST(a_full_disk_is_said),
		TEST(directories_are_made_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
