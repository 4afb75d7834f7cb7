/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "dump/inspector.h"

#define CHUNK(text)                                                                                \
	"{\"method\":\"HeapProfiler.addHeapSnapshotChunk\",\"params\":{\"chunk\":\"" text "\"}}"
#define DONE "{\"id\":7,\"result\":{}}"

static char body[64];
static size_t body_len;

static int take(void *arg, const void *data, size_t len)
{
	(void)arg;
	for (size_t i = 0; i < len && body_len < sizeof(body) - 1; i++)
		body[body_len++] = ((const char *)data)[i];
	body[body_len] = '\0';
	return 0;
}

/* As a server frames it: whole, or cut in the middle. */
static size_t frame(const char *text, bool cut, uint8_t *out)
{
	size_t n = strlen(text), first = cut ? n / 2 : n, len = 0;

	for (unsigned part = 0; part < 1u + cut; part++) {
		size_t m = part ? n - first : first;

		out[len++] = (uint8_t)((part ? 0 : 1) | (part == cut ? 0x80 : 0));
		if (m < 126) {
			out[len++] = (uint8_t)m;
		} else {
			out[len++] = 126;
			out[len++] = (uint8_t)(m >> 8);
			out[len++] = (uint8_t)m;
		}
		memcpy(out + len, text + (part ? first : 0), m);
		len += m;
	}
	return len;
}

static void messages_are_read(void **state)
{
	static const struct {
		const char *messages[3];
		int expected;
		bool replied, failed;
		const char *body;
	} cases[] = {
		{ { DONE }, 0, true, false, "" },
		{ { CHUNK("abc"), DONE }, 0, true, false, "abc" },
		{ { CHUNK("{\\\"a\\\":\\\\1\\n"), CHUNK("}"), DONE }, 0, true, false,
			"{\"a\":\\1\n}" },
		{ { CHUNK("\\u00e4\\u20AC\\ud83d\\ude00"), DONE }, 0, true, false,
			"\303\244\342\202\254\360\237\230\200" },
		{ { CHUNK("\\ud83dx\\ude00"), DONE }, 0, true, false, "\357\277\275x\357\277\275" },
		{ { "{\"method\":\"Other.event\",\"params\":{\"id\":7}}", DONE }, 0, true, false,
			"" },
		{ { "{\"id\":6,\"result\":{}}" }, 0, false, false, "" },
		{ { "{\"id\":7,\"error\":{\"code\":-32601}}" }, 0, true, true, "" },
		{ { CHUNK("\\x") }, -EBADMSG, false, false, "" },
		{ { CHUNK("\\u00g0") }, -EBADMSG, false, false, "" },
		{ { "{\"method\":\"HeapProfiler.addHeapSnapshotChunk\",\"params\":{\"chunk\":"
		    "\"ab" },
			-EBADMSG, false, false, "" },
		{ { CHUNK("0123456789012345678901234567890123456789012345678901234567890123456789"
			  "0123456789012345678901234567890123456789"),
			  DONE },
			-EMSGSIZE, false, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (unsigned way = 0; way < 6; way++) {
			static uint8_t data[2048];
			static struct cdp c;
			size_t len = 0, step = way < 2 ? 1 : way < 4 ? 7 : sizeof(data);
			int r = 0;

			for (size_t k = 0; k < 3 && cases[i].messages[k]; k++)
				len += frame(cases[i].messages[k], way % 2, data + len);
			body_len = 0;
			body[0] = '\0';
			cdp_begin(&c, take, NULL, 100, 7);
			for (size_t at = 0; at < len && r == 0; at += step)
				r = cdp_feed(&c, data + at, MIN_OF(step, len - at));
			if (r != cases[i].expected || c.replied != cases[i].replied ||
				c.failed != cases[i].failed ||
				(r == 0 && c.replied && strcmp(body, cases[i].body) != 0))
				fail_msg("case %zu, way %u: %d, \"%s\"", i, way, r, body);
		}
}

static void other_protocols_are_refused(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} cases[] = {
		{ "HTTP/1.1 400 Bad Request\r\n", 26 },
		{ "\x81\x82\0\0\0\0ab", 8 }, /* masked */
		{ "\x88\0", 2 },	     /* closed */
		{ "\xc1\x02xx", 4 },	     /* compressed */
		{ "\x83\x02xx", 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static struct cdp c;

		cdp_begin(&c, take, NULL, 100, 1);
		if (cdp_feed(&c, cases[i].data, cases[i].len) != -EBADMSG)
			fail_msg("case %zu is taken", i);
	}
}

static void ports_are_told_by_words(void **state)
{
	static const struct {
		const char *words;
		size_t len;
		unsigned port;
	} cases[] = {
#define CASE(text, port) { text, sizeof(text) - 1, port }
		CASE("node\0app.js", 0),
		CASE("node\0--inspect\0app.js", 9229),
		CASE("node\0--inspect=1234\0app.js", 1234),
		CASE("node\0--inspect=127.0.0.1:1234", 1234),
		CASE("node\0--inspect=[::1]:1234", 1234),
		CASE("node\0--inspect=127.0.0.1", 9229),
		CASE("node\0--inspect-brk=99\0x", 99),
		CASE("--max-old-space-size=5 --inspect-wait", 9229),
		CASE("node\0--inspector-is-mine=5", 0),
		CASE("node\0--inspect=99999", 9229),
		CASE("--inspec", 0),
		CASE("", 0),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (inspector_parse_port(cases[i].words, cases[i].len) != cases[i].port)
			fail_msg("case %zu: %u", i,
				inspector_parse_port(cases[i].words, cases[i].len));
}

static void targets_are_told_by_their_list(void **state)
{
	static const struct {
		const char *json, *path;
	} cases[] = {
		{ "[ {\n  \"webSocketDebuggerUrl\": \"ws://127.0.0.1:9229/1b-2c\"\n} ]", "/1b-2c" },
		{ "[{\"webSocketDebuggerUrl\":\"ws://h/a\\r\\nX: y\"}]", NULL },
		{ "[{\"webSocketDebuggerUrl\":\"ws://h/a b\"}]", NULL },
		{ "[{\"webSocketDebuggerUrl\":\"http://h/a\"}]", NULL },
		{ "[{\"webSocketDebuggerUrl\":\"ws://h", NULL },
		{ "[]", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char path[INSPECTOR_PATH_MAX] = "";
		int r = inspector_parse_list(cases[i].json, path);

		if ((r == 0) != (cases[i].path != NULL))
			fail_msg("case %zu: %d", i, r);
		if (r == 0)
			assert_string_equal(path, cases[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(other_protocols_are_refused),
		cmocka_unit_test(ports_are_told_by_words),
		cmocka_unit_test(targets_are_told_by_their_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
