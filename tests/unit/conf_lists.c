/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "conf_driver.h"

#include <signal.h>
#include <stdio.h>

static const struct good goods[] = {
	{ "child", "rewrite", "TERM:QUIT, 15:3, USR1:0, RTMIN+3:TERM",
		"TERM:QUIT, USR1:0, RTMIN+3:TERM" },
	{ "child", "rewrite", " HUP : TERM ", "HUP:TERM" },
	{ "child", "rewrite", "", "" },
	{ "child", "exit-remap", "143:0,130:0", "143:0, 130:0" },
	{ "child", "exit-remap", "", "" },
	{ "dump", "target", "largest", "largest" },
	{ "dump", "target", "share:20%", "share:20%" },
	{ "dump", "target", "name:java", "name:java" },
	{ "restart", "backoff", "500ms..1.5m", "500ms..90s" },
	{ "restart", "backoff", "0..0", "0s..0s" },
	{ "restart", "backoff", "1s .. 2s", "1s..2s" },
	{ "level dump", "actions", "snapshot,heap-dump", "snapshot, heap-dump" },
	{ "level dump", "actions", " ", "" },
};

static const struct bad bads[] = {
	{ "child", "rewrite", "TERM", "\"TERM\" is not FROM:TO" },
	{ "child", "rewrite", "TRM:QUIT", "\"TRM\" is no signal" },
	{ "child", "rewrite", "TERM:QIT", "\"QIT\" is no signal" },
	{ "child", "rewrite", "0:TERM", "\"0\" is no signal" },
	{ "child", "rewrite", "TERM:", "\"\" is no signal" },
	{ "child", "rewrite", "TERM:INT, 15:QUIT", "\"15\" is there twice" },
	{ "child", "rewrite", "TERM:QUIT,", "empty item in the list" },
	{ "child", "rewrite", ",TERM:QUIT", "empty item in the list" },
	{ "child", "exit-remap", "143", "\"143\" is not FROM:TO" },
	{ "child", "exit-remap", "256:0", "\"256\" is no exit status" },
	{ "child", "exit-remap", "1:-1", "\"-1\" is no exit status" },
	{ "child", "exit-remap", "1:", "\"\" is no exit status" },
	{ "child", "exit-remap", "1:2, 1:3", "\"1\" is there twice" },
	{ "child", "exit-remap",
		"1:0,2:0,3:0,4:0,5:0,6:0,7:0,8:0,9:0,10:0,11:0,12:0,13:0,14:0,15:0,"
		"16:0,17:0",
		"\"17\" is one too many" },
	{ "dump", "target", "", "\"\" is not a target" },
	{ "dump", "target", "biggest", "\"biggest\" is not a target" },
	{ "dump", "target", "share:20", "\"20\" is not a percentage" },
	{ "dump", "target", "name:", "\"\" is not a process name" },
	{ "dump", "target", "name:12345678901234567890123456789012",
		"\"12345678901234567890123456789012\" is not a process name" },
	{ "restart", "backoff", "1s", "\"1s\" is not FROM..TO" },
	{ "restart", "backoff", "1..5m", "\"1\" is not a time" },
	{ "restart", "backoff", "1s..", "\"\" is not a time" },
	{ "restart", "backoff", "5m..1s", "\"5m..1s\" begins with the longer time" },
	{ "restart", "backoff", "1s..99999d", "\"99999d\" is not a time" },
	{ "level dump", "actions", "heapdump", "\"heapdump\" is no action" },
	{ "level dump", "actions", "snapshot restart", "\"snapshot restart\" is no action" },
	{ "level dump", "actions", "snapshot,,restart", "empty item in the list" },
	{ "level dump", "actions",
		"log,log,log,log,log,log,log,log,log,log,log,log,log,log,log,log,"
		"core",
		"\"core\" is one too many" },
};

static void a_list_has_no_remains_of_the_last_one(void **state)
{
	static struct conf once, twice;
	char reason[CONF_ERROR_MAX];
	struct buf why = BUF_ON(reason);

	(void)state;
	conf_defaults(&once);
	conf_defaults(&twice);
	assert_int_equal(conf_set(&twice, "child", "rewrite", "1:2, 3:4, 5:6", &why), 0);
	assert_int_equal(conf_set(&twice, "dump", "target", "name:a-long-name", &why), 0);
	for (int i = 0; i < 2; i++) {
		struct conf *conf = i ? &once : &twice;

		assert_int_equal(conf_set(conf, "child", "rewrite", "TERM:0", &why), 0);
		assert_int_equal(conf_set(conf, "dump", "target", "name:x", &why), 0);
		assert_int_equal(conf_set(conf, "level dump", "actions", "core", &why), 0);
	}
	assert_int_equal(once.child.n_rewrite, 1);
	assert_int_equal(once.child.rewrite[0].from, SIGTERM);
	assert_int_equal(once.child.rewrite[0].to, 0);
	assert_memory_equal(&once, &twice, sizeof(once));
}

/* As read it fills a line with numbers; with names it would not fit. */
static void a_list_that_is_long_with_names_is_printed_with_numbers(void **state)
{
	static struct conf conf, back;
	char text[256] = "", printed[256] = "", reason[CONF_ERROR_MAX];
	struct buf in = BUF_ON(text), out = BUF_ON(printed), why = BUF_ON(reason);

	(void)state;
	for (int i = 0; i < 28; i++)
		buf_printf(&in, "%s%d:%d", i ? "," : "", 35 + i, 36 + i);
	conf_defaults(&conf);
	conf_defaults(&back);
	assert_int_equal(conf_set(&conf, "child", "rewrite", text, &why), 0);
	conf_print_rewrite(NULL, conf.child.rewrite, &out);
	assert_string_equal(printed, text);
	assert_int_equal(conf_set(&back, "child", "rewrite", printed, &why), 0);
	assert_memory_equal(&conf, &back, sizeof(conf));
}

static void good_values_are_read_and_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(goods); i++)
		check_good(&goods[i]);
}

static void bad_values_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bads); i++)
		check_bad(&bads[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_values_are_read_and_printed),
		cmocka_unit_test(bad_values_are_named),
		cmocka_unit_test(a_list_has_no_remains_of_the_last_one),
		cmocka_unit_test(a_list_that_is_long_with_names_is_printed_with_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
