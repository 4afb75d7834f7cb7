/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "command.h"
#include "fixture.h"
#include "tune/tune.h"

/* As main() gets them. */
#define LIST(...) ((char *const *)(const char *const[]){ __VA_ARGS__, NULL })

static char top[] = "/tmp/oomguard-unit.XXXXXX";
static char path_var[300];
static char *envp[] = { path_var, NULL };

static void make(const char *name, const char *text, mode_t mode)
{
	char path[300];

	fixture_write(top, name, text);
	snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_int_equal(chmod(path, mode), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	snprintf(path_var, sizeof(path_var), "PATH=%s:/usr/bin:/bin", top);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove(top);
	return 0;
}

static void programs_are_found_as_exec_finds_them(void **state)
{
	int fd;

	(void)state;
	make("plain", "x", 0644);
	make("tool", "x", 0755);
	assert_int_equal(command_open("no-such-program", envp), -ENOENT);
	assert_int_equal(command_open("/no-such-program", envp), -ENOENT);
	assert_true(command_open("plain", envp) < 0);
	assert_int_equal(command_open("/tmp", envp), -EACCES);
	assert_true(command_open("", envp) < 0);
	fd = command_open("tool", envp);
	assert_true(fd >= 0);
	close(fd);
}

/* Any symbol will do for an ELF file that is only read; python3 is needed by the tests anyway. */
static void runtimes_are_told_by_files(void **state)
{
	static const struct {
		const char *argv[5];
		uint32_t runtimes;
	} cases[] = {
		{ { "/bin/sh", "-c", "exec java", NULL }, 0 },
		{ { "no-such-program", NULL }, 0 },
		{ { "entry", NULL }, 0 },
		{ { "java", NULL }, 0 }, /* a shell script of that name */
		{ { "dotnet-host", "app.dll", NULL }, TUNE_RUNTIME(DUMP_DOTNET) },
		{ { NULL }, 0 },
	};

	(void)state;
	make("entry", "#!/bin/sh\nexec java\n", 0755);
	make("java", "#!/bin/sh\n", 0755);
	make("dotnet-host", "x", 0755);
	make("app.runtimeconfig.json", "{}", 0644);
	assert_int_equal(chdir(top), 0);
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
			command_runtimes((char *const *)cases[i].argv, envp), cases[i].runtimes);
	assert_int_equal(command_runtimes(NULL, envp), 0);
	assert_false(command_dotnet_has_limit(LIST("dotnet-host", "app.dll")));
	make("limited.runtimeconfig.json",
		"{\"configProperties\": {\"System.GC.HeapHardLimit\": 1}}", 0644);
	assert_true(command_dotnet_has_limit(LIST("dotnet-host", "limited.dll")));
	assert_int_equal(chdir("/"), 0);
}

static void python_is_told_behind_launchers_and_scripts(void **state)
{
	static const char *const lines[][5] = {
		{ "python3", "x.py", NULL },
		{ "env", "A=1", "python3", NULL },
		{ "script", NULL },
		{ "by-env", NULL },
		{ "nice", "-n", "1", "script", NULL },
	};

	(void)state;
	if (access("/usr/bin/python3", X_OK) < 0)
		skip();
	make("script", "#!/usr/bin/python3 -E\n", 0755);
	make("by-env", "#!/usr/bin/env -S python3 -E\n", 0755);
	for (unsigned i = 0; i < ARRAY_LEN(lines); i++)
		assert_int_equal(
			command_runtimes((char *const *)lines[i], envp), TUNE_RUNTIME(DUMP_PYTHON));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_are_found_as_exec_finds_them),
		cmocka_unit_test(runtimes_are_told_by_files),
		cmocka_unit_test(python_is_told_behind_launchers_and_scripts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
