/* SPDX-License-Identifier: Apache-2.0 */
/* On files of a scratch directory; what the kernel makes of memory.high is told by a story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "action/parachute.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"

static char dir[] = "/tmp/oomguard-parachute.XXXXXX";
static int dirfd_;
static struct cgroup cg;
static struct conf conf;
static struct cgroup_sample sample;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY);
	memset(&cg, 0, sizeof(cg));
	cg.version = CGROUP_V2;
	cg.writable = true;
	cg.n_levels = 1;
	strcpy(cg.levels[0].path, dir);
	cg.levels[0].fd.high = 0;
	cg.levels[0].last.max_bytes = 100 * MIB;
	cg.levels[0].last.high_bytes = CGROUP_NO_LIMIT;
	sample = (struct cgroup_sample){ .own_use_bytes = 80 * MIB };
	memset(&conf, 0, sizeof(conf));
	conf.n_levels = 2;
	conf.levels[0].at = (struct conf_amount){ .set = true, .is_share = true, .share_bp = 8800 };
	conf.levels[1].at = (struct conf_amount){ .set = true, .is_share = true, .share_bp = 9500 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlinkat(dirfd_, "memory.high", 0);
	unlinkat(dirfd_, "parachute", 0);
	close(dirfd_);
	return rmdir(dir);
}

static void put(const char *text)
{
	int fd = openat(dirfd_, "memory.high", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

/* The kernel's file has no old bytes behind what was written; this one does. */
static void assert_high(const char *expected)
{
	char text[64];

	assert_true(file_read_text(dirfd_, "memory.high", text, sizeof(text)) >= 0);
	assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
}

static struct parachute plan(bool new_kernel)
{
	struct parachute p;

	parachute_plan(&cg, &sample, &conf, new_kernel, &p);
	return p;
}

static void it_is_set_midway_to_the_highest_level(void **state)
{
	struct parachute p = plan(true);

	(void)state;
	assert_true(p.wanted);
	assert_int_equal(p.high_bytes, 87 * MIB + 512 * KIB);
	assert_true(p.old_bytes == CGROUP_NO_LIMIT);
	conf.n_levels = 0;
	p = plan(true);
	assert_int_equal(p.high_bytes, 88 * MIB + 512 * KIB);
}

static void it_is_not_wanted_where_it_could_do_harm(void **state)
{
	(void)state;
	assert_false(plan(false).wanted);
	cg.writable = false;
	assert_false(plan(true).wanted);
	cg.writable = true;
	cg.version = CGROUP_V1;
	assert_false(plan(true).wanted);
	cg.version = CGROUP_V2;
	cg.levels[0].last.high_bytes = 87 * MIB; /* slows down already */
	assert_false(plan(true).wanted);
	cg.levels[0].last.high_bytes = 88 * MIB;
	assert_true(plan(true).wanted);
	sample.own_use_bytes = 94 * MIB; /* the dump would be slowed down */
	assert_false(plan(true).wanted);
	sample.own_use_bytes = 80 * MIB;
	cg.levels[0].last.max_bytes = CGROUP_NO_LIMIT;
	assert_false(plan(true).wanted);
}

static void kernels_before_5_9_are_left_alone(void **state)
{
	static const struct {
		const char *release;
		bool is_new;
	} cases[] = {
		{ "5.8.18", false },
		{ "5.9.0-rc1", true },
		{ "6.1.0-56-cloud-amd64", true },
		{ "4.18.0-553.el8", false },
		{ "10.0", true },
		{ "", false },
		{ "linux", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(parachute_release_is_new(cases[i].release), cases[i].is_new);
}

static void the_old_value_comes_back(void **state)
{
	struct parachute p = plan(true);
	struct stat st;

	(void)state;
	put("max");
	assert_int_equal(parachute_open(&p, dirfd_), 0);
	assert_high("91750400");
	assert_int_equal(fstatat(dirfd_, "parachute", &st, 0), 0);
	put("91750400\n");
	assert_int_equal(parachute_close(&p), 0);
	assert_high("max");
	assert_false(p.wanted);
}

static void a_value_of_somebody_else_stays(void **state)
{
	struct parachute p = plan(true);

	(void)state;
	put("max");
	assert_int_equal(parachute_open(&p, dirfd_), 0);
	put("50000000\n");
	assert_int_equal(parachute_close(&p), 0);
	assert_high("50000000");
}

static void nothing_is_written_that_could_not_be_put_back(void **state)
{
	struct parachute p = plan(true);

	(void)state;
	put("max");
	assert_int_equal(parachute_open(&p, -1), -EBADF);
	assert_high("max");
}

static void the_next_life_puts_it_back(void **state)
{
	struct parachute p;

	(void)state;
	cg.levels[0].last.high_bytes = 97 * MIB;
	p = plan(true);
	put("101711872");
	assert_int_equal(parachute_open(&p, dirfd_), 0);
	put("91750400\n");
	assert_int_equal(parachute_recover(dirfd_, &cg), 1);
	assert_high("101711872");
	assert_int_equal(parachute_recover(dirfd_, &cg), 0); /* once */
}

static void another_cgroup_and_damaged_records_are_left_alone(void **state)
{
	static const char *const records[] = { "cgroup=1\nhigh=91750400\nold=5\n", "",
		"cgroup=", "rubbish\n" };
	struct stat st;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		put("91750400\n");
		assert_int_equal(
			file_write_whole(dirfd_, "parachute", records[i], strlen(records[i]), 0),
			0);
		assert_int_equal(parachute_recover(dirfd_, &cg), 0);
		assert_high("91750400");
		assert_int_equal(fstatat(dirfd_, "parachute", &st, 0), -1);
	}
}

#define ON_FILES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FILES(it_is_set_midway_to_the_highest_level),
		ON_FILES(it_is_not_wanted_where_it_could_do_harm),
		cmocka_unit_test(kernels_before_5_9_are_left_alone),
		ON_FILES(the_old_value_comes_back),
		ON_FILES(a_value_of_somebody_else_stays),
		ON_FILES(nothing_is_written_that_could_not_be_put_back),
		ON_FILES(the_next_life_puts_it_back),
		ON_FILES(another_cgroup_and_damaged_records_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
