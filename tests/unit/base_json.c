/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>

#include "base/json.h"

static void commas_and_nesting_are_its_business(void **state)
{
	char data[512];
	struct buf out = BUF_ON(data);
	struct json j = { .out = &out };

	(void)state;
	json_open_object(&j, NULL);
	json_uint(&j, "u", UINT64_MAX);
	json_int(&j, "i", INT64_MIN);
	json_open_array(&j, "a");
	json_close_array(&j);
	json_open_array(&j, "b");
	json_uint(&j, NULL, 1);
	json_open_object(&j, NULL);
	json_close_object(&j);
	json_null(&j, NULL);
	json_close_array(&j);
	json_bool(&j, "t", true);
	json_bool(&j, "f", false);
	json_string(&j, "s", "x\"},{\"");
	json_close_object(&j);
	assert_string_equal(data, "{\"u\":18446744073709551615,\"i\":-9223372036854775808,\"a\":[],"
				  "\"b\":[1,{},null],\"t\":true,\"f\":false,"
				  "\"s\":\"x\\\"},{\\\"\"}");
	assert_int_equal(j.depth, 0);
}

static void documents_follow_each_other_without_comma(void **state)
{
	char data[64];
	struct buf out = BUF_ON(data);
	struct json j = { .out = &out };

	(void)state;
	for (int i = 0; i < 2; i++) {
		json_open_object(&j, NULL);
		json_close_object(&j);
		buf_puts(&out, "\n");
	}
	assert_string_equal(data, "{}\n{}\n");
}

static void thousandths_are_decimals(void **state)
{
	static const struct {
		int64_t milli;
		const char *text;
	} cases[] = {
		{ 0, "0.000" },
		{ 1234, "1.234" },
		{ 5, "0.005" },
		{ -5, "-0.005" },
		{ -1234, "-1.234" },
		{ INT64_MAX, "9223372036854775.807" },
		{ INT64_MIN, "-9223372036854775.808" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char data[64];
		struct buf out = BUF_ON(data);
		struct json j = { .out = &out };

		json_milli(&j, NULL, cases[i].milli);
		assert_string_equal(data, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_and_nesting_are_its_business),
		cmocka_unit_test(documents_follow_each_other_without_comma),
		cmocka_unit_test(thousandths_are_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
