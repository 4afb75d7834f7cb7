/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel really tells is a story; here is what happens where it tells nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "cgroup/notify.h"

static void nothing_is_left_open_where_nothing_tells(void **state)
{
	static const enum cgroup_version versions[] = { CGROUP_V1, CGROUP_V2 };
	static struct cgroup cg;
	struct notify n;
	int before = dup(0);

	(void)state;
	close(before);
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		memset(&cg, 0, sizeof(cg));
		assert_int_equal(notify_open(&n, &cg, 0), -ENOENT); /* no level */
		cg.version = versions[i];
		cg.n_levels = 1;
		strcpy(cg.levels[0].path, "/nowhere");
		assert_int_equal(notify_open(&n, &cg, 4096), -ENOENT);
		assert_int_equal(n.fd, -1);
		assert_int_equal(n.sources, 0);
		notify_close(&n);
	}
	int after = dup(0);

	assert_int_equal(after, before);
	close(after);
}

static void sources_have_names(void **state)
{
	static const struct {
		unsigned sources;
		const char *words;
	} cases[] = {
		{ 0, "nothing" },
		{ NOTIFY_EVENTS, "memory.events" },
		{ NOTIFY_EVENTS | NOTIFY_PRESSURE, "memory.events, memory.pressure" },
		{ NOTIFY_OOM | NOTIFY_THRESHOLD,
			"a threshold of memory.usage_in_bytes, memory.oom_control" },
	};
	char words[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		notify_describe(cases[i].sources, words, sizeof(words));
		assert_string_equal(words, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_open_where_nothing_tells),
		cmocka_unit_test(sources_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
