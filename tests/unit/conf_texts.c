/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "conf_driver.h"

static const struct good goods[] = {
	{ "dump", "inject", "cheap", "cheap" },
	{ "dump", "compress", "zstd", "zstd" },
	{ "dump", "command", "/bin/sh -c 'gcore $1'", "/bin/sh -c 'gcore $1'" },
	{ "dump", "command", "", "" },
	{ "dump", "command", "a;b", "a;b" },
	{ "dump", "path", " /dumps/%p.hprof ", "/dumps/%p.hprof" },
	{ "guard", "state-dir", "/data", "/data" },
	{ "guard", "termination-log", "none", "none" },
	{ "guard", "termination-log", "/dev/termination-log", "/dev/termination-log" },
	{ "http", "listen", "off", "off" },
	{ "http", "listen", "0.0.0.0:9464", "0.0.0.0:9464" },
	{ "http", "listen", "[::1]:1", "[::1]:1" },
	{ "http", "app-probe", "http://127.0.0.1:8080/live", "http://127.0.0.1:8080/live" },
	{ "http", "app-probe", "", "" },
};

static const struct bad bads[] = {
	{ "dump", "inject", "yes", "\"yes\" is not one of the words" },
	{ "dump", "compress", "", "no value" },
	{ "guard", "state-dir", "data", "not an absolute path" },
	{ "guard", "state-dir", "auto", "not an absolute path" },
	{ "guard", "state-dir", "", "no value" },
	{ "guard", "termination-log", "off", "not an absolute path" },
	{ "http", "listen", "", "not ADDRESS:PORT" },
	{ "http", "listen", "9464", "not ADDRESS:PORT" },
	{ "http", "listen", ":9464", "not ADDRESS:PORT" },
	{ "http", "listen", "localhost:", "not ADDRESS:PORT" },
	{ "http", "listen", "localhost:http", "not ADDRESS:PORT" },
	{ "http", "listen", "localhost:0", "no such port" },
	{ "http", "listen", "localhost:65536", "no such port" },
	{ "http", "listen", "localhost:80x", "no such port" },
	{ "http", "app-probe", "https://x", "not an http:// URL" },
	{ "http", "app-probe", "http://", "not an http:// URL" },
};

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
