/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define REPLACED "\xEF\xBF\xBD"

static void what_does_not_fit_is_left_out(void **state)
{
	char data[8];
	struct buf b = BUF_ON(data);

	(void)state;
	buf_puts(&b, "abcdefg");
	assert_false(b.truncated);
	assert_string_equal(data, "abcdefg");
	buf_puts(&b, "h");
	assert_true(b.truncated);
	assert_string_equal(data, "abcdefg");
	assert_int_equal(b.len, 7);
	buf_reset(&b);
	assert_string_equal(data, "");
	buf_printf(&b, "%s-%d", "abcd", 1234);
	assert_true(b.truncated);
	assert_string_equal(data, "abcd-12");
	assert_int_equal(b.len, 7);
	buf_reset(&b);
	buf_puts(&b, "0123456789");
	assert_string_equal(data, "0123456");
}

static void nothing_is_added_behind_a_cut(void **state)
{
	char data[8];
	struct buf b = BUF_ON(data);

	(void)state;
	buf_json_string(&b, "0123456789", 10);
	assert_true(b.truncated);
	buf_puts(&b, "}");
	buf_printf(&b, "%d", 1);
	assert_string_equal(data, "\"01234\"");
}

static void a_copy_is_cut_and_ended(void **state)
{
	char out[4] = "???";

	(void)state;
	buf_copy(out, sizeof(out), "abcdef");
	assert_string_equal(out, "abc");
	buf_copy(out, sizeof(out), "ab");
	assert_string_equal(out, "ab");
	buf_copy(out, 1, "ab");
	assert_string_equal(out, "");
}

static void a_buffer_of_one_byte_holds_the_end(void **state)
{
	char data[1] = { 'x' };
	struct buf b = BUF_ON(data);

	(void)state;
	buf_puts(&b, "a");
	assert_int_equal(data[0], 0);
	buf_printf(&b, "a");
	buf_json_string(&b, "a", 1);
	assert_int_equal(data[0], 0);
	assert_int_equal(b.len, 0);
	assert_true(b.truncated);
}

static void hostile_names_stay_inside_the_quotes(void **state)
{
	static const struct {
		const char *text;
		const char *json;
	} cases[] = {
		{ "", "\"\"" }, { "java", "\"java\"" }, { "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\",\"x\":{", "\"\\\",\\\"x\\\":{\"" }, { "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x1b[2J\x7f", "\"\\u0001\\u001b[2J\\u007f\"" },
		{ "gr\xC3\xBC\xC3\x9F", "\"gr\xC3\xBC\xC3\x9F\"" },
		{ "\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\"" }, { "\xFF", "\"" REPLACED "\"" },
		{ "\x80", "\"" REPLACED "\"" }, { "\xC3", "\"" REPLACED "\"" },
		{ "\xC3x", "\"" REPLACED "x\"" },
		{ "\xC0\xAF", "\"" REPLACED REPLACED "\"" },		  /* overlong / */
		{ "\xED\xA0\x80", "\"" REPLACED REPLACED REPLACED "\"" }, /* surrogate */
		{ "\xF4\x90\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\"" },
		{ "\xE2\x82", "\"" REPLACED REPLACED "\"" }, /* cut by comm's 15 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char data[128];
		struct buf b = BUF_ON(data);

		buf_json_string(&b, cases[i].text, strlen(cases[i].text));
		assert_string_equal(data, cases[i].json);
		assert_false(b.truncated);
	}
}

static void a_nul_inside_is_escaped(void **state)
{
	char data[32];
	struct buf b = BUF_ON(data);

	(void)state;
	buf_json_string(&b, "a\0b", 3);
	assert_string_equal(data, "\"a\\u0000b\"");
}

static void a_string_is_cut_between_characters_and_closed(void **state)
{
	(void)state;
	for (size_t size = 3; size < 12; size++) {
		char data[16];
		struct buf b = { .data = data, .size = size };
		size_t text_len;

		buf_json_string(&b, "\xC3\xBC\n\xC3\xBC\n", 6); /* 2 + 2 + 2 + 2 bytes */
		text_len = size - 3 < 8 ? (size - 3) / 2 * 2 : 8;
		assert_int_equal(b.len, text_len + 2);
		assert_int_equal(data[0], '"');
		assert_int_equal(data[b.len - 1], '"');
		assert_int_equal(data[b.len], 0);
		assert_int_equal(b.truncated, text_len < 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_left_out),
		cmocka_unit_test(nothing_is_added_behind_a_cut),
		cmocka_unit_test(a_copy_is_cut_and_ended),
		cmocka_unit_test(a_buffer_of_one_byte_holds_the_end),
		cmocka_unit_test(hostile_names_stay_inside_the_quotes),
		cmocka_unit_test(a_nul_inside_is_escaped),
		cmocka_unit_test(a_string_is_cut_between_characters_and_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
