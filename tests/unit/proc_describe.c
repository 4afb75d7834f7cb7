/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "proc/proc.h"

#define ARGS(literal) literal, sizeof(literal) - 1

static const struct {
	const char *cmdline;
	size_t len;
	const char *safe, *full;
} cases[] = {
	{ ARGS("java\0-Xmx200m\0-jar\0/app.jar\0--password=x\0"), "java -Xmx200m ...",
		"java -Xmx200m -jar /app.jar --password=x" },
	{ ARGS("/bin/app\0"), "/bin/app", "/bin/app" },
	{ ARGS("app\0secret\0-Xms1g\0secret\0"), "app ... -Xms1g ...", "app secret -Xms1g secret" },
	{ ARGS("java\0-XX:MaxRAMPercentage=75.0\0-XX:+HeapDumpOnOutOfMemoryError\0"),
		"java -XX:MaxRAMPercentage=75.0 -XX:+HeapDumpOnOutOfMemoryError",
		"java -XX:MaxRAMPercentage=75.0 -XX:+HeapDumpOnOutOfMemoryError" },
	/* The name of the flag is about memory, what it holds is not. */
	{ ARGS("java\0-XX:OnOutOfMemoryError=curl -H token\0"), "java -XX:OnOutOfMemoryError=...",
		"java -XX:OnOutOfMemoryError=curl -H token" },
	{ ARGS("java\0-XX:HeapDumpPath=/private/x\0"), "java -XX:HeapDumpPath=...",
		"java -XX:HeapDumpPath=/private/x" },
	{ ARGS("node\0--max-old-space-size=512\0/srv/a.js\0"), "node --max-old-space-size=512 ...",
		"node --max-old-space-size=512 /srv/a.js" },
	{ ARGS("php\0-d\0memory_limit=128M\0x.php\0"), "php ... memory_limit=128M ...",
		"php -d memory_limit=128M x.php" },
	{ ARGS("app\0-Xmx200m password\0"), "app ...", "app -Xmx200m password" },
	{ ARGS("app\0-Xmx200m\nx\0"), "app ...", "app -Xmx200m?x" },
	{ ARGS("app\0--memory=hunter2\0"), "app --memory=...", "app --memory=hunter2" },
	/* A title that was rewritten has no NULs and anything in it. */
	{ ARGS("postgres: bob secretdb\0\0\0"), "postgres: ...", "postgres: bob secretdb  " },
	{ ARGS("a\033[31mb\0"), "a?[31mb", "a?[31mb" },
	{ ARGS("not terminated"), "not ...", "not terminated" },
	{ "", 0, "", "" },
};

static void command_lines_keep_their_secrets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[256] = "before";

		proc_describe_cmdline(cases[i].cmdline, cases[i].len, false, out, sizeof(out));
		assert_string_equal(out, cases[i].safe);
		proc_describe_cmdline(cases[i].cmdline, cases[i].len, true, out, sizeof(out));
		assert_string_equal(out, cases[i].full);
	}
}

static void what_does_not_fit_is_left_out(void **state)
{
	char out[8];

	(void)state;
	memset(out, 'x', sizeof(out));
	proc_describe_cmdline(ARGS("abcdef\0ghi\0"), true, out, 6);
	assert_string_equal(out, "abcde");
	assert_int_equal(out[6], 'x');
	proc_describe_cmdline(ARGS("abcdef\0"), false, out, 1);
	assert_string_equal(out, "");
	out[0] = 'y';
	proc_describe_cmdline(ARGS("abcdef\0"), false, out, 0);
	assert_int_equal(out[0], 'y');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines_keep_their_secrets),
		cmocka_unit_test(what_does_not_fit_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
