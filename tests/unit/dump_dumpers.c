/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dump/dumpers.h"

static void rows_are_what_is_built(void **state)
{
	(void)state;
	for (int kind = DUMP_AUTO; kind <= DUMP_NONE; kind++) {
		const struct dumper *row = dumper_find((enum conf_dump_kind)kind);
		bool built = kind != DUMP_AUTO && kind != DUMP_NONE;

		assert_int_equal(row != NULL, built);
		if (row) {
			assert_int_equal(row->kind, kind);
			assert_non_null(row->capture);
		}
	}
}

/* This test is a native program: there is always a core to fall back to. */
static void auto_takes_what_is_configured_then_a_core(void **state)
{
	static const struct {
		enum conf_dump_kind kind;
		int sig;
		const char *command;
		enum conf_dump_kind expected[3];
	} cases[] = {
		{ DUMP_AUTO, 0, "", { DUMP_CORE } },
		{ DUMP_AUTO, SIGUSR1, "", { DUMP_SIGNAL, DUMP_CORE } },
		{ DUMP_AUTO, 0, "x", { DUMP_COMMAND, DUMP_CORE } },
		{ DUMP_AUTO, SIGUSR1, "x", { DUMP_COMMAND, DUMP_CORE } },
		{ DUMP_SIGNAL, SIGUSR1, "x", { DUMP_SIGNAL } },
		{ DUMP_NODE, SIGUSR1, "x", { DUMP_NODE } },
		{ DUMP_NONE, SIGUSR1, "x", { DUMP_NONE } },
	};
	static struct conf conf;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum conf_dump_kind kinds[DUMPER_LADDER_MAX];
		unsigned n, expected = 0;

		conf.dump.kind = cases[i].kind;
		conf.dump.signal = cases[i].sig;
		strcpy(conf.dump.command, cases[i].command);
		n = dumper_ladder(&conf, getpid(), kinds);
		while (expected < 3 && cases[i].expected[expected] != DUMP_AUTO)
			expected++;
		assert_int_equal(n, expected);
		for (unsigned k = 0; k < n; k++)
			assert_int_equal(kinds[k], cases[i].expected[k]);
		assert_int_equal(dumper_choose(&conf, getpid()), cases[i].expected[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_what_is_built),
		cmocka_unit_test(auto_takes_what_is_configured_then_a_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
