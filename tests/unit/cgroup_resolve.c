/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/resolve.h"

#define V2(root, point) "30 22 0:27 " root " " point " rw,nosuid - cgroup2 cgroup rw,nsdelegate\n"
#define V1(root, point)                                                                            \
	"39 25 0:34 " root " " point " rw,nosuid shared:15 master:3 - cgroup cgroup rw,memory\n"

static const struct {
	const char *what, *cgroup, *mountinfo;
	int err;
	enum cgroup_version version;
	bool hybrid, exact;
	const char *dir;
	unsigned depth;
} cases[] = {
	{ "private namespace, fresh mount", "0::/\n", V2("/", "/sys/fs/cgroup"), 0, CGROUP_V2,
		false, true, "/sys/fs/cgroup", 1 },
	{ "host namespace, bind mount", "0::/kubepods/podX/ctr\n",
		V2("/kubepods/podX/ctr", "/sys/fs/cgroup"), 0, CGROUP_V2, false, true,
		"/sys/fs/cgroup", 1 },
	{ "a child below a bind mount", "0::/kubepods/podX/ctr/init\n",
		V2("/kubepods/podX/ctr", "/sys/fs/cgroup"), 0, CGROUP_V2, false, true,
		"/sys/fs/cgroup/init", 2 },
	{ "a root that is a prefix by letters only", "0::/kubepods/podXY\n",
		V2("/kubepods/podX", "/sys/fs/cgroup"), 0, CGROUP_V2, false, false,
		"/sys/fs/cgroup", 1 },
	{ "host's whole tree", "0::/a/b\n", V2("/", "/sys/fs/cgroup"), 0, CGROUP_V2, false, true,
		"/sys/fs/cgroup/a/b", 3 },
	{ "private namespace, host's mount", "0::/\n", V2("/../../..", "/sys/fs/cgroup"), 0,
		CGROUP_V2, false, false, "/sys/fs/cgroup", 1 },
	{ "outside of the namespace's root, mount too", "0::/../x\n", V2("/..", "/sys/fs/cgroup"),
		0, CGROUP_V2, false, true, "/sys/fs/cgroup/x", 2 },
	{ "outside of the namespace's root and of the mount", "0::/../x\n",
		V2("/", "/sys/fs/cgroup"), 0, CGROUP_V2, false, false, "/sys/fs/cgroup", 1 },
	{ "v1, docker", "10:memory:/docker/id\n", V1("/docker/id", "/sys/fs/cgroup/memory"), 0,
		CGROUP_V1, false, true, "/sys/fs/cgroup/memory", 1 },
	{ "v1, controllers together", "4:cpu,memory,pids:/x\n0::/\n",
		V1("/", "/sys/fs/cgroup/memory"), 0, CGROUP_V1, false, true,
		"/sys/fs/cgroup/memory/x", 2 },
	{ "hybrid: v1's memory wins", "0::/svc\n9:memory:/svc\n",
		V2("/", "/sys/fs/cgroup/unified") V1("/", "/sys/fs/cgroup/memory"), 0, CGROUP_V1,
		true, true, "/sys/fs/cgroup/memory/svc", 2 },
	{ "hybrid, v1's memory not mounted here", "9:memory:/svc\n0::/svc\n",
		V2("/", "/sys/fs/cgroup/unified"), -ENOENT, 0, false, false, "", 0 },
	{ "the line of v2 is not the first", "2:name=systemd:/s\n1:cpu:/c\n0::/me\n",
		V2("/", "/sys/fs/cgroup"), 0, CGROUP_V2, false, true, "/sys/fs/cgroup/me", 2 },
	{ "not a memory controller by half its name", "9:memory2,xmemory:/svc\n",
		V1("/", "/sys/fs/cgroup/memory"), -ENOENT, 0, false, false, "", 0 },
	{ "a path with colons and blanks", "0::/a:b c\n", V2("/", "/sys/fs/cgroup"), 0, CGROUP_V2,
		false, true, "/sys/fs/cgroup/a:b c", 2 },
	{ "escapes in mountinfo", "0::/my pod/x\n", V2("/my\\040pod", "/mnt\\134c\\040g"), 0,
		CGROUP_V2, false, true, "/mnt\\c g/x", 2 },
	{ "of two mounts the one where the path resolves", "9:memory:/docker/a\n",
		V1("/docker/a", "/right") V1("/docker/b", "/wrong"), 0, CGROUP_V1, false, true,
		"/right", 1 },
	{ "of two mounts the one with more ancestors", "9:memory:/docker/a\n",
		V1("/", "/whole") V1("/docker/a", "/part"), 0, CGROUP_V1, false, true,
		"/whole/docker/a", 3 },
	{ "a mount on top of another", "0::/x\n", V2("/", "/c") V2("/x", "/c"), 0, CGROUP_V2, false,
		true, "/c", 1 },
	{ "no cgroups at all", "", "22 1 0:5 / / rw - ext4 /dev/sda rw\n", -ENOENT, 0, false, false,
		"", 0 },
	{ "cut in the middle", "0::/x", "30 22 0:27 / /sys/fs/cg", -ENOENT, 0, false, false, "",
		0 },
	{ "no separator", "0::/x\n", "30 22 0:27 / /c rw cgroup2 cgroup rw\n", -ENOENT, 0, false,
		false, "", 0 },
	{ "blank lines and rubbish", "\n::\n:\n0\n0::\n0::x\n", "\n \n- - - - - - - -\n", -ENOENT,
		0, false, false, "", 0 },
};

static void places_are_resolved(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cgroup_membership m;
		struct cgroup_place place = { 0 };
		int err;

		print_message("%s\n", cases[i].what);
		resolve_membership(cases[i].cgroup, &m);
		err = resolve_place(&m, cases[i].mountinfo, NULL, &place);
		assert_int_equal(err, cases[i].err);
		assert_int_equal(place.version, cases[i].version);
		assert_int_equal(place.hybrid, cases[i].hybrid);
		assert_int_equal(place.exact, cases[i].exact);
		assert_string_equal(place.dir, cases[i].dir);
		assert_int_equal(place.depth, cases[i].depth);
	}
}

static void only_the_named_mount_is_taken(void **state)
{
	static const char mountinfo[] = V2("/", "/a") V2("/", "/b");
	struct cgroup_membership m;
	struct cgroup_place place;

	(void)state;
	resolve_membership("0::/x\n", &m);
	assert_int_equal(resolve_place(&m, mountinfo, "/a", &place), 0);
	assert_string_equal(place.dir, "/a/x");
	assert_int_equal(resolve_place(&m, mountinfo, "/c", &place), -ENOENT);
}

static void a_path_too_long_is_no_path(void **state)
{
	char text[2 * CGROUP_PATH_MAX] = "0::/";
	struct cgroup_membership m;

	(void)state;
	memset(text + 4, 'x', sizeof(text) - 5);
	resolve_membership(text, &m);
	assert_string_equal(m.v2_path, "");
}

static void a_directory_too_long_is_refused(void **state)
{
	char cgroup[CGROUP_PATH_MAX + 8], mountinfo[2 * CGROUP_PATH_MAX], point[800];
	struct cgroup_membership m;
	struct cgroup_place place;

	(void)state;
	memset(point, 'p', sizeof(point));
	point[0] = '/';
	point[sizeof(point) - 1] = '\0';
	snprintf(cgroup, sizeof(cgroup), "0::%s\n", point);
	snprintf(mountinfo, sizeof(mountinfo), "30 22 0:27 / %s rw - cgroup2 c rw\n", point);
	resolve_membership(cgroup, &m);
	assert_int_equal(resolve_place(&m, mountinfo, NULL, &place), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_resolved),
		cmocka_unit_test(only_the_named_mount_is_taken),
		cmocka_unit_test(a_path_too_long_is_no_path),
		cmocka_unit_test(a_directory_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
