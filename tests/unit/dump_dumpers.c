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
		bool built = kind == DUMP_SIGNAL || kind == DUMP_COMMAND;

		assert_int_equal(row != NULL, built);
		if (row) {
			assert_int_equal(row->kind, kind);
			assert_non_null(row->capture);
		}
	}
}

static void auto_takes_what_is_configured(void **state)
{
	static const struct {
		enum conf_dump_kind kind;
		int sig;
		const char *command;
		enum conf_dump_kind expected;
	} cases[] = {
		{ DUMP_AUTO, 0, "", DUMP_NONE },
		{ DUMP_AUTO, SIGUSR1, "", DUMP_SIGNAL },
		{ DUMP_AUTO, 0, "x", DUMP_COMMAND },
		{ DUMP_AUTO, SIGUSR1, "x", DUMP_COMMAND },
		{ DUMP_SIGNAL, SIGUSR1, "x", DUMP_SIGNAL },
		{ DUMP_NONE, SIGUSR1, "x", DUMP_NONE },
	};
	static struct conf conf;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		conf.dump.kind = cases[i].kind;
		conf.dump.signal = cases[i].sig;
		strcpy(conf.dump.command, cases[i].command);
		assert_int_equal(dumper_choose(&conf, getpid()), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_what_is_built),
		cmocka_unit_test(auto_takes_what_is_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
