/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "tune/tune.h"

/* As main() gets them. */
#define LIST(...) ((char *const *)(const char *const[]){ __VA_ARGS__, NULL })

static char *no_vars[] = { NULL };

static const struct tune_setting *find(
	const struct tune_plan *plan, const char *variable, const char *flag)
{
	for (unsigned i = 0; i < plan->n; i++)
		if (!strcmp(plan->settings[i].variable, variable) &&
			(!flag || !strcmp(plan->settings[i].flag, flag)))
			return &plan->settings[i];
	return NULL;
}

#define PERCENT "-XX:MaxRAMPercentage="
#define DIRECT	"-XX:MaxDirectMemorySize="
#define OLD	"--max-old-space-size="

static void values_are_derived_from_the_limit(void **state)
{
	static const struct {
		uint64_t limit;
		const char *variable, *flag, *value; /* NULL: the row does not apply */
	} cases[] = {
		{ 256 * MIB, "JAVA_TOOL_OPTIONS", PERCENT, "50.0" },
		{ 512 * MIB, "JAVA_TOOL_OPTIONS", PERCENT, "50.0" },
		{ GIB, "JAVA_TOOL_OPTIONS", PERCENT, "60.0" },
		{ 2 * GIB, "JAVA_TOOL_OPTIONS", PERCENT, "70.0" },
		{ 8 * GIB, "JAVA_TOOL_OPTIONS", PERCENT, "75.0" },
		{ 256 * MIB, "JAVA_TOOL_OPTIONS", DIRECT, "32m" },
		{ 256 * MIB, "JAVA_TOOL_OPTIONS", "-XX:MaxRAM=", NULL },
		{ 256 * MIB, "NODE_OPTIONS", OLD, "144" },
		{ 128 * MIB, "NODE_OPTIONS", OLD, "64" },
		{ 4 * GIB, "NODE_OPTIONS", OLD, "3024" },
		{ 100, "NODE_OPTIONS", OLD, NULL },
		{ 256 * MIB, "GOMEMLIMIT", NULL, "230MiB" },
		{ UINT64_C(8) << 40, "GOMEMLIMIT", NULL, "7549747MiB" },
		{ 256 * MIB, "DOTNET_GCHeapHardLimit", NULL, "9000000" },
		{ 256 * MIB, "RUBY_GC_MALLOC_LIMIT_MAX", NULL, "16777216" },
		{ 512 * MIB, "RUBY_GC_MALLOC_LIMIT_MAX", NULL, NULL },
		{ 256 * MIB, "RUBY_GC_OLDMALLOC_LIMIT_MAX", NULL, "33554432" },
		{ 2 * GIB, "RUBY_GC_HEAP_OLDOBJECT_LIMIT_FACTOR", NULL, NULL },
		{ 256 * MIB, "MALLOC_ARENA_MAX", NULL, "2" },
		{ 4 * GIB, "MALLOC_ARENA_MAX", NULL, "8" },
		{ 16 * GIB, "MALLOC_ARENA_MAX", NULL, NULL }, /* 32 = 8 x 4 CPUs: the default */
		{ 256 * MIB, "MALLOC_TRIM_THRESHOLD_", NULL, "131072" },
		{ GIB, "MALLOC_TRIM_THRESHOLD_", NULL, NULL },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct tune_input in = { .limit_bytes = cases[i].limit,
			.cpus = 4,
			.runtimes = 0,
			.limit_is_hidden = false,
			.argv = NULL,
			.envp = no_vars };
		const struct tune_setting *s;
		struct tune_plan plan;

		tune_plan(&in, &plan);
		s = find(&plan, cases[i].variable, cases[i].flag);
		if (!cases[i].value) {
			assert_null(s);
			continue;
		}
		assert_non_null(s);
		assert_string_equal(s->value, cases[i].value);
		assert_null(s->theirs);
		assert_true(s->words[0]);
	}
}

static void what_the_user_has_set_is_left_alone(void **state)
{
	static const struct {
		const char *argument, *var; /* NULL: none */
		const char *variable, *flag;
	} cases[] = {
		{ "-Xmx1g", NULL, "JAVA_TOOL_OPTIONS", PERCENT },
		{ NULL, "JDK_JAVA_OPTIONS=-ea -Xmx1g", "JAVA_TOOL_OPTIONS", PERCENT },
		{ NULL, "JAVA_OPTS=-XX:MaxRAMFraction=2", "JAVA_TOOL_OPTIONS", PERCENT },
		{ NULL, "JAVA_TOOL_OPTIONS=-XX:MaxDirectMemorySize=1m", "JAVA_TOOL_OPTIONS",
			DIRECT },
		{ "--max_old_space_size=99", NULL, "NODE_OPTIONS", OLD },
		{ NULL, "NODE_OPTIONS=--max-old-space-size=99", "NODE_OPTIONS", OLD },
		{ NULL, "GOMEMLIMIT=off", "GOMEMLIMIT", NULL },
		{ NULL, "GOMEMLIMIT=", "GOMEMLIMIT", NULL },
		{ NULL, "COMPlus_GCHeapHardLimitPercent=20", "DOTNET_GCHeapHardLimit", NULL },
		{ NULL, "GLIBC_TUNABLES=glibc.malloc.arena_max=1", "MALLOC_ARENA_MAX", NULL },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		char *const *argv = LIST("program", cases[i].argument);
		char *const *envp = LIST("A=1", cases[i].var);
		struct tune_input in = { .limit_bytes = 256 * MIB,
			.cpus = 2,
			.runtimes = 0,
			.limit_is_hidden = false,
			.argv = argv,
			.envp = envp };
		auto_environ struct environ_copy env = { .vars = NULL };
		const struct tune_setting *s;
		struct tune_plan plan;
		const char *value;

		tune_plan(&in, &plan);
		s = find(&plan, cases[i].variable, cases[i].flag);
		assert_non_null(s);
		assert_non_null(s->theirs);
		assert_int_equal(environ_copy(envp, &env), 0);
		assert_int_equal(tune_apply(&plan, &env), 0);
		value = environ_get(env.vars, cases[i].variable);
		if (value && cases[i].flag && cases[i].var &&
			strncmp(cases[i].var, cases[i].variable, strlen(cases[i].variable)) != 0)
			assert_null(strstr(value, cases[i].flag));
		if (cases[i].var)
			assert_non_null(strstr(env.vars[1], strchr(cases[i].var, '=') + 1));
	}
}

static void flags_come_before_those_of_the_user(void **state)
{
	char *const *envp = LIST("NODE_OPTIONS=--enable-source-maps");
	struct tune_input in = { .limit_bytes = 256 * MIB,
		.cpus = 2,
		.runtimes = TUNE_RUNTIME(DUMP_NODE),
		.limit_is_hidden = false,
		.argv = NULL,
		.envp = envp };
	auto_environ struct environ_copy env = { .vars = NULL };
	struct tune_plan plan;

	(void)state;
	tune_plan(&in, &plan);
	assert_int_equal(environ_copy(envp, &env), 0);
	assert_int_equal(tune_apply(&plan, &env), 0);
	assert_string_equal(env.vars[0], "NODE_OPTIONS=--max-old-space-size=144 "
					 "--enable-source-maps");
	assert_null(environ_get(env.vars, "JAVA_TOOL_OPTIONS"));
	assert_string_equal(environ_get(env.vars, "MALLOC_ARENA_MAX"), "2");
}

static void flags_of_one_variable_are_in_the_order_of_the_table(void **state)
{
	struct tune_input in = { .limit_bytes = 256 * MIB,
		.cpus = 2,
		.runtimes = TUNE_RUNTIME(DUMP_HOTSPOT),
		.limit_is_hidden = true,
		.argv = NULL,
		.envp = no_vars };
	auto_environ struct environ_copy env = { .vars = NULL };
	struct tune_plan plan;

	(void)state;
	tune_plan(&in, &plan);
	assert_int_equal(environ_copy(no_vars, &env), 0);
	assert_int_equal(tune_apply(&plan, &env), 0);
	assert_string_equal(environ_get(env.vars, "JAVA_TOOL_OPTIONS"),
		"-XX:MaxRAMPercentage=50.0 -XX:MinRAMPercentage=50.0 -XX:MaxRAM=268435456 "
		"-XX:MaxDirectMemorySize=32m");
}

static void no_limit_is_absurd(void **state)
{
	static const uint64_t limits[] = { 0, 1, MIB, 16 * MIB, UINT64_MAX / 4 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(limits); i++) {
		struct tune_input in = { .limit_bytes = limits[i],
			.cpus = 0,
			.runtimes = 0,
			.limit_is_hidden = true,
			.argv = NULL,
			.envp = no_vars };
		struct tune_plan plan;

		tune_plan(&in, &plan);
		for (unsigned j = 0; j < plan.n; j++)
			assert_true(plan.settings[j].value[0]);
	}
}

static void some_rows_depend_on_what_is_there(void **state)
{
	static const struct {
		uint64_t php;
		bool dotnet;
		const char *variable, *value;
	} cases[] = {
		{ 0, false, "PHP_INI_SCAN_DIR", NULL },
		{ 128 * MIB, false, "PHP_INI_SCAN_DIR", NULL }, /* not raised to 168M */
		{ UINT64_MAX, false, "PHP_INI_SCAN_DIR", "168M" },
		{ 0, false, "DOTNET_GCHeapHardLimit", "9000000" },
		{ 0, true, "DOTNET_GCHeapHardLimit", NULL },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct tune_input in = { .limit_bytes = 256 * MIB,
			.cpus = 2,
			.php_limit_bytes = cases[i].php,
			.dotnet_has_limit = cases[i].dotnet,
			.envp = no_vars };
		auto_environ struct environ_copy env = { .vars = NULL };
		const struct tune_setting *s;
		struct tune_plan plan;

		tune_plan(&in, &plan);
		s = find(&plan, cases[i].variable, NULL);
		assert_int_equal(s != NULL, cases[i].value != NULL);
		if (s)
			assert_string_equal(s->value, cases[i].value);
		assert_ptr_equal(tune_by_file(&plan), s && s->by_file ? s : NULL);
		/* What is by a file is none of its business. */
		assert_int_equal(environ_copy(no_vars, &env), 0);
		assert_int_equal(tune_apply(&plan, &env), 0);
		assert_null(environ_get(env.vars, "PHP_INI_SCAN_DIR"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_derived_from_the_limit),
		cmocka_unit_test(what_the_user_has_set_is_left_alone),
		cmocka_unit_test(flags_come_before_those_of_the_user),
		cmocka_unit_test(flags_of_one_variable_are_in_the_order_of_the_table),
		cmocka_unit_test(some_rows_depend_on_what_is_there),
		cmocka_unit_test(no_limit_is_absurd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
