/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/keys.h"

static void check_documented(const struct conf_key *keys, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!keys[i].help[0] || !keys[i].allowed[0])
			fail_msg("%s.%s is not documented", keys[i].section, keys[i].name);
		assert_in_range(keys[i].type, 0, CONF_TYPE_COUNT_OF_TYPES - 1);
		assert_null(strchr(keys[i].help, '\n'));
		for (unsigned k = 0; k < i; k++)
			if (!strcmp(keys[k].section, keys[i].section) &&
				!strcmp(keys[k].name, keys[i].name))
				fail_msg("%s.%s is there twice", keys[i].section, keys[i].name);
	}
}

static void every_key_is_documented_and_there_once(void **state)
{
	const struct conf_key *keys;
	unsigned n;

	(void)state;
	keys = conf_keys(&n);
	assert_true(n > 40);
	check_documented(keys, n);
	keys = conf_level_keys(&n);
	assert_int_equal(n, 9);
	check_documented(keys, n);
}

static void every_type_can_read_and_print(void **state)
{
	(void)state;
	for (int id = 0; id < CONF_TYPE_COUNT_OF_TYPES; id++) {
		assert_non_null(conf_type_get((enum conf_type_id)id)->parse);
		assert_non_null(conf_type_get((enum conf_type_id)id)->print);
	}
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *section, *key, *value, *error;
	} cases[] = {
		{ "guard", "bassis", "usage",
			"guard.bassis: no such key (did you mean guard.basis?)" },
		{ "dump", "exit-code", "1",
			"dump.exit-code: no such key (did you mean restart.exit-code?)" },
		{ "level dump", "actoins", "log",
			"level.dump.actoins: no such key (did you mean level.dump.actions?)" },
		{ "gaurd", "basis", "usage",
			"[gaurd]: no such section (allowed: level NAME, guard, child, dump, "
			"restart, drain, http, tune, snapshot)" },
		{ "", "basis", "usage",
			"[]: no such section (allowed: level NAME, guard, child, dump, restart, "
			"drain, http, tune, snapshot)" },
		{ "level", "at", "1%",
			"[level]: no level name (allowed: a to z and 0 to 9, at most 31)" },
		{ "level Dump", "at", "1%",
			"[level Dump]: no level name (allowed: a to z and 0 to 9, at most 31)" },
		{ "level a-b", "at", "1%",
			"[level a-b]: no level name (allowed: a to z and 0 to 9, at most 31)" },
		{ "level 12345678901234567890123456789012", "at", "1%",
			"[level 12345678901234567890123456789012]: no level name (allowed: a to z "
			"and 0 to 9, at most 31)" },
		{ "dump", "command", "a\nb",
			"dump.command: a control character (allowed: one line of text)" },
		{ "dump", "command", "a ;b",
			"dump.command: a semicolon after a blank begins a comment (allowed: none, "
			"or put it into a script)" },
		{ "dump", "command", ";b",
			"dump.command: a semicolon after a blank begins a comment (allowed: none, "
			"or put it into a script)" },
		{ "level l9", "at", "50%", "level.l9.at: one level too many (allowed: 8)" },
	};
	static struct conf conf;

	(void)state;
	conf_defaults(&conf);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char reason[CONF_ERROR_MAX] = "";
		struct buf why = BUF_ON(reason);

		if (!strcmp(cases[i].section, "level l9")) {
			assert_int_equal(conf_set(&conf, "level l7", "at", "50%", &why), 0);
			assert_int_equal(conf_set(&conf, "level l8", "at", "50%", &why), 0);
			buf_reset(&why);
		}
		assert_true(
			conf_set(&conf, cases[i].section, cases[i].key, cases[i].value, &why) < 0);
		assert_string_equal(reason, cases[i].error);
	}
}

static void a_value_that_no_file_could_hold_is_refused(void **state)
{
	char value[CONF_VALUE_MAX + 50], reason[CONF_ERROR_MAX] = "";
	struct buf why = BUF_ON(reason);
	static struct conf conf;

	(void)state;
	conf_defaults(&conf);
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_true(conf_set(&conf, "dump", "command", value, &why) < 0);
	assert_string_equal(reason,
		"dump.command: value of 248 bytes is too long (allowed: 188; put "
		"a long command into a script)");
	value[189] = '\0';
	assert_true(conf_set(&conf, "dump", "command", value, &why) < 0);
	value[188] = '\0';
	buf_reset(&why);
	assert_int_equal(conf_set(&conf, "dump", "command", value, &why), 0);
	assert_string_equal(conf.dump.command, value);
}

static void a_new_level_has_the_defaults_of_levels(void **state)
{
	char reason[CONF_ERROR_MAX];
	struct buf why = BUF_ON(reason);
	static struct conf conf;
	const struct conf_level *level;

	(void)state;
	conf_defaults(&conf);
	assert_int_equal(conf_set(&conf, "level  fresh", "at", "50%", &why), 0);
	level = conf_find_level(&conf, "fresh");
	assert_non_null(level);
	assert_true(level->present);
	assert_int_equal(level->hold, 3);
	assert_int_equal(level->rearm_bp, 1000);
	assert_int_equal(level->at.share_bp, 5000);
	assert_int_equal(level->n_actions, 0);
	assert_int_equal(conf.n_levels, 7);
}

static void distances_count_letters(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
		{ "", "", 0 },
		{ "basis", "basis", 0 },
		{ "bassis", "basis", 1 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "kitten", "sitting", 3 },
		{ "1234567890123456789012345678901234567890123456789012345678901234", "",
			UINT_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(conf_word_distance(cases[i].a, cases[i].b), cases[i].distance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_documented_and_there_once),
		cmocka_unit_test(every_type_can_read_and_print),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(a_value_that_no_file_could_hold_is_refused),
		cmocka_unit_test(a_new_level_has_the_defaults_of_levels),
		cmocka_unit_test(distances_count_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
