/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/cleanup.h"
#include "proc/proc.h"
#include "proc/tmpfs.h"

static void only_memory_that_stays_counts(void **state)
{
	const struct {
		const char *line, *path; /* NULL: does not count */
		bool all;
	} rows[] = {
		{ "36 35 0:30 / /cache rw,relatime shared:1 - tmpfs tmpfs rw,size=1g", "/cache",
			false },
		{ "36 35 0:30 / /a\\040b rw - ramfs none rw", "/a b", false },
		{ "36 35 0:30 / /dev/shm rw - tmpfs shm rw", NULL, false },
		{ "36 35 0:30 / /dev/shm rw - tmpfs shm rw", "/dev/shm", true },
		{ "36 35 0:30 / /run/secrets ro - tmpfs tmpfs rw", NULL, false },
		{ "36 35 0:30 / /runner rw - tmpfs tmpfs rw", "/runner", false },
		{ "36 35 8:1 / / rw - ext4 /dev/sda1 rw", NULL, true },
		{ "36 35 8:1 / /tmpfs rw - ext4 tmpfs rw", NULL, true },
		{ "- tmpfs ", NULL, true },
		{ "", NULL, true },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		char path[TMPFS_PATH_MAX] = "";
		bool counts = tmpfs_parse_mount(rows[i].line, rows[i].all, path);

		assert_int_equal(counts, rows[i].path != NULL);
		assert_string_equal(path, rows[i].path ? rows[i].path : "");
	}
}

static void this_machine_can_be_measured(void **state)
{
	int procfd = proc_open_root();
	struct tmpfs_use some, all;

	(void)state;
	assert_true(procfd >= 0);
	assert_int_equal(tmpfs_measure(procfd, false, &some), 0);
	assert_int_equal(tmpfs_measure(procfd, true, &all), 0);
	assert_int_equal(some.bytes > 0, some.path[0] != 0);
	assert_int_equal(all.bytes > 0, all.path[0] != 0);
	close(procfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_memory_that_stays_counts),
		cmocka_unit_test(this_machine_can_be_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
