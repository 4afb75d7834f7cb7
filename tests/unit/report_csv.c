/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "report/csv.h"

static struct csv csv;

/* Opens text and reads it to its end; the last result, the newest row in *ret_row. */
static int read_all(const char *text, size_t len, struct csv_row *ret_row, unsigned *ret_n)
{
	auto_fclose FILE *file = tmpfile();
	int r;

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	rewind(file);
	*ret_n = 0;
	r = csv_open(&csv, file, "curve.csv");
	while (r >= 0 && (r = csv_next(&csv, ret_row)) > 0)
		++*ret_n;
	return r;
}

#define HEAD "time_s,nonreclaimable_bytes\n"

static void bad_input_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "curve.csv:1: empty" },
		{ "\n", "curve.csv:1: no column time_s" },
		{ "time,nonreclaimable_bytes\n", "curve.csv:1: no column time_s" },
		{ "time_s,usage_bytes\n1,2\n", "curve.csv:1: no column nonreclaimable_bytes" },
		{ "time_s,time_s,nonreclaimable_bytes\n", "curve.csv:1: two columns time_s" },
		{ HEAD "1,x\n", "curve.csv:2: nonreclaimable_bytes: 'x' is no number" },
		{ HEAD "1,2\n1,\n", "curve.csv:3: no nonreclaimable_bytes" },
		{ HEAD "1\n", "curve.csv:2: no nonreclaimable_bytes" },
		{ HEAD "1,-5\n", "curve.csv:2: nonreclaimable_bytes: '-5' is negative" },
		{ HEAD "1,1e400\n", "curve.csv:2: nonreclaimable_bytes: '1e400' is too large" },
		{ HEAD "1,nan\n", "curve.csv:2: nonreclaimable_bytes: 'nan' is no number" },
		{ HEAD "1,0x10\n", "curve.csv:2: nonreclaimable_bytes: '0x10' is no number" },
		{ HEAD "1,5 MiB\n", "curve.csv:2: nonreclaimable_bytes: '5 MiB' is no number" },
		{ HEAD "2,1\n\n1,1\n", "curve.csv:4: time_s goes back" },
		{ HEAD "1700000000000000,1\n", "curve.csv:2: time_s: too large" },
		{ HEAD "e,1\n", "curve.csv:2: time_s: 'e' is no number" },
	};
	struct csv_row row;
	unsigned n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r = read_all(cases[i].text, strlen(cases[i].text), &row, &n);

		if (r != -EINVAL || strncmp(csv.error, cases[i].error, strlen(cases[i].error)))
			fail_msg("case %zu: %d \"%s\", expected \"%s\"", i, r, csv.error,
				cases[i].error);
	}
}

static void odd_input_is_read(void **state)
{
	static const struct {
		const char *text;
		unsigned n;
		uint64_t time_usec, bytes;
		bool has_limit;
		uint64_t limit;
	} cases[] = {
		{ HEAD, 0, 0, 0, false, 0 },
		{ HEAD "1,2", 1, 1000000, 2, false, 0 },
		{ HEAD "\r\n1.5 , 2e3\r\n\r\n", 1, 1500000, 2000, false, 0 },
		{ "\xef\xbb\xbf\"nonreclaimable_bytes\",name,time_s\n7,\"a,b\",3\n", 1, 3000000, 7,
			false, 0 },
		{ "time_s,limit_bytes,nonreclaimable_bytes\n1,9,2\n2,,3\n", 2, 2000000, 3, false,
			0 },
		{ "time_s,limit_bytes,nonreclaimable_bytes\n1,,2\n1,10,4\n", 2, 1000000, 4, true,
			10 },
		{ HEAD "1700000000.25,536870912,more,fields\n", 1, 1700000000250000, 536870912,
			false, 0 },
	};
	unsigned n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct csv_row row = { 0 };
		int r = read_all(cases[i].text, strlen(cases[i].text), &row, &n);

		if (r != 0 || n != cases[i].n || row.time_usec != cases[i].time_usec ||
			row.bytes[CSV_NONRECLAIMABLE] != cases[i].bytes ||
			row.has[CSV_LIMIT] != cases[i].has_limit ||
			row.bytes[CSV_LIMIT] != cases[i].limit)
			fail_msg("case %zu: %d \"%s\", %u rows, %llu us, %llu bytes", i, r,
				r < 0 ? csv.error : "", n, (unsigned long long)row.time_usec,
				(unsigned long long)row.bytes[CSV_NONRECLAIMABLE]);
	}
}

static void what_is_no_text_ends_it(void **state)
{
	static const char nul[] = HEAD "1,2\n2,\0 3\n3,4\n";
	static char line[CSV_LINE_MAX + 64] = HEAD;
	struct csv_row row;
	unsigned n;

	(void)state;
	assert_int_equal(read_all(nul, sizeof(nul) - 1, &row, &n), -EINVAL);
	assert_string_equal(csv.error, "curve.csv:3: a NUL byte: this is no CSV");
	memset(line + strlen(HEAD), '1', CSV_LINE_MAX);
	assert_int_equal(read_all(line, sizeof(line) - 1, &row, &n), -EINVAL);
	assert_non_null(strstr(csv.error, "curve.csv:2: longer than"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_input_is_told_with_its_line),
		cmocka_unit_test(odd_input_is_read),
		cmocka_unit_test(what_is_no_text_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
