/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "action/work.h"
#include "base/clock.h"
#include "base/units.h"
#include "fixture.h"

/* A directory that looks like a cgroup of version 2; the kernel's part is told by what is written.
 */
static void only_idle_page_cache_is_asked_for(void **state)
{
	static const struct {
		uint64_t inactive, swap;
		bool has_file;
		const char *written, *told;
	} cases[] = {
		{ 8 * MIB, 0, true, "8388608", "page cache: 0B given back" },
		{ 40 * MIB, 0, true, "8388608", "page cache: 0B given back" }, /* 16, 16, 8 */
		{ 8 * MIB, MIB, true, "", "" },
		{ MIB - 1, 0, true, "", "" },
		{ 8 * MIB, 0, false, NULL, "" },
	};
	static struct cgroup cg;
	static struct conf conf;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct action_job job = {
			.conf = &conf,
			.cgroup = &cg,
			.deadline_usec = clock_now_usec() + 10 * USEC_PER_SEC,
		};
		char dir[] = "/tmp/oomguard-reclaim-XXXXXX", told[256], written[64] = "", path[96];
		struct buf line = BUF_ON(told);

		assert_non_null(mkdtemp(dir));
		if (cases[i].has_file)
			fixture_write(dir, "memory.reclaim", "");
		fixture_write(dir, "memory.current", "104857600\n");
		cg.n_levels = 1;
		strcpy(cg.levels[0].path, dir);
		cg.levels[0].stat.inactive_file = cases[i].inactive;
		cg.levels[0].last.swap_usable_bytes = cases[i].swap;
		snprintf(path, sizeof(path), "%s/memory.current", dir);
		cg.levels[0].fd.usage = open(path, O_RDONLY);
		buf_reset(&line);
		work_reclaim(&job, &line);
		close(cg.levels[0].fd.usage);
		assert_string_equal(told, cases[i].told);
		if (cases[i].written) {
			const char *end;
			FILE *f;

			snprintf(path, sizeof(path), "%s/memory.reclaim", dir);
			f = fopen(path, "r");
			assert_non_null(f);
			(void)!fgets(written, sizeof(written), f);
			fclose(f);
			/* A plain file keeps all that was written one after the other. */
			end = written + strlen(written) - strlen(cases[i].written);
			assert_true(end >= written);
			assert_string_equal(end, cases[i].written);
		}
		fixture_remove(dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(only_idle_page_cache_is_asked_for) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
