/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "conf/conf.h"
#include "memrequest.h"
#include "report/ceiling.h"

static void flags_of_runtimes_are_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t mib;
	} cases[] = {
		{ "java -Xmx512m -jar app.jar", 512 + 48 },
		{ "java -Xmx2G -Xmx1g", 1024 + 48 },
		{ "java -XX:MaxRAMPercentage=75.0", 750 + 48 },
		{ "sh -c 'exec java -Xmx100m'", 100 + 48 },
		{ "JAVA_TOOL_OPTIONS=-Xmx64m", 64 + 48 },
		{ "node --max-old-space-size=256 x.js", 256 + 40 },
		{ "GOMEMLIMIT=300MiB", 300 },
		{ "DOTNET_GCHeapHardLimit=0x8000000", 128 + 40 },
		{ "php -d memory_limit=128M", 128 + 16 },
		{ "java -Xmx", 0 },
		{ "java -Xmx0", 0 },
		{ "java -Xmx-5m", 0 },
		{ "java -Xmx99999999999999999999", 0 },
		{ "notes-Xmx512m", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (ceiling_of_text(cases[i].text, 1000 * MIB) != cases[i].mib * MIB)
			fail_msg("%s: %llu", cases[i].text,
				(unsigned long long)ceiling_of_text(cases[i].text, 1000 * MIB));
	assert_int_equal(ceiling_beside("java -Xmx1g"), 48 * MIB);
}

static void the_command_line_wins(void **state)
{
	char java[] = "java", flag[] = "-Xmx100m", app[] = "app", home[] = "HOME=/";
	char opts[] = "JAVA_OPTS=-Xms1m -Xmx200m";
	char *argv[] = { java, flag, NULL }, *none[] = { app, NULL };
	char *env[] = { home, opts, NULL };

	(void)state;
	assert_int_equal(ceiling_of(argv, env, GIB), 148 * MIB);
	assert_int_equal(ceiling_of(none, env, GIB), 248 * MIB);
	assert_int_equal(ceiling_of(none, NULL, GIB), 0);
}

static void requests_are_found(void **state)
{
	static struct conf conf;
	char bytes[] = "MY_MEM_REQUEST=33554432", small[] = "MEM_REQUEST=64";
	char *env[] = { bytes, NULL }, *mib[] = { small, NULL };
	uint32_t best_effort;

	(void)state;
	conf_defaults(&conf);
	assert_int_equal(memrequest_find(&conf, env, 900, 100 * GIB, &best_effort), 32 * MIB);
	assert_int_equal(memrequest_find(&conf, mib, 900, 100 * GIB, &best_effort), 64 * MIB);
	assert_int_equal(memrequest_find(&conf, NULL, 900, 1000 * GIB, &best_effort), 100 * GIB);
	assert_int_equal(best_effort, 0);
	assert_int_equal(memrequest_find(&conf, NULL, 1000, 100 * GIB, &best_effort), 0);
	assert_int_equal(best_effort, 1);
	assert_int_equal(memrequest_find(&conf, NULL, 0, 100 * GIB, &best_effort), 0);
	assert_int_equal(best_effort, 0);
	assert_int_equal(memrequest_find(&conf, NULL, -997, 100 * GIB, &best_effort), 0);
	conf.guard.request_bytes = 5 * MIB;
	assert_int_equal(memrequest_find(&conf, env, 1000, 100 * GIB, &best_effort), 5 * MIB);
	assert_int_equal(best_effort, 0);
	assert_int_equal(memrequest_parse("-5"), 0);
	assert_int_equal(memrequest_parse("32Mi\n"), 32 * MIB);
	assert_int_equal(memrequest_parse("x"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_of_runtimes_are_read),
		cmocka_unit_test(the_command_line_wins),
		cmocka_unit_test(requests_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
