/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

#include "fixture.h"
#include "store/sweep.h"

static const struct {
	const char *name;
	bool stays;
} rows[] = {
	{ "budget.partial", false },
	{ "budget", true },
	{ "flight.rec", true },
	{ "incidents/20261125T205844.123Z-warn/snapshot.json", true },
	{ "incidents/20261125T205844.123Z-warn/incident.json.partial", false },
	{ "incidents/20261125T205844.123Z-warn/report.txt.partial", false },
	{ "incidents/20261125T205845.123Z-dump/snapshot.json.partial", false },
	{ "incidents/20261125T205845.123Z-dump/core-7.elf.partial", true },
	{ "incidents/20261125T205846.123Z-dump/snapshot.json.partial", false },
	{ "incidents/not-ours/snapshot.json.partial", true },
};

static void only_what_is_worthless_goes(void **state)
{
	char top[] = "/tmp/oomguard-sweep.XXXXXX";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(top));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fixture_write(top, rows[i].name, "x");
	fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(symlinkat("flight.rec", fd, "link.partial"), 0);
	assert_int_equal(store_sweep(fd), 5);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((faccessat(fd, rows[i].name, F_OK, 0) == 0) != rows[i].stays)
			fail_msg("%s", rows[i].name);
	assert_int_equal(faccessat(fd, "link.partial", F_OK, 0), 0);
	/* The one that held nothing else has gone. */
	assert_int_not_equal(faccessat(fd, "incidents/20261125T205846.123Z-dump", F_OK, 0), 0);
	assert_int_equal(store_sweep(fd), 0);
	close(fd);
	fixture_remove(top);
}

static void nothing_there_is_no_fault(void **state)
{
	char top[] = "/tmp/oomguard-sweep.XXXXXX";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(top));
	fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(store_sweep(fd), 0);
	assert_int_equal(store_sweep(-1), 0);
	close(fd);
	fixture_remove(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_worthless_goes),
		cmocka_unit_test(nothing_there_is_no_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
