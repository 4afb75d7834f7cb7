/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "action/action.h"
#include "base/units.h"

static const struct {
	enum conf_action action;
	enum action_kind kind;
	uint64_t deadline_usec;
} cases[] = {
	{ ACTION_LOG, ACT_BY_GUARD, 0 },
	{ ACTION_SNAPSHOT, ACT_BY_COMPANION, 500000 },
	{ ACTION_PROFILE, ACT_BY_HELPER, 10 * USEC_PER_SEC },
	{ ACTION_HEAP_DUMP, ACT_BY_HELPER, 7 * USEC_PER_SEC },
	{ ACTION_STACKS, ACT_BY_HELPER, 10 * USEC_PER_SEC },
	{ ACTION_CORE, ACT_BY_HELPER, 7 * USEC_PER_SEC },
	{ ACTION_SIGNAL, ACT_BY_HELPER, 1 * USEC_PER_SEC },
	{ ACTION_COMMAND, ACT_BY_HELPER, 30 * USEC_PER_SEC },
	{ ACTION_RELIEVE, ACT_BY_HELPER, 3 * USEC_PER_SEC },
	{ ACTION_DRAIN, ACT_BY_GUARD, 0 },
	{ ACTION_FREEZE, ACT_BY_GUARD, 0 },
	{ ACTION_TERMINATE_LARGEST, ACT_BY_HELPER, 15 * USEC_PER_SEC },
	{ ACTION_RESTART, ACT_BY_GUARD, 0 },
};

static void each_action_has_its_row(void **state)
{
	struct conf conf;

	(void)state;
	conf_defaults(&conf);
	conf.dump.deadline_usec = 7 * USEC_PER_SEC;
	assert_int_equal(sizeof(cases) / sizeof(cases[0]), ACTION_COUNT);
	for (unsigned i = 0; i < ACTION_COUNT; i++) {
		assert_int_equal(cases[i].action, i);
		assert_int_equal(action_row(cases[i].action)->kind, cases[i].kind);
		assert_int_equal(action_deadline(&conf, cases[i].action), cases[i].deadline_usec);
	}
}

static int run(struct action_job *job, char *line, size_t size)
{
	int pair[2], status;
	ssize_t n;

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	status = action_work(job, pair[1]);
	close(pair[1]);
	n = read(pair[0], line, size - 1);
	assert_true(n > 0);
	close(pair[0]);
	line[n] = '\0';
	return status;
}

/* What a helper cannot do is said in one line. */
static void what_cannot_be_done_is_told(void **state)
{
	static const struct {
		enum conf_action action;
		const char *line;
	} told[] = {
		{ ACTION_TERMINATE_LARGEST, "no worker to terminate: none has a parent of the same "
					    "program, 1MiB of its "
					    "own and no children" },
		{ ACTION_CORE, "no core: no process is the target (dump.target)" },
		{ ACTION_PROFILE, "no profile: no process is the target (dump.target)" },
		{ ACTION_RELIEVE, "no relief: no process is the target (dump.target)" },
		{ ACTION_SIGNAL, "no signal sent: dump.signal is not set" },
		{ ACTION_COMMAND, "no command run: dump.command is not set" },
		{ ACTION_STACKS, "no stacks: No such file or directory" },
		{ ACTION_HEAP_DUMP, "no heap dump: no process is the target (dump.target)" },
	};
	struct store store = { .dirfd = -1, .lockfd = -1 };
	struct conf conf;

	(void)state;
	conf_defaults(&conf);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct action_job job = {
			.conf = &conf,
			.store = &store,
			.action = told[i].action,
			.level = "dump",
			.reason = "",
			.incident = "",
			.self = getpid(),
			.child = 0x3ffffffe,
		};
		char line[1100];

		assert_int_equal(run(&job, line, sizeof(line)), 1);
		line[strcspn(line, "\n")] = '\0';
		assert_string_equal(line, told[i].line);
	}
}

static void bytes_are_for_the_guard_alone(void **state)
{
	static const struct {
		const char *told, *line;
		uint64_t bytes;
	} lines[] = {
		{ "done: x, 1KiB\x1f"
		  "1024",
			"done: x, 1KiB", 1024 },
		{ "failed", "failed", 0 },
		{ "", "", 0 },
		{ "cut\x1f", "cut", 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s", lines[i].told);
		assert_int_equal(action_take_bytes(line), lines[i].bytes);
		assert_string_equal(line, lines[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_action_has_its_row),
		cmocka_unit_test(what_cannot_be_done_is_told),
		cmocka_unit_test(bytes_are_for_the_guard_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
