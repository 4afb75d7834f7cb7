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

static struct cgroup cg;

/* Opens a fixture; the paths of its levels begin with *ret_prefix. */
static int open_fixture(const char *name, pid_t pid, const struct conf *conf, const char **ret_why,
	size_t *ret_prefix_len)
{
	char prefix[FIXTURE_PATH_MAX], proc[128];
	auto_close int procfd = -1;
	struct cgroup_source source = { .prefix = prefix };

	fixture_path(name, prefix);
	snprintf(proc, sizeof(proc), "%s/proc", name);
	procfd = source.procfd = fixture_open(proc);
	*ret_prefix_len = strlen(prefix);
	return cgroup_open_at(&cg, &source, pid, conf, ret_why);
}

static const struct {
	const char *fixture;
	pid_t pid;
	enum cgroup_version version;
	bool hybrid;
	unsigned n_levels, binding;
	const char *own, *source; /* below the fixture */
	uint64_t use, limit;
} cases[] = {
	/* 160 anon + 8 shmem + 12 - 4 kernel + 2 unlisted + 16 swap + 1 lag; 256 + 64 of swap */
	{ "cgroup/private_v2", 0, CGROUP_V2, false, 1, 0, "/sys/fs/cgroup",
		"/sys/fs/cgroup/memory.max", 195 * MIB, 320 * MIB },
	/* cheap: less than 60 % of memory.high */
	{ "cgroup/host_namespace_v2", 0, CGROUP_V2, false, 1, 0, "/sys/fs/cgroup",
		"/sys/fs/cgroup/memory.high", 100 * MIB, 460 * MIB },
	{ "cgroup/hybrid", 0, CGROUP_V1, true, 3, 0,
		"/sys/fs/cgroup/memory/system.slice/app.service",
		"/sys/fs/cgroup/memory/system.slice/app.service/memory.limit_in_bytes", 216 * MIB,
		400 * MIB },
	/* 150 + 20 + 6 + 5 + 10 swap; an invisible ancestor allows 224, and 32 of swap */
	{ "cgroup/v1_bind_mount", 0, CGROUP_V1, false, 1, 0, "/sys/fs/cgroup/memory",
		"/sys/fs/cgroup/memory/memory.stat (hierarchical_memory_limit)", 191 * MIB,
		256 * MIB },
	/* 70 anon + 5 - 1 kernel + the lag, cut to 1 % of 96 MiB */
	{ "cgroup/limited_ancestor", 0, CGROUP_V2, false, 3, 1, "/sys/fs/cgroup/kubepods/pod7a/app",
		"/sys/fs/cgroup/kubepods/pod7a/memory.max", 74 * MIB + 96 * MIB / 100, 96 * MIB },
	{ "cgroup/unlimited", 0, CGROUP_V2, false, 1, 0, "/sys/fs/cgroup", "none", 1 * GIB,
		CGROUP_NO_LIMIT },
	{ "cgroup/root_dot_dot", 4242, CGROUP_V2, false, 3, 0, "/sys/fs/cgroup/kubepods/pod7a/app",
		"/sys/fs/cgroup/kubepods/pod7a/app/memory.max", 60 * MIB, 128 * MIB },
};

static void trees_are_understood(void **state)
{
	static const struct conf conf;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char source[2 * FIXTURE_PATH_MAX];
		struct cgroup_sample s;
		const char *why;
		size_t skip;

		print_message("%s\n", cases[i].fixture);
		assert_int_equal(
			open_fixture(cases[i].fixture, cases[i].pid, &conf, &why, &skip), 0);
		assert_string_equal(why, "");
		assert_int_equal(cg.version, cases[i].version);
		assert_int_equal(cg.hybrid, cases[i].hybrid);
		assert_int_equal(cg.n_levels, cases[i].n_levels);
		assert_string_equal(cg.levels[0].path + skip, cases[i].own);
		assert_int_equal(cg.ram_bytes, 16 * GIB);
		if (cg.version == CGROUP_V2)
			cg.stat_lag_bytes = MIB; /* whatever the number of CPUs here */
		assert_int_equal(cgroup_look(&cg, false, &s), 0);
		assert_int_equal(s.binding, cases[i].binding);
		assert_int_equal(s.use_bytes, cases[i].use);
		assert_int_equal(s.limit_bytes, cases[i].limit);
		assert_int_equal(s.headroom_bytes, s.limit_bytes == CGROUP_NO_LIMIT
							   ? CGROUP_NO_LIMIT
							   : s.limit_bytes - s.use_bytes);
		assert_int_equal(cgroup_has_limit(&cg), s.limit_bytes != CGROUP_NO_LIMIT);
		cgroup_limit_source(&cg, &s, source, sizeof(source));
		assert_string_equal(source + (source[0] == '/' || source[0] == '.' ? skip : 0),
			cases[i].source);
		cgroup_close(&cg);
	}
}

static void no_memory_cgroup_is_said_in_words(void **state)
{
	static const struct conf conf = { .guard.limit_bytes = 64 * MIB };
	struct cgroup_sample s = { .use_bytes = 5 };
	const char *why;
	size_t skip;

	(void)state;
	assert_int_equal(open_fixture("cgroup/no_memory_controller", 0, &conf, &why, &skip), 0);
	assert_int_equal(cg.n_levels, 0);
	assert_int_equal(cg.version, CGROUP_NONE);
	assert_string_equal(why, "no memory cgroup is mounted here");
	assert_int_equal(cgroup_look(&cg, false, &s), -ENOENT);
	assert_int_equal(s.use_bytes, 5);
	/* A pid that is in no visible directory, below a mount whose root has no files. */
	assert_int_equal(open_fixture("cgroup/root_dot_dot", 0, &conf, &why, &skip), 0);
	assert_int_equal(cg.n_levels, 0);
	assert_string_equal(why, "the memory cgroup's files cannot be opened");
}

static void no_proc_is_an_error(void **state)
{
	static const struct conf conf;
	auto_close int fd = fixture_open("cgroup");
	struct cgroup_source source = { .procfd = fd, .prefix = "" };
	const char *why;

	(void)state;
	assert_int_equal(cgroup_open_at(&cg, &source, 0, &conf, &why), -ENOENT);
}

static void limits_given_by_the_user_count(void **state)
{
	static const struct {
		uint64_t limit, pod_limit, found;
		unsigned binding;
		const char *source;
	} limits[] = {
		{ 200 * MIB, 0, 264 * MIB, 0, "guard.limit" },
		{ 0, 230 * MIB, 294 * MIB, 1, "guard.pod-limit" },
		{ 200 * MIB, 230 * MIB, 264 * MIB, 0, "guard.limit" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct conf conf = { .guard.limit_bytes = limits[i].limit,
			.guard.pod_limit_bytes = limits[i].pod_limit };
		struct cgroup_sample s;
		const char *why;
		char source[64];
		size_t skip;

		print_message("case %zu\n", i);
		assert_int_equal(open_fixture("cgroup/private_v2", 0, &conf, &why, &skip), 0);
		assert_int_equal(cgroup_look(&cg, false, &s), 0);
		assert_int_equal(s.limit_bytes, limits[i].found);
		assert_int_equal(s.binding, limits[i].binding);
		assert_int_equal(s.own_use_bytes, s.use_bytes);
		cgroup_limit_source(&cg, &s, source, sizeof(source));
		assert_string_equal(source, limits[i].source);
		cgroup_close(&cg);
	}
}

static void events_are_read_by_version(void **state)
{
	static const struct conf conf;
	struct cgroup_events all, local;
	struct cgroup_pressure pressure;
	const char *why;
	size_t skip;

	(void)state;
	assert_int_equal(open_fixture("cgroup/private_v2", 0, &conf, &why, &skip), 0);
	assert_int_equal(cgroup_read_events(&cg, &all, &local), 0);
	assert_int_equal(all.max, 18);
	assert_int_equal(local.oom_kill, 1);
	cgroup_read_pressure(&cg, &pressure);
	assert_true(pressure.known);
	assert_int_equal(pressure.some_avg10_bp, 125);
	cgroup_close(&cg);
	assert_int_equal(cgroup_read_events(&cg, &all, &local), -ENOENT);

	assert_int_equal(open_fixture("cgroup/v1_bind_mount", 0, &conf, &why, &skip), 0);
	assert_int_equal(cgroup_read_events(&cg, &all, NULL), 0);
	assert_int_equal(all.max, 307);
	assert_int_equal(all.oom_kill, 2);
	assert_int_equal(all.oom, UINT64_MAX);
	cgroup_read_pressure(&cg, &pressure);
	assert_false(pressure.known);
	cgroup_close(&cg);
}

static void detail_begins_where_a_level_could_hold(void **state)
{
	static const struct {
		struct conf_amount at, free;
		uint64_t detail_from_bp;
	} levels[] = {
		{ { 0 }, { 0 }, 6000 },
		{ { .set = true, .is_share = true, .share_bp = 7500 }, { 0 }, 6000 },
		{ { .set = true, .is_share = true, .share_bp = 3000 }, { 0 }, 3000 },
		{ { .set = true, .bytes = MIB }, { 0 }, 0 },
		{ { 0 }, { .set = true, .is_share = true, .share_bp = 100 }, 6000 },
		{ { 0 }, { .set = true, .is_share = true, .share_bp = 8000 }, 2000 },
		{ { 0 }, { .set = true, .bytes = MIB }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		struct conf conf = { .n_levels = 1 };
		const char *why;
		size_t skip;

		print_message("case %zu\n", i);
		conf.levels[0].at = levels[i].at;
		conf.levels[0].free = levels[i].free;
		assert_int_equal(open_fixture("cgroup/private_v2", 0, &conf, &why, &skip), 0);
		assert_int_equal(cg.detail_from_bp, levels[i].detail_from_bp);
		cgroup_close(&cg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_are_understood),
		cmocka_unit_test(no_memory_cgroup_is_said_in_words),
		cmocka_unit_test(no_proc_is_an_error),
		cmocka_unit_test(limits_given_by_the_user_count),
		cmocka_unit_test(events_are_read_by_version),
		cmocka_unit_test(detail_begins_where_a_level_could_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
