/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "fixture.h"
#include "hooks.h"
#include "tune/inject.h"
#include "tune/tune.h"

/* As main() gets them. */
#define LIST(...) ((char *const *)(const char *const[]){ __VA_ARGS__, NULL })

static const char *const no_inspector[] = { "--no-hook", NULL };

static const struct inject_row rows[] = {
	{ .runtime = DUMP_NODE,
		.modes = INJECT_BOTH,
		.variable = "NODE_OPTIONS",
		.how = ENVIRON_LAST,
		.separator = ' ',
		.text = "--require=%s",
		.file = "node.cjs",
		.content = "hook();\n",
		.unless = no_inspector,
		.words = "type histogram" },
	{ .runtime = DUMP_PYTHON,
		.modes = INJECT_BOTH,
		.variable = "PYTHONPATH",
		.how = ENVIRON_FIRST,
		.separator = ':',
		.text = "%s",
		.file = NULL,
		.words = "type histogram" },
	{ .runtime = DUMP_PYTHON,
		.modes = INJECT_FULL,
		.variable = "PYTHONTRACEMALLOC",
		.how = ENVIRON_ALONE,
		.text = "1",
		.words = "tracemalloc" },
};

static unsigned choose(const char *mode, uint32_t runtimes, char *const *argv, char *const *envp,
	struct inject_choice ret[8])
{
	return inject_choose(rows, ARRAY_LEN(rows), mode, runtimes, argv, envp, ret, 8);
}

static void rows_are_chosen_by_mode_and_runtime(void **state)
{
	char *const *const argv = LIST("node");
	char *const *const envp = LIST("PYTHONTRACEMALLOC=0");
	struct inject_choice c[8];

	(void)state;
	assert_int_equal(choose("no", 0, argv, envp, c), 0);
	assert_int_equal(choose("cheap", 0, argv, envp, c), 2);
	assert_int_equal(choose("cheap", TUNE_RUNTIME(DUMP_NODE), argv, envp, c), 1);
	assert_null(c[0].theirs);
	assert_int_equal(choose("full", 0, argv, envp, c), 3);
	assert_string_equal(c[2].theirs, "PYTHONTRACEMALLOC");
}

static void the_user_can_keep_one_out(void **state)
{
	char *const *const argv = LIST("node", "--no-hook");
	char *const *const envp = LIST(NULL);
	struct inject_choice c[8];

	(void)state;
	assert_int_equal(choose("cheap", TUNE_RUNTIME(DUMP_NODE), argv, envp, c), 1);
	assert_string_equal(c[0].theirs, "--no-hook");
}

static void files_are_written_and_named(void **state)
{
	char *const *const envp =
		LIST("NODE_OPTIONS=--a", "PYTHONPATH=/mine", "OOMGUARD_HOOK_DIR=/old");
	auto_environ struct environ_copy env = { .vars = NULL };
	char top[] = "/tmp/oomguard-unit.XXXXXX", expected[600], text[64];
	struct inject_place place;
	struct inject_choice c[8];
	struct stat st;
	unsigned n;

	(void)state;
	assert_non_null(mkdtemp(top));
	assert_int_equal(inject_open(top, &place), 0);
	n = choose("cheap", 0, NULL, envp, c);
	assert_int_equal(environ_copy(envp, &env), 0);
	assert_int_equal(inject_apply(c, n, &place, &env), 0);
	snprintf(expected, sizeof(expected), "NODE_OPTIONS=--a --require=%s/node.cjs", place.path);
	assert_string_equal(env.vars[0], expected);
	snprintf(expected, sizeof(expected), "PYTHONPATH=%s:/mine", place.path);
	assert_string_equal(env.vars[1], expected);
	assert_string_equal(environ_get(env.vars, INJECT_DIR_VARIABLE), place.sockets);
	assert_true(file_read_text(place.dirfd, "node.cjs", text, sizeof(text)) > 0);
	assert_string_equal(text, "hook();\n");
	assert_int_equal(fstatat(place.dirfd, "node.cjs", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, geteuid() == 0 ? 0644 : 0600);
	inject_close(&place);
	assert_int_equal(place.dirfd, -1);
	assert_int_equal(rmdir(top), 0); /* nothing is left */
}

static void a_way_that_others_can_go_is_used_and_swept(void **state)
{
	char top[] = "/tmp/oomguard-unit.XXXXXX", path[300];
	struct inject_place place;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(top));
	assert_int_equal(chmod(top, 0755), 0);
	assert_int_equal(inject_open(top, &place), 0);
	snprintf(path, sizeof(path), "%s/hooks", top);
	assert_string_equal(place.path, path);
	snprintf(path, sizeof(path), "%s/7.sock", place.sockets);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	close(place.dirfd);
	/* The next life: the pid will come again. */
	assert_int_equal(inject_open(top, &place), 0);
	assert_int_equal(access(path, F_OK), -1);
	inject_close(&place);
	assert_int_equal(rmdir(top), 0); /* nothing is left */
}

static void what_is_not_ours_is_not_used(void **state)
{
	char top[] = "/tmp/oomguard-unit.XXXXXX", path[300];
	struct inject_place place;

	(void)state;
	assert_non_null(mkdtemp(top));
	assert_int_equal(chmod(top, 0755), 0);
	snprintf(path, sizeof(path), "%s/hooks", top);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_int_equal(inject_open(top, &place), 0);
	assert_true(place.is_temporary);
	inject_close(&place);
	assert_int_equal(inject_open("/tmp/with blank", &place), 0);
	assert_true(place.is_temporary);
	inject_close(&place);
	unlink(path);
	rmdir(top);
}

/* The table of the program keeps its rules. */
static void every_hook_is_well_formed(void **state)
{
	const struct inject_row *table;
	unsigned n;

	(void)state;
	table = hooks_rows(&n);
	assert_true(n <= HOOKS_MAX);
	for (unsigned i = 0; i < n; i++) {
		const char *mark = strchr(table[i].text, '%');

		assert_true(table[i].modes && table[i].variable && table[i].words);
		if (mark)
			assert_true(mark[1] == 's' && !strchr(mark + 1, '%'));
		if (table[i].file)
			assert_true(table[i].content && !strchr(table[i].file, '/'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_chosen_by_mode_and_runtime),
		cmocka_unit_test(the_user_can_keep_one_out),
		cmocka_unit_test(files_are_written_and_named),
		cmocka_unit_test(a_way_that_others_can_go_is_used_and_swept),
		cmocka_unit_test(what_is_not_ours_is_not_used),
		cmocka_unit_test(every_hook_is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
