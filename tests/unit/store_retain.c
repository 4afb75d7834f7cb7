/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/retain.h"

static void knows_its_own_names(void **state)
{
	static const struct {
		const char *name;
		bool ours;
	} cases[] = {
		{ "20261125T205844.123Z-dump", true },
		{ "20261125T205844Z-dump", true },
		{ "20261125T205844.123Z-dump-2", true },
		{ "20261125T205844.123Z-", false },
		{ "20261125T205844.123Z", false },
		{ "20261125T2058.123Z-dump", false },
		{ "2026112xT205844.123Z-dump", false },
		{ "20261125T205844.123Z-../x", false },
		{ "20261125T205844.123Z-Dump", false },
		{ "lost+found", false },
		{ "..", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (retain_is_ours(cases[i].name) != cases[i].ours)
			fail_msg("\"%s\": %d, expected %d", cases[i].name, !cases[i].ours,
				cases[i].ours);
}

/*
 * One letter per incident, oldest first: c complete, p partial, d complete and with a dump; 10
 * bytes each. expected: x dropped, - kept.
 */
static void chooses_the_oldest(void **state)
{
	static const struct {
		const char *incidents;
		uint32_t keep;
		uint64_t max_bytes;
		const char *expected;
	} cases[] = {
		{ "", 2, 100, "" }, { "cc", 2, 100, "--" }, { "cccc", 2, 100, "xx--" },
		{ "cccc", 9, 25, "xx--" }, { "cccc", 9, 0, "xxx-" }, { "cccc", 0, 100, "xxx-" },
		{ "cccp", 0, 0, "xx--" }, { "cppp", 1, 100, "-xx-" }, { "pppp", 0, 0, "xxx-" },
		{ "c", 0, 0, "-" }, { "dccc", 2, 100, "-xx-" },	      /* the only dump stays */
		{ "ddcc", 0, 0, "x-x-" }, { "dccd", 1, 100, "xxx-" }, /* until there is another */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct retain_item items[8] = { 0 };
		unsigned n = (unsigned)strlen(cases[i].incidents), dropped, expected = 0;
		char got[9] = "";

		for (unsigned k = 0; k < n; k++) {
			struct retain_item *item = &items[n - 1 - k]; /* unsorted */

			snprintf(item->name, sizeof(item->name), "2026010%uT000000.000Z-dump", k);
			item->bytes = 10;
			item->complete = cases[i].incidents[k] != 'p';
			item->has_dump = cases[i].incidents[k] == 'd';
		}
		retain_sort(items, n);
		dropped = retain_choose(items, n, cases[i].keep, cases[i].max_bytes);
		for (unsigned k = 0; k < n; k++) {
			got[k] = items[k].drop ? 'x' : '-';
			expected += cases[i].expected[k] == 'x';
		}
		assert_string_equal(got, cases[i].expected);
		assert_int_equal(dropped, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_its_own_names),
		cmocka_unit_test(chooses_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
