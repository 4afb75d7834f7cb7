/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "fixture.h"
#include "store/compress.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

static char dir[48];
static int dirfd_;

static int set_up(void **state)
{
	(void)state;
	/* A disk, where there is one: pages of a tmpfs do not leave the cache. */
	strcpy(dir, "/var/tmp/oomguard-pack-XXXXXX");
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

/* Half of it is noise, so that it does not shrink to nothing; a hole is in it. */
static void write_raw(const char *name, size_t bytes)
{
	int fd = openat(dirfd_, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	uint32_t block[1024], x = 1;

	assert_true(fd >= 0);
	for (size_t at = 0; at < bytes; at += sizeof(block)) {
		for (size_t i = 0; i < 1024; i++)
			block[i] = i % 2 ? (x = x * 1664525 + 1013904223) : 0;
		if (at / sizeof(block) % 8 != 3)
			assert_int_equal(
				pwrite(fd, block, sizeof(block), (off_t)at), sizeof(block));
	}
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	close(fd);
}

static struct compress_order order_of(const char *name, enum codec_format format)
{
	return (struct compress_order){
		.dirfd = dirfd_,
		.name = name,
		.format = format,
		.max_bytes = GIB,
		.until_usec = clock_now_usec() + 60 * USEC_PER_SEC,
	};
}

static void choice_is_by_name_and_setting(void **state)
{
	static const struct {
		const char *setting, *name;
		uint64_t bytes;
		enum codec_format expected;
	} cases[] = {
		{ "auto", "hotspot-7.hprof", MIB, CODEC_GZIP },
		{ "auto", "core-7.elf", MIB, CODEC_ZSTD },
		{ "auto", "core-7-2.elf", MIB, CODEC_ZSTD },
		{ "auto", "go-7.heap.pb.gz", MIB, CODEC_NONE },
		{ "auto", "whatever.bin", MIB, CODEC_NONE },
		{ "zstd", "hotspot-7.hprof", MIB, CODEC_ZSTD },
		{ "gzip", "core-7.elf", MIB, CODEC_GZIP },
		{ "zstd", "go-7.heap.pb.gz", MIB, CODEC_NONE },
		{ "zstd", "whatever.bin", MIB, CODEC_ZSTD },
		{ "zstd", "hotspot-7.threads.txt", MIB, CODEC_NONE },
		{ "zstd", "core-7.elf.partial", MIB, CODEC_NONE },
		{ "none", "hotspot-7.hprof", MIB, CODEC_NONE },
		{ "auto", "core-7.elf", 10, CODEC_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (compress_choose(cases[i].setting, cases[i].name, cases[i].bytes) !=
			cases[i].expected)
			fail_msg("case %zu: %s %s", i, cases[i].setting, cases[i].name);
}

/* The ordinary tools open it and give the same bytes again. */
static void packed_is_the_same_for_gzip_and_zstd(void **state)
{
	static const struct {
		enum codec_format format;
		const char *name, *tool;
	} cases[] = {
		{ CODEC_GZIP, "raw.gz", "gzip -dc" },
		{ CODEC_ZSTD, "raw.zst", "zstd -qdc" },
	};
	struct compress_result res;
	char command[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct compress_order order = order_of("raw", cases[i].format);
		struct stat st;
		int r;

		write_raw("raw", 3 * MIB + 5);
		write_raw("same", 3 * MIB + 5);
		assert_int_equal(compress_file(&order, &res), 0);
		assert_string_equal(res.name, cases[i].name);
		assert_int_equal(res.raw_bytes, 3 * MIB + 5);
		assert_false(has("raw"));
		assert_int_equal(fstatat(dirfd_, res.name, &st, 0), 0);
		assert_int_equal(st.st_size, res.bytes);
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_true(res.bytes < res.raw_bytes * 3 / 4);
		snprintf(command, sizeof(command), "cd %s && %s %s 2>/dev/null | cmp -s - same",
			dir, cases[i].tool, cases[i].name);
		r = system(command);
		/* No zstd here is no failure: compress_file has unpacked it itself. */
		if (cases[i].format == CODEC_GZIP)
			assert_int_equal(r, 0);
	}
}

/* Whatever fails: the raw file stays, and nothing else does. */
static void what_fails_leaves_the_raw_file(void **state)
{
	static const struct {
		const char *what;
		bool late, full;
		int expected;
	} cases[] = {
		{ "no time", .late = true, .expected = -ETIMEDOUT },
		{ "no room", .full = true, .expected = -ENOSPC },
	};
	struct compress_result res;

	(void)state;
	write_raw("raw", MIB);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct compress_order order = order_of("raw", CODEC_ZSTD);

		if (cases[i].late)
			order.until_usec = clock_now_usec();
		if (cases[i].full)
			order.max_bytes = 1000;
		assert_int_equal(compress_file(&order, &res), cases[i].expected);
		assert_true(has("raw"));
		assert_false(has("raw.zst"));
		assert_false(has("raw.zst.partial"));
	}
}

static void stop_is_obeyed(void **state)
{
	struct compress_result res;
	pid_t pid;
	int status;

	(void)state;
	write_raw("raw", MIB);
	pid = fork();
	if (!pid) {
		struct compress_order order = order_of("raw", CODEC_ZSTD);

		outfile_stop(true);
		_exit(compress_file(&order, &res) == -ECANCELED ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(has("raw"));
	assert_false(has("raw.zst.partial"));
}

static void link_is_not_followed(void **state)
{
	struct compress_order order = order_of("link", CODEC_ZSTD);
	struct compress_result res;

	(void)state;
	write_raw("raw", MIB);
	assert_int_equal(symlinkat("raw", dirfd_, "link"), 0);
	assert_int_equal(compress_file(&order, &res), -ELOOP);
	assert_true(has("raw"));
	assert_true(has("link"));
}

/* What another stream than a whole one of its format gives. */
static void damage_is_met(void **state)
{
	uint8_t raw[4096] = { 1, 2, 3 }, packed[8192], back[8192];

	(void)state;
	for (int f = CODEC_GZIP; f <= CODEC_ZSTD; f++) {
		struct codec_io io = { raw, sizeof(raw), packed, sizeof(packed) };
		struct codec c;
		size_t len;

		assert_int_equal(codec_begin(&c, (enum codec_format)f, false), 0);
		assert_int_equal(codec_step(&c, &io, true), 1);
		codec_end(&c);
		len = sizeof(packed) - io.out_len;
		packed[len - 3] ^= 1; /* in the check sum, or the length behind it */
		assert_int_equal(codec_begin(&c, (enum codec_format)f, true), 0);
		io = (struct codec_io){ packed, len, back, sizeof(back) };
		assert_int_equal(codec_step(&c, &io, false), -EBADMSG);
		codec_end(&c);
	}
}

static size_t cached_pages(const char *name)
{
	int fd = openat(dirfd_, name, O_RDONLY);
	struct stat st;
	unsigned char *seen;
	size_t n, count = 0;
	void *p;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	n = ((size_t)st.st_size + 4095) / 4096;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	seen = malloc(n);
	assert_true(p != MAP_FAILED && seen);
	assert_int_equal(mincore(p, (size_t)st.st_size, seen), 0);
	for (size_t i = 0; i < n; i++)
		count += seen[i] & 1;
	free(seen);
	munmap(p, (size_t)st.st_size);
	close(fd);
	return count;
}

/* Our own memory is bounded, and the page cache is given back. */
static void memory_is_bounded(void **state)
{
	struct rusage before, after;
	struct compress_order order = order_of("raw", CODEC_ZSTD);
	struct compress_result res;

	(void)state;
	write_raw("raw", 32 * MIB);
	getrusage(RUSAGE_SELF, &before);
	assert_int_equal(compress_file(&order, &res), 0);
	getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed, and shadows all */
	if (after.ru_maxrss - before.ru_maxrss > 3 * 1024)
		fail_msg("%ld KiB more", after.ru_maxrss - before.ru_maxrss);
#endif
	if (cached_pages(res.name) > 256)
		fail_msg("%zu pages are still cached", cached_pages(res.name));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(memory_is_bounded), /* first: the high-water mark only rises */
		CASE(choice_is_by_name_and_setting),
		CASE(packed_is_the_same_for_gzip_and_zstd),
		CASE(what_fails_leaves_the_raw_file),
		CASE(stop_is_obeyed),
		CASE(link_is_not_followed),
		CASE(damage_is_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
