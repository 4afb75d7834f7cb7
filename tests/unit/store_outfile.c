/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "store/outfile.h"
#include "fixture.h"

static char dir[32];
static int dirfd_;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/oomguard-out-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(dirfd_);
	fixture_remove(dir);
	return 0;
}

static int has(const char *name)
{
	return faccessat(dirfd_, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void name_is_final_only_when_complete(void **state)
{
	struct outfile f;
	uint64_t bytes = 0;
	struct stat st;
	char text[8] = "";
	int fd;

	(void)state;
	assert_int_equal(outfile_create(dirfd_, "a.bin", &f), 0);
	assert_true(has("a.bin.partial"));
	assert_int_equal(outfile_write(&f, "....", 4), 0);
	outfile_skip(&f, 1 << 20);
	assert_int_equal(outfile_patch(&f, "head", 4, 0), 0);
	assert_false(has("a.bin"));
	assert_int_equal(outfile_finish(&f, &bytes), 0);
	assert_true(has("a.bin"));
	assert_false(has("a.bin.partial"));
	assert_int_equal(fstatat(dirfd_, "a.bin", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* A hole at the end is there and takes nothing. */
	assert_int_equal(st.st_size, 4 + (1 << 20));
	assert_true(bytes > 0 && bytes < 1 << 20);
	fd = openat(dirfd_, "a.bin", O_RDONLY);
	assert_int_equal(pread(fd, text, 4, 0), 4);
	close(fd);
	assert_string_equal(text, "head");
	outfile_drop(&f); /* nothing */
	assert_true(has("a.bin"));
}

static void second_of_a_name_gets_a_number(void **state)
{
	struct outfile f;
	uint64_t bytes;

	(void)state;
	assert_int_equal(symlinkat("/nowhere", dirfd_, "a.b.c"), 0);
	assert_int_equal(outfile_create(dirfd_, "a.b.c", &f), 0);
	assert_int_equal(outfile_finish(&f, &bytes), 0);
	assert_true(has("a-2.b.c"));
	assert_int_equal(outfile_create(dirfd_, "a.b.c", &f), 0);
	assert_true(has("a-3.b.c.partial"));
	outfile_drop(&f);
	assert_false(has("a-3.b.c.partial"));
	/* One that is being written, or was left behind, is not touched. */
	fixture_write(dir, "x.partial", "old");
	assert_int_equal(outfile_create(dirfd_, "x", &f), 0);
	assert_string_equal(f.name, "x-2");
	outfile_leave(&f);
	assert_true(has("x-2.partial"));
}

static void no_more_than_allowed_is_written(void **state)
{
	struct outfile f;

	(void)state;
	assert_int_equal(outfile_create(dirfd_, "a", &f), 0);
	outfile_limit(&f, 10, 0);
	assert_int_equal(outfile_write(&f, "12345678", 8), 0);
	outfile_skip(&f, 1 << 20); /* takes nothing */
	assert_int_equal(outfile_write(&f, "90", 2), 0);
	assert_int_equal(outfile_write(&f, "x", 1), -ENOSPC);
	outfile_drop(&f);
	/* All of the file system is to stay free. */
	assert_int_equal(outfile_create(dirfd_, "a", &f), 0);
	outfile_limit(&f, 1 << 20, 10000);
	assert_int_equal(outfile_write(&f, "12", 2), -ENOSPC);
	outfile_drop(&f);
}

/* How many pages of the file are cached. */
static size_t cached_pages(const char *name, size_t size)
{
	int fd = openat(dirfd_, name, O_RDONLY);
	size_t pages = size / 4096, n = 0;
	unsigned char *in = malloc(pages);
	void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	assert_true(p != MAP_FAILED && in);
	assert_int_equal(mincore(p, size, in), 0);
	for (size_t i = 0; i < pages; i++)
		n += in[i] & 1;
	munmap(p, size);
	close(fd);
	free(in);
	return n;
}

static void cache_is_bounded_while_it_is_written(void **state)
{
	static char data[1 << 20];
	struct statfs fs;
	struct outfile f;
	uint64_t bytes;
	size_t n;

	(void)state;
	memset(data, 1, sizeof(data));
	assert_int_equal(outfile_create(dirfd_, "big", &f), 0);
	for (int i = 0; i < 32; i++)
		assert_int_equal(outfile_write(&f, data, sizeof(data)), 0);
	n = cached_pages("big.partial", 32 << 20);
	/* On a tmpfs that is where it is. */
	if (fstatfs(dirfd_, &fs) == 0 && fs.f_type == 0x01021994)
		skip();
	if (n * 4096 > 2 * OUTFILE_WINDOW + sizeof(data))
		fail_msg("%zu KiB are cached", n * 4);
	assert_int_equal(outfile_finish(&f, &bytes), 0);
	assert_true(bytes >= 32 << 20);
}

/* What was held is where it belongs, whether it fitted or not. */
static void held_file_is_the_same(void **state)
{
	static const size_t rooms[] = { 0, 4096, 100000, 1 << 20 };
	static char expected[300000], got[300001];

	(void)state;
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		struct outfile f;
		uint64_t bytes;
		int fd;

		memset(expected, 0, sizeof(expected));
		assert_int_equal(outfile_create(dirfd_, "held", &f), 0);
		if (rooms[i])
			assert_int_equal(outfile_hold(&f, rooms[i]), 0);
		for (size_t at = 0; at + 1000 <= sizeof(expected); at += 1500) {
			memset(expected + at, (int)(at / 1500 % 250) + 1, 1000);
			assert_int_equal(outfile_write(&f, expected + at, 1000), 0);
			outfile_skip(&f, 500);
		}
		memcpy(expected, "head", 4);
		assert_int_equal(outfile_settle(&f), 0);
		assert_int_equal(outfile_patch(&f, "head", 4, 0), 0);
		assert_int_equal(outfile_finish(&f, &bytes), 0);
		fd = openat(dirfd_, "held", O_RDONLY);
		assert_true(fd >= 0);
		assert_int_equal(read(fd, got, sizeof(got)), sizeof(expected));
		close(fd);
		assert_memory_equal(got, expected, sizeof(expected));
		assert_int_equal(unlinkat(dirfd_, "held", 0), 0);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(name_is_final_only_when_complete),
		CASE(second_of_a_name_gets_a_number),
		CASE(no_more_than_allowed_is_written),
		CASE(cache_is_bounded_while_it_is_written),
		CASE(held_file_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
