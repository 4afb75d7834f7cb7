/* SPDX-License-Identifier: Apache-2.0 */
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

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/cpus.h"

static void quotas_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t quota, period;
	} cases[] = {
		{ "50000 100000\n", 0, 50000, 100000 },
		{ "max 100000\n", 0, UINT64_MAX, 100000 },
		{ "50000", -EINVAL, 0, 0 },
		{ "0 100000", -EINVAL, 0, 0 },
		{ "50000 0", -EINVAL, 0, 0 },
		{ "x 100000", -EINVAL, 0, 0 },
		{ "", -EINVAL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cpus_bound b = { 0 };

		print_message("\"%s\"\n", cases[i].text);
		assert_int_equal(cpus_parse_max(cases[i].text, &b), cases[i].result);
		assert_true(b.quota_usec == cases[i].quota);
		assert_true(b.period_usec == cases[i].period);
	}
}

static void hierarchies_of_v1_lie_beside_each_other(void **state)
{
	static const struct {
		const char *memory, *other;
	} cases[] = {
		{ "/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu" },
		{ "/sys/fs/cgroup/memory/kubepods/x", "/sys/fs/cgroup/cpu/kubepods/x" },
		{ "/memoryless/memory/a", "/memoryless/cpu/a" },
		{ "/sys/fs/cgroup/unified", NULL },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool has = cpus_other_path(cases[i].memory, "cpu", out, sizeof(out));

		assert_int_equal(has, cases[i].other != NULL);
		if (has)
			assert_string_equal(out, cases[i].other);
	}
	assert_false(cpus_other_path("/sys/fs/cgroup/memory/x", "cpu", out, 10));
}

static char root[] = "/tmp/oomguard-cpus.XXXXXX";
static struct cgroup cg;

static void put(const char *dir, const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s%s", root, dir);
	file_make_dirs(path);
	snprintf(path, sizeof(path), "%s%s/%s", root, dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static int make_root(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	memset(&cg, 0, sizeof(cg));
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", root);
	return system(command);
}

static struct cpus_bound bound(enum cgroup_version version, const char *own, const char *parent)
{
	struct cpus_bound b;
	struct cpus c;

	cg.version = version;
	cg.n_levels = 2;
	snprintf(cg.levels[0].path, CGROUP_PATH_MAX, "%s%s", root, own);
	snprintf(cg.levels[1].path, CGROUP_PATH_MAX, "%s%s", root, parent);
	cpus_open(&c, &cg);
	cpus_read(&c, &b);
	cpus_close(&c);
	return b;
}

static void the_tightest_level_counts(void **state)
{
	struct cpus_bound b;

	(void)state;
	put("/pod/app", "cpu.max", "max 100000\n");
	put("/pod", "cpu.max", "150000 100000\n");
	put("/pod/app", "pids.current", "7\n");
	b = bound(CGROUP_V2, "/pod/app", "/pod");
	assert_int_equal(b.quota_usec, 150000);
	assert_int_equal(b.tasks, 7);
	put("/pod/app", "cpu.max", "20000 10000\n"); /* more, in shorter periods */
	assert_int_equal(bound(CGROUP_V2, "/pod/app", "/pod").quota_usec, 150000);
	put("/pod/app", "cpu.max", "5000 10000\n");
	assert_int_equal(bound(CGROUP_V2, "/pod/app", "/pod").quota_usec, 5000);
}

static void v1_has_them_in_other_hierarchies(void **state)
{
	struct cpus_bound b;

	(void)state;
	put("/cpu/a", "cpu.cfs_quota_us", "25000\n");
	put("/cpu/a", "cpu.cfs_period_us", "50000\n");
	put("/cpu", "cpu.cfs_quota_us", "-1\n");
	put("/cpu", "cpu.cfs_period_us", "100000\n");
	put("/pids/a", "pids.current", "3\n");
	b = bound(CGROUP_V1, "/memory/a", "/memory");
	assert_int_equal(b.quota_usec, 25000);
	assert_int_equal(b.period_usec, 50000);
	assert_int_equal(b.tasks, 3);
}

static void what_cannot_be_read_does_not_bound(void **state)
{
	struct cpus_bound b = bound(CGROUP_V2, "/nothing", "/here");

	(void)state;
	assert_true(b.quota_usec == UINT64_MAX);
	assert_true(b.tasks == UINT32_MAX);
}

#define ON_TREE(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotas_are_parsed),
		cmocka_unit_test(hierarchies_of_v1_lie_beside_each_other),
		ON_TREE(the_tightest_level_counts),
		ON_TREE(v1_has_them_in_other_hierarchies),
		ON_TREE(what_cannot_be_read_does_not_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
