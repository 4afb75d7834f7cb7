/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "conf_driver.h"

static const struct good goods[] = {
	{ "guard", "basis", "usage", "usage" },
	{ "guard", "basis", " working-set\t", "working-set" },
	{ "child", "forward", "group", "group" },
	{ "restart", "mode", "in-place", "in-place" },
	{ "child", "subreaper", "yes", "yes" },
	{ "snapshot", "cmdline", "full", "full" },
	{ "dump", "kind", "dotnet", "dotnet" },
	{ "guard", "log-level", "debug", "debug" },
	{ "guard", "log-format", "json", "json" },
	{ "tune", "enabled", "yes", "yes" },
	{ "tune", "enabled", "true", "yes" },
	{ "tune", "enabled", "off", "no" },
	{ "dump", "max-bytes", "2048M", "2GiB" },
	{ "dump", "max-bytes", "0", "0" },
	{ "guard", "limit", "auto", "auto" },
	{ "guard", "limit", "1", "1" },
	{ "guard", "request", "64Mi", "64MiB" },
	{ "guard", "request", "0", "auto" },
	{ "guard", "pod-limit", "none", "none" },
	{ "guard", "pod-limit", "1.5G", "1536MiB" },
	{ "guard", "eta-above", "0%", "0%" },
	{ "guard", "max-cpu", "0.01%", "0.01%" },
	{ "dump", "min-free", "100%", "100%" },
	{ "dump", "deadline", "90s", "90s" },
	{ "dump", "cooldown", "3650d", "3650d" },
	{ "level dump", "eta", "", "" },
	{ "level dump", "eta", "30s", "30s" },
	{ "dump", "keep", "007", "7" },
	{ "level dump", "hold", "1000", "1000" },
	{ "restart", "exit-code", "255", "255" },
	{ "restart", "signal", "15", "TERM" },
	{ "dump", "signal", "sigrtmin+3", "RTMIN+3" },
	{ "child", "pdeathsig", "none", "none" },
	{ "level dump", "at", "200M", "200MiB" },
	{ "level dump", "at", "88.5%", "88.5%" },
	{ "level dump", "at", "", "" },
	{ "level fresh", "free", "16MiB", "16MiB" },
};

static const struct bad bads[] = {
	{ "guard", "basis", "Usage", "\"Usage\" is not one of the words" },
	{ "guard", "basis", "", "no value" },
	{ "child", "forward", "all", "\"all\" is not one of the words" },
	{ "restart", "mode", "inplace", "\"inplace\" is not one of the words" },
	{ "child", "subreaper", "1", "\"1\" is not one of the words" },
	{ "snapshot", "cmdline", "none", "\"none\" is not one of the words" },
	{ "dump", "kind", "java", "\"java\" is not one of the words" },
	{ "guard", "log-level", "6", "\"6\" is not one of the words" },
	{ "guard", "log-format", "xml", "\"xml\" is not one of the words" },
	{ "tune", "enabled", "maybe", "\"maybe\" is not one of the words" },
	{ "dump", "max-bytes", "2 GiB", "not a size" },
	{ "dump", "max-bytes", "auto", "not a size" },
	{ "dump", "max-bytes", "16777216T", "too large" },
	{ "guard", "limit", "0", "too small" },
	{ "guard", "limit", "none", "not a size" },
	{ "guard", "limit", "75%", "not a size" },
	{ "guard", "pod-limit", "auto", "not a size" },
	{ "guard", "eta-above", "85", "not a percentage" },
	{ "guard", "eta-above", "101%", "too large" },
	{ "guard", "max-cpu", "0%", "too small" },
	{ "dump", "deadline", "60", "not a time" },
	{ "dump", "deadline", "", "not a time" },
	{ "dump", "deadline", "3651d", "too large" },
	{ "dump", "deadline", "999999999999d", "too large" },
	{ "level dump", "eta", "soon", "not a time" },
	{ "dump", "keep", "-1", "not a number" },
	{ "dump", "keep", "5K", "not a number" },
	{ "dump", "keep", "100001", "too large" },
	{ "dump", "keep", "18446744073709551616", "too large" },
	{ "level dump", "hold", "0", "too small" },
	{ "level dump", "hold", "1001", "too large" },
	{ "restart", "exit-code", "0", "too small" },
	{ "restart", "exit-code", "256", "too large" },
	{ "restart", "signal", "none", "\"none\" is no signal" },
	{ "restart", "signal", "65", "\"65\" is no signal" },
	{ "dump", "signal", "SIGDUMP", "\"SIGDUMP\" is no signal" },
	{ "level dump", "at", "120%", "too large" },
	{ "level dump", "free", "lots", "not a percentage or a size" },
	{ "level dump", "growing", "2", "\"2\" is not one of the words" },
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
