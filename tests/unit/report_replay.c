/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"
#include "report/replay.h"

static struct conf conf;
static char text[1 << 20], out[1 << 20], error[CSV_ERROR_MAX];

static int replay(const char *csv)
{
	auto_fclose FILE *in = tmpfile(), *to = tmpfile();
	int r;

	assert_non_null(in);
	assert_non_null(to);
	fputs(csv, in);
	rewind(in);
	r = replay_run(&conf, in, "curve.csv", fileno(to), error);
	assert_true(file_pread_text(fileno(to), out, sizeof(out)) >= 0);
	return r;
}

static unsigned count(const char *part)
{
	unsigned n = 0;

	for (const char *p = out; (p = strstr(p, part)); p++)
		n++;
	return n;
}

/* A leak of 8 MiB a second in 1 GiB, every 100 ms, after 20 s of rest. */
static void a_small_curve_comes_out_as_written(void **state)
{
	size_t len = (size_t)sprintf(text, "time_s,nonreclaimable_bytes\n");
	static const char *const expected[] = {
		"{\"time_s\":91.200,\"event\":\"level\",\"level\":\"warn\",\"why\":\"at\"}\n",
		"\"event\":\"level\",\"level\":\"dump\",\"why\":\"at, growing\"}\n",
		"\"event\":\"level\",\"level\":\"restart\",\"why\":\"at, eta\"}\n",
		"\"event\":\"level\",\"level\":\"brink\",\"why\":\"at, growing\"}\n",
		"\"event\":\"level\",\"level\":\"emergency\",\"why\":\"free, growing\"}\n",
	};
	const char *at = out;

	(void)state;
	conf_defaults(&conf);
	conf.guard.limit_bytes = GIB;
	for (unsigned i = 0; i < 1250; i++) {
		uint64_t mib = i < 200 ? 200 : 200 + (i - 200) * 8 / 10;

		len += (size_t)sprintf(text + len, "%u.%u,%llu\n", i / 10, i % 10,
			(unsigned long long)(mib * MIB));
	}
	assert_int_equal(replay(text), 0);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const char *found = strstr(at, expected[i]);

		if (!found)
			fail_msg("no %s in order in:\n%s", expected[i], out);
		at = found;
	}
	assert_int_equal(count("\"level\":\"dump\""), 1);
	/* Too short a time for any window: only the word at the end. */
	assert_int_equal(count("\"event\":\"diagnosis\""), 1);
	assert_non_null(strstr(out,
		"{\"time_s\":124.900,\"event\":\"diagnosis\",\"leak\":\"none\",\"cause\":\"spike\","
		"\"confidence\":0.200,\"slope_bytes_per_s\":0}\n"));
}

/* 2 % of the limit an hour for six hours, a sample a minute, with epoch times. */
static void a_leak_is_diagnosed(void **state)
{
	size_t len = (size_t)sprintf(text, "time_s,limit_bytes,nonreclaimable_bytes\n");

	(void)state;
	conf_defaults(&conf);
	for (unsigned i = 0; i < 360; i++)
		len += (size_t)sprintf(text + len, "%u,1000000000,%u\n", 1700000000 + i * 60,
			500000000 + i * (20000000 / 60));
	assert_int_equal(replay(text), 0);
	/* One a minute once the first quarter of an hour is over, and the last word. */
	assert_in_range(count("\"event\":\"diagnosis\""), 340, 348);
	assert_int_equal(count("\"leak\":\"confirmed\",\"cause\":\"leak\""),
		count("\"leak\":\"confirmed\""));
	assert_non_null(strstr(out, "\"leak\":\"suspected\""));
	assert_in_range(count("\"leak\":\"confirmed\""), 5, 40);
	assert_in_range(count("\"slope_bytes_per_s\":55"), 20, 348);
	assert_null(strstr(out, "\"level\":\"dump\""));
}

static void a_changed_limit_is_no_growth(void **state)
{
	size_t len = (size_t)sprintf(text, "time_s,limit_bytes,nonreclaimable_bytes\n");

	(void)state;
	conf_defaults(&conf);
	for (unsigned i = 0; i < 600; i++)
		len += (size_t)sprintf(
			text + len, "%u,%u,475000000\n", i, 1000000000 - i / 120 * 125000000);
	assert_int_equal(replay(text), 0);
	assert_int_equal(count("\"level\":\"warn\""), 1);
	assert_int_equal(count("\"level\":\"profile\""), 1);
	assert_int_equal(count("\"event\":\"level\""), 2);
}

static void what_is_missing_is_told(void **state)
{
	static const struct {
		const char *csv;
		int result;
		const char *error;
	} cases[] = {
		{ "time_s,nonreclaimable_bytes\n1,2\n", -ENODATA,
			"curve.csv:2: no limit_bytes here, and no guard.limit given" },
		{ "time_s,nonreclaimable_bytes,limit_bytes\n1,2,100\n2,2,0\n", -ENODATA,
			"curve.csv:3: no limit_bytes here" },
		{ "time_s\n1\n", -EINVAL, "curve.csv:1: no column nonreclaimable_bytes" },
		{ "time_s,nonreclaimable_bytes,limit_bytes\n1,2,100\n2,?,100\n", -EINVAL,
			"curve.csv:3: nonreclaimable_bytes: '?' is no number" },
	};

	(void)state;
	conf_defaults(&conf);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r = replay(cases[i].csv);

		if (r != cases[i].result || strncmp(error, cases[i].error, strlen(cases[i].error)))
			fail_msg("case %zu: %d \"%s\"", i, r, error);
	}
}

static void the_basis_usage_uses_its_column(void **state)
{
	size_t len = (size_t)sprintf(text, "time_s,nonreclaimable_bytes,usage_bytes\n");

	(void)state;
	conf_defaults(&conf);
	conf.guard.limit_bytes = 1000;
	for (unsigned i = 0; i < 60; i++)
		len += (size_t)sprintf(text + len, "%u,100,800\n", i);
	assert_int_equal(replay(text), 0);
	assert_int_equal(count("\"level\":\"warn\""), 0);
	conf.guard.basis = BASIS_USAGE;
	assert_int_equal(replay(text), 0);
	assert_int_equal(count("\"level\":\"warn\""), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_curve_comes_out_as_written),
		cmocka_unit_test(a_leak_is_diagnosed),
		cmocka_unit_test(a_changed_limit_is_no_growth),
		cmocka_unit_test(what_is_missing_is_told),
		cmocka_unit_test(the_basis_usage_uses_its_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
