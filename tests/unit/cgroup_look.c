/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cgroup/find.h"
#include "fixture.h"

/*
 * Ours stand before libc's, so that what libc itself asks for (fopen, opendir) is counted as well.
 * Sanitizers bring their own malloc and are left alone.
 */
static unsigned long n_allocations;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifndef __SANITIZE_ADDRESS__
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
	n_allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	n_allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	n_allocations++;
	return __libc_realloc(p, size);
}
#endif

static struct cgroup cg;
static char top[] = "/tmp/oomguard-look-XXXXXX";

#define DIR2 "sys/fs/cgroup/pod/app/"
#define POD2 "sys/fs/cgroup/pod/"

static int make_tree(void **state)
{
	static const char mountinfo[] = "30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n";

	(void)state;
	strcpy(top, "/tmp/oomguard-look-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	fixture_write(top, "proc/self/cgroup", "0::/pod/app\n");
	fixture_write(top, "proc/self/mountinfo", mountinfo);
	fixture_write(top, "proc/meminfo", "MemTotal: 1048576 kB\n");
	fixture_write(top, DIR2 "memory.current", "104857600\n");
	fixture_write(top, DIR2 "memory.max", "209715200\n");
	fixture_write(top, DIR2 "memory.high", "max\n");
	fixture_write(top, DIR2 "memory.stat", "anon 52428800\nfile 0\nkernel 0\n");
	fixture_write(top, POD2 "memory.current", "104857600\n");
	fixture_write(top, POD2 "memory.max", "max\n");
	fixture_write(top, POD2 "memory.stat", "anon 62914560\n");
	return 0;
}

static int remove_tree(void **state)
{
	(void)state;
	cgroup_close(&cg);
	fixture_remove(top);
	return 0;
}

static void open_tree(enum conf_basis basis)
{
	struct conf conf = { .guard.basis = basis };
	char proc[64];
	auto_close int procfd = -1;
	struct cgroup_source source = { .prefix = top };
	const char *why;

	snprintf(proc, sizeof(proc), "%s/proc", top);
	procfd = source.procfd = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(cgroup_open_at(&cg, &source, 0, &conf, &why), 0);
	assert_int_equal(cg.n_levels, 2);
	cg.stat_lag_bytes = 0;
}

static struct cgroup_sample look(bool force)
{
	struct cgroup_sample s = { 0 };

	assert_int_equal(cgroup_look(&cg, force, &s), 0);
	return s;
}

static void a_look_allocates_nothing(void **state)
{
	struct cgroup_sample s;
	unsigned long before;

	(void)state;
	open_tree(BASIS_NONRECLAIMABLE);
	before = n_allocations;
	for (int i = 0; i < 100; i++) {
		cg.host_next_usec = 0; /* sysinfo(2) as well */
		if (cgroup_look(&cg, i % 2, &s))
			break;
	}
	assert_int_equal(n_allocations, before);
#ifndef __SANITIZE_ADDRESS__
	void *volatile one =
		malloc(1); /* volatile: a pair that nobody looks at is optimised away */

	free(one);
	assert_int_equal(n_allocations, before + 1); /* they are counted */
#endif
}

static void stat_is_read_only_where_it_matters(void **state)
{
	struct cgroup_sample s;

	(void)state;
	open_tree(BASIS_NONRECLAIMABLE);
	s = look(false);
	assert_false(s.detailed);
	assert_int_equal(s.use_bytes, 100 * MIB); /* 50 % of the limit: usage, the upper bound */
	s = look(true);
	assert_true(s.detailed);
	assert_int_equal(s.use_bytes, 50 * MIB);
	fixture_write(top, DIR2 "memory.current", "131072000\n");
	s = look(false);
	assert_true(s.detailed);
	assert_int_equal(s.use_bytes, 50 * MIB);
}

static void limits_follow_a_live_resize(void **state)
{
	static const struct {
		const char *file, *text;
		uint64_t limit;
		unsigned binding;
	} steps[] = {
		{ DIR2 "memory.max", "157286400\n", 150 * MIB, 0 },
		{ DIR2 "memory.high", "136314880\n", 130 * MIB, 0 },
		{ DIR2 "memory.high", "max\n", 150 * MIB, 0 },
		{ POD2 "memory.max", "115343360\n", 110 * MIB, 1 },
		{ POD2 "memory.max", "max\n", 150 * MIB, 0 },
		{ DIR2 "memory.max", "9223372036854771712\n", CGROUP_NO_LIMIT, 0 },
		{ DIR2 "memory.max", "68719476736\n", 1 * GIB,
			0 }, /* 64 GiB on a machine of 1 GiB */
		{ DIR2 "memory.max", "max\n", CGROUP_NO_LIMIT, 0 },
		{ DIR2 "memory.max", "0\n", 0, 0 },
		{ DIR2 "memory.max", "rubbish\n", CGROUP_NO_LIMIT, 0 },
	};

	(void)state;
	open_tree(BASIS_NONRECLAIMABLE);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct cgroup_sample s;

		print_message("%s = %s", steps[i].file, steps[i].text);
		fixture_write(top, steps[i].file, steps[i].text);
		s = look(false);
		assert_int_equal(s.limit_bytes, steps[i].limit);
		assert_int_equal(s.binding, steps[i].binding);
	}
}

static void a_limit_cut_to_ram_says_so(void **state)
{
	struct cgroup_sample s;
	char source[CGROUP_PATH_MAX];

	(void)state;
	open_tree(BASIS_NONRECLAIMABLE);
	fixture_write(top, DIR2 "memory.max", "68719476736\n");
	s = look(false);
	cgroup_limit_source(&cg, &s, source, sizeof(source));
	assert_non_null(strstr(source, "memory.max, cut to RAM"));
}

static void use_is_never_more_than_usage_and_lag_is_capped(void **state)
{
	struct cgroup_sample s;

	(void)state;
	open_tree(BASIS_NONRECLAIMABLE);
	cg.stat_lag_bytes = GIB;
	s = look(true);
	assert_int_equal(s.use_bytes, 50 * MIB + 2 * MIB); /* 1 % of 200 MiB */
	fixture_write(top, DIR2 "memory.stat", "anon 999999999\n");
	s = look(true);
	assert_int_equal(s.use_bytes, 100 * MIB);
}

static void the_brake_is_no_limit(void **state)
{
	struct cgroup_sample s;

	(void)state;
	open_tree(BASIS_NONRECLAIMABLE);
	fixture_write(top, DIR2 "memory.high", "104857600\n");
	cg.braked_high_bytes = CGROUP_NO_LIMIT;
	s = look(false);
	assert_int_equal(s.limit_bytes, 200 * MIB);
	cg.braked_high_bytes = 180 * MIB;
	s = look(false);
	assert_int_equal(s.limit_bytes, 180 * MIB);
	cg.braked_high_bytes = 0;
	s = look(false);
	assert_int_equal(s.limit_bytes, 100 * MIB);
}

static void an_ancestor_is_compared_in_the_same_way(void **state)
{
	struct cgroup_sample s;

	(void)state;
	open_tree(BASIS_NONRECLAIMABLE);
	fixture_write(top, POD2 "memory.max", "125829120\n");
	s = look(false);
	assert_int_equal(s.binding, 1);
	assert_true(s.detailed);
	assert_int_equal(s.use_bytes, 60 * MIB);
	assert_int_equal(s.own_use_bytes, 50 * MIB);
}

static void swap_counts_on_both_sides(void **state)
{
	struct cgroup_sample s;

	(void)state;
	fixture_write(top, DIR2 "memory.swap.current", "10485760\n");
	fixture_write(top, DIR2 "memory.swap.max", "max\n");
	fixture_write(top, POD2 "memory.swap.current", "20971520\n");
	fixture_write(top, POD2 "memory.swap.max", "52428800\n");
	open_tree(BASIS_ANON);
	cg.host_swap_bytes = GIB;
	cg.host_swap_free_bytes = 512 * MIB;
	s = look(true);
	/* 10 in use, and 30 that the pod has left */
	assert_int_equal(s.limit_bytes, 200 * MIB + 40 * MIB);
	assert_int_equal(s.use_bytes, 50 * MIB + 10 * MIB);
	cg.host_swap_free_bytes = 5 * MIB;
	s = look(true);
	assert_int_equal(s.limit_bytes, 200 * MIB + 15 * MIB);
	cg.host_swap_bytes = cg.host_swap_free_bytes = 0;
	s = look(true);
	assert_int_equal(s.limit_bytes, 200 * MIB);
	assert_int_equal(s.use_bytes, 50 * MIB);
}

static void an_unreadable_usage_leaves_the_sample_alone(void **state)
{
	struct cgroup_sample s = { .use_bytes = 77 };

	(void)state;
	open_tree(BASIS_NONRECLAIMABLE);
	fixture_write(top, DIR2 "memory.current", "");
	assert_int_equal(cgroup_look(&cg, false, &s), -EINVAL);
	assert_int_equal(s.use_bytes, 77);
}

static void an_invisible_ancestor_of_v1_is_seen_to_change(void **state)
{
	static const char mountinfo[] =
		"39 25 0:34 / /sys/fs/cgroup rw - cgroup cgroup rw,memory\n";
	struct cgroup_sample s;

	(void)state;
	fixture_write(top, "proc/self/cgroup", "9:memory:/pod/app\n");
	fixture_write(top, "proc/self/mountinfo", mountinfo);
	fixture_write(top, DIR2 "memory.usage_in_bytes", "104857600\n");
	fixture_write(top, DIR2 "memory.limit_in_bytes", "9223372036854771712\n");
	fixture_write(top, DIR2 "memory.stat", "hierarchical_memory_limit 838860800\n");
	fixture_write(top, POD2 "memory.usage_in_bytes", "104857600\n");
	open_tree(BASIS_NONRECLAIMABLE);
	assert_int_equal(cg.version, CGROUP_V1);
	assert_int_equal(look(false).limit_bytes, 800 * MIB);
	fixture_write(top, DIR2 "memory.stat", "hierarchical_memory_limit 524288000\n");
	cg.host_next_usec = 0; /* a second has passed */
	s = look(false);
	assert_int_equal(s.limit_bytes - cg.levels[0].last.swap_usable_bytes, 500 * MIB);
	assert_false(s.detailed);
	assert_int_equal(s.use_bytes, 100 * MIB);
}

#define ON_TREE(test) cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_TREE(a_look_allocates_nothing),
		ON_TREE(stat_is_read_only_where_it_matters),
		ON_TREE(limits_follow_a_live_resize),
		ON_TREE(a_limit_cut_to_ram_says_so),
		ON_TREE(use_is_never_more_than_usage_and_lag_is_capped),
		ON_TREE(the_brake_is_no_limit),
		ON_TREE(an_ancestor_is_compared_in_the_same_way),
		ON_TREE(swap_counts_on_both_sides),
		ON_TREE(an_invisible_ancestor_of_v1_is_seen_to_change),
		ON_TREE(an_unreadable_usage_leaves_the_sample_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
