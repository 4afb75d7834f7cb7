/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "tune/environ.h"

/* As main() gets them. */
#define LIST(...) ((char *const *)(const char *const[]){ __VA_ARGS__, NULL })

/* Odd ones on purpose: no '=', twice the same name, an empty value. */
#define ORIGINAL LIST("PATH=/bin", "odd", "TWICE=1", "TWICE=2", "EMPTY=", "LIST=a b")

static void a_copy_is_the_same_to_the_byte(void **state)
{
	auto_environ struct environ_copy env = { .vars = NULL };
	char *const *original = ORIGINAL;
	unsigned i = 0;

	(void)state;
	assert_int_equal(environ_copy(original, &env), 0);
	for (; original[i]; i++)
		assert_string_equal(env.vars[i], original[i]);
	assert_null(env.vars[i]);
	assert_int_equal(env.n, i);
}

static void variables_are_found(void **state)
{
	(void)state;
	assert_string_equal(environ_get(ORIGINAL, "TWICE"), "1");
	assert_string_equal(environ_get(ORIGINAL, "EMPTY"), "");
	assert_null(environ_get(ORIGINAL, "odd"));
	assert_null(environ_get(ORIGINAL, "PAT"));
}

static void texts_are_added(void **state)
{
	static const struct {
		const char *name, *text;
		enum environ_how how;
		char separator;
		int result;
		const char *value; /* after that */
	} cases[] = {
		{ "NEW", "x", ENVIRON_ALONE, ' ', 0, "x" },
		{ "NEW", "x", ENVIRON_FIRST, ' ', 0, "x" },
		{ "LIST", "x", ENVIRON_ALONE, ' ', -EEXIST, "a b" },
		{ "EMPTY", "x", ENVIRON_ALONE, ' ', -EEXIST, "" },
		{ "LIST", "x", ENVIRON_FIRST, ' ', 0, "x a b" },
		{ "LIST", "x", ENVIRON_LAST, ':', 0, "a b:x" },
		{ "LIST", "x", ENVIRON_INSTEAD, ':', 0, "x" },
		{ "EMPTY", "x", ENVIRON_LAST, ':', 0, "x" },
		{ "TWICE", "x", ENVIRON_LAST, ' ', 0, "1 x" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		auto_environ struct environ_copy env = { .vars = NULL };

		assert_int_equal(environ_copy(ORIGINAL, &env), 0);
		assert_int_equal(environ_add(&env, cases[i].name, cases[i].text, cases[i].how,
					 cases[i].separator),
			cases[i].result);
		assert_string_equal(environ_get(env.vars, cases[i].name), cases[i].value);
		assert_string_equal(env.vars[0], "PATH=/bin");
		assert_null(env.vars[env.n]);
	}
}

static void words_of_the_user_are_found(void **state)
{
	char *const *const argv = LIST("java", "-Xmx1g", "-jar", "x.jar");
	char *const *const shell = LIST("sh", "-c", "exec java '-Xmx1g' -jar x.jar");
	char *const *const none = LIST("java", "-jar", "no-Xmx.jar");
	char *const *const envp = LIST("A=1", "OPTS=-Da=b -XX:MaxRAMPercentage=70", "GOMEMLIMIT=1",
		"GLIBC_TUNABLES=glibc.malloc.check=1:glibc.malloc.arena_max=2");
	const struct {
		char *const *argv;
		const char *word;
		bool found;
	} cases[] = {
		{ argv, "-Xmx", true },
		{ shell, "-Xmx", true },
		{ none, "-Xmx", false },
		{ NULL, "-Xmx", false },
		{ none, "-XX:MaxRAM", true },
		{ none, "GOMEMLIMIT=", true },
		{ none, "MEMLIMIT=", false },
		{ none, "glibc.malloc.arena_max", true },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const words[] = { "--never", cases[i].word, NULL };
		const char *word = environ_find_word(cases[i].argv, envp, words);

		assert_int_equal(word != NULL, cases[i].found);
		if (word)
			assert_string_equal(word, cases[i].word);
	}
	assert_null(environ_find_word(argv, envp, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_the_same_to_the_byte),
		cmocka_unit_test(variables_are_found),
		cmocka_unit_test(texts_are_added),
		cmocka_unit_test(words_of_the_user_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
