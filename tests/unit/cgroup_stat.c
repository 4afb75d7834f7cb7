/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/stat.h"

static void numbers_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t value;
	} cases[] = {
		{ "0\n", 0, 0 },
		{ "268435456\n", 0, 268435456 },
		{ "42", 0, 42 },
		{ "42 43", 0, 42 },
		{ "max\n", 0, CGROUP_NO_LIMIT },
		{ "18446744073709551615\n", 0, UINT64_MAX },
		{ "18446744073709551616\n", 0, CGROUP_NO_LIMIT },
		{ "999999999999999999999999\n", 0, CGROUP_NO_LIMIT },
		{ "", -EINVAL, 7 },
		{ "\n", -EINVAL, 7 },
		{ "-1\n", -EINVAL, 7 },
		{ "12x\n", -EINVAL, 7 },
		{ "maximum\n", -EINVAL, 7 },
		{ "0x10\n", -EINVAL, 7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t value = 7;

		print_message("\"%s\"\n", cases[i].text);
		assert_int_equal(stat_parse_u64(cases[i].text, &value), cases[i].err);
		assert_int_equal(value, cases[i].value);
	}
}

static void v2_keys_are_taken_whole(void **state)
{
	struct cgroup_stat st;

	(void)state;
	stat_parse(cgroup_v2_format(),
		"anon 1\nfile 2\nkernel 30\nkernel_stack 4\nshmem 5\nslab_reclaimable 6\n"
		"inactive_anon 7\nactive_file 8\nfile_dirty 9\nanon_thp 100\nanonymous 200\n",
		&st);
	assert_int_equal(st.anon, 1);
	assert_int_equal(st.file, 2);
	assert_int_equal(st.kernel, 30);
	assert_true(st.has_kernel);
	assert_int_equal(st.kernel_stack, 4);
	assert_int_equal(st.shmem, 5);
	assert_int_equal(st.slab_reclaimable, 6);
	assert_int_equal(st.inactive_anon, 7);
	assert_int_equal(st.active_file, 8);
	assert_int_equal(st.file_dirty, 9);
	assert_int_equal(st.pgfault, 0);
}

static void kernel_is_added_up_before_5_18(void **state)
{
	struct cgroup_stat st;

	(void)state;
	stat_parse(cgroup_v2_format(),
		"kernel_stack 1\npagetables 20\npercpu 300\nsock 4000\nvmalloc 50000\n"
		"slab_reclaimable 600000\nslab_unreclaimable 7000000\n",
		&st);
	assert_false(st.has_kernel);
	assert_int_equal(st.kernel, 7654321);
}

static void v1_counts_the_children(void **state)
{
	struct cgroup_stat st;

	(void)state;
	stat_parse(cgroup_v1_format(),
		"cache 1\nrss 2\nhierarchical_memory_limit 9223372036854771712\ntotal_cache 30\n"
		"total_rss 40\ntotal_shmem 5\ntotal_swap 6\ntotal_rss_huge 9\n",
		&st);
	assert_int_equal(st.file, 30);
	assert_int_equal(st.anon, 40);
	assert_int_equal(st.shmem, 5);
	assert_int_equal(st.swap, 6);
	assert_int_equal(st.hierarchical_limit, CGROUP_NO_LIMIT);
	stat_parse(cgroup_v1_format(), "hierarchical_memory_limit 4096\n", &st);
	assert_int_equal(st.hierarchical_limit, 4096);
}

static void hostile_lines_are_passed_over(void **state)
{
	struct cgroup_stat st;

	(void)state;
	stat_parse(cgroup_v2_format(),
		"\n \nanon\nfile x\n shmem 3\nanon -5\nsock 12q\nkernel  9\npercpu 8\nanon 77",
		&st);
	assert_int_equal(st.anon, 0); /* the last line has no end: it may have been cut */
	assert_int_equal(st.file, 0);
	assert_int_equal(st.shmem, 0);
	assert_int_equal(st.sock, 0);
	assert_int_equal(st.percpu, 8);
	assert_false(st.has_kernel);
}

static void uses_follow_the_basis(void **state)
{
	static const struct cgroup_stat plain = { .anon = 100,
		.file = 90,
		.shmem = 20,
		.kernel = 30,
		.slab_reclaimable = 10,
		.active_file = 25,
		.inactive_file = 40 };
	static const struct cgroup_stat odd = { .file = 10,
		.active_file = 25,
		.kernel = 5,
		.slab_reclaimable = 9,
		.inactive_file = 500 };
	static const struct {
		enum conf_basis basis;
		const struct cgroup_stat *st;
		uint64_t use;
	} cases[] = {
		{ BASIS_NONRECLAIMABLE, &plain, 100 + 20 + 20 + 5 },
		{ BASIS_WORKING_SET, &plain, 300 - 40 },
		{ BASIS_USAGE, &plain, 300 },
		{ BASIS_ANON, &plain, 100 },
		{ BASIS_NONRECLAIMABLE, &odd, 0 },
		{ BASIS_WORKING_SET, &odd, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("case %zu\n", i);
		assert_int_equal(cgroup_use_of(cases[i].basis, 300, cases[i].st), cases[i].use);
	}
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
	struct cgroup_stat st = { .anon = 3 };
	uint64_t value = 3;

	(void)state;
	assert_int_equal(stat_read_u64(-1, &value), -EBADF);
	assert_int_equal(stat_read(cgroup_v2_format(), -1, &st), -EBADF);
	assert_int_equal(value, 3);
	assert_int_equal(st.anon, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_parsed),
		cmocka_unit_test(v2_keys_are_taken_whole),
		cmocka_unit_test(kernel_is_added_up_before_5_18),
		cmocka_unit_test(v1_counts_the_children),
		cmocka_unit_test(hostile_lines_are_passed_over),
		cmocka_unit_test(uses_follow_the_basis),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
