/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "wire.h"

static void what_is_a_request(void **state)
{
	static const struct {
		const char *line;
		int result;
		enum wire_command command;
	} cases[] = {
		{ "{\"command\":\"status\"}", 0, WIRE_STATUS },
		{ "{\"command\":\"dump\"}", 0, WIRE_DUMP },
		{ "{\"command\":\"snapshot\"}", 0, WIRE_SNAPSHOT },
		{ "{\"command\":\"drain\"}", 0, WIRE_DRAIN },
		{ "{\"command\":\"restart\"}", 0, WIRE_RESTART },
		{ " { \"command\" :\t\"reload\" } \r", 0, WIRE_RELOAD },
		{ "{\"later\":\"x\",\"command\":\"dump\",\"more\":\"\"}", 0, WIRE_DUMP },
		{ "{\"command\":\"explode\"}", -ENOENT, 0 },
		{ "{\"command\":\"\"}", -ENOENT, 0 },
		{ "{\"command\":\"dum\"}", -ENOENT, 0 },
		{ "{\"command\":\"dumps\"}", -ENOENT, 0 },
		{ "", -EBADMSG, 0 },
		{ "{}", -EBADMSG, 0 },
		{ "dump", -EBADMSG, 0 },
		{ "\"dump\"", -EBADMSG, 0 },
		{ "[\"command\",\"dump\"]", -EBADMSG, 0 },
		{ "{\"command\":\"dump\"", -EBADMSG, 0 },
		{ "{\"command\":\"dump\"}}", -EBADMSG, 0 },
		{ "{\"command\":\"dump\"} x", -EBADMSG, 0 },
		{ "{\"command\":\"dump\",}", -EBADMSG, 0 },
		{ "{\"command\":dump}", -EBADMSG, 0 },
		{ "{\"command\":1}", -EBADMSG, 0 },
		{ "{\"command\":[\"dump\"]}", -EBADMSG, 0 },
		{ "{\"command\":\"du\\u006dp\"}", -EBADMSG, 0 },
		{ "{\"command\":\"dump\",\"command\":\"restart\"}", -EBADMSG, 0 },
		{ "{\"comand\":\"dump\"}", -EBADMSG, 0 },
		{ "{\"command\":\"dump", -EBADMSG, 0 },
		{ "\x01\xff\xfe{", -EBADMSG, 0 },
		{ "GET / HTTP/1.1", -EBADMSG, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		enum wire_command command = WIRE_COMMANDS;
		int r = wire_parse_request(cases[i].line, strlen(cases[i].line), &command);

		if (r != cases[i].result)
			fail_msg("%s: %d", cases[i].line, r);
		assert_int_equal(command, r ? WIRE_COMMANDS : cases[i].command);
	}
}

/* Every prefix of a request is none, and nothing behind `len` is looked at. */
static void a_request_is_read_to_its_length(void **state)
{
	static const char line[] = "{\"command\":\"status\"}garbage";
	size_t whole = strlen(line) - strlen("garbage");
	enum wire_command command;

	(void)state;
	for (size_t len = 0; len < whole; len++)
		assert_int_equal(wire_parse_request(line, len, &command), -EBADMSG);
	assert_int_equal(wire_parse_request(line, whole, &command), 0);
	assert_int_equal(wire_parse_request("{\"command\":\"dump\"\0}", 19, &command), -EBADMSG);
}

static void what_is_printed_is_read_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WIRE_COMMANDS; i++) {
		char text[WIRE_REQUEST_MAX];
		struct buf b = BUF_ON(text);
		enum wire_command command;

		buf_reset(&b);
		wire_print_request((enum wire_command)i, &b);
		assert_false(b.truncated);
		assert_int_equal(text[b.len - 1], '\n');
		assert_int_equal(wire_parse_request(text, b.len - 1, &command), 0);
		assert_int_equal(command, i);
	}
}

static void a_reply_is_one_line_whatever_is_said(void **state)
{
	char text[256];
	struct buf b = BUF_ON(text);

	(void)state;
	buf_reset(&b);
	wire_print_reply(false, "a\n\"b\"\x01", NULL, &b);
	assert_string_equal(text, "{\"ok\":false,\"text\":\"a\\n\\\"b\\\"\\u0001\"}\n");
	buf_reset(&b);
	wire_print_reply(true, "", "{\"pid\":1}", &b);
	assert_string_equal(text, "{\"ok\":true,\"text\":\"\",\"status\":{\"pid\":1}}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_request),
		cmocka_unit_test(a_request_is_read_to_its_length),
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(a_reply_is_one_line_whatever_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
