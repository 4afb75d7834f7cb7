/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "http/request.h"

static void what_is_taken_and_what_refused(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *path, *accept;
		bool head;
	} cases[] = {
		{ "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200, "/metrics", "", false },
		{ "HEAD /livez HTTP/1.0\r\n\r\n", 200, "/livez", "", true },
		{ "\r\n\nGET / HTTP/1.1\n\n", 200, "/", "", false },
		{ "GET /readyz?verbose=1 HTTP/1.1\r\n\r\n", 200, "/readyz", "", false },
		{ "GET /m HTTP/1.1\r\naCCept: text/plain\r\nX-Accept: no\r\n\r\n", 200, "/m",
			" text/plain", false },
		{ "GET /m HTTP/1.1\r\nAccept: a\r\nAccept: b\r\n\r\nAccept: c", 200, "/m", " a",
			false },
		{ "GET /0123456789012345678901234567890123456789012345678901234567890123456789 "
		  "HTTP/1.1\r\n\r\n",
			200, "", "", false },
		{ "GET /metrics HTTP/1.1\r\nHost: x\r\n", 0, "", "", false },
		{ "", 0, "", "", false },
		{ "G", 0, "", "", false },
		{ "POST /metrics HTTP/1.1\r\n\r\n", 405, "", "", false },
		{ "get / HTTP/1.1\r\n\r\n", 405, "", "", false },
		{ "GETX / HTTP/1.1\r\n\r\n", 405, "", "", false },
		{ "GET / HTTP/2.0\r\n\r\n", 505, "", "", false },
		{ "GET /\r\n\r\n", 400, "", "", false },
		{ "GET  / HTTP/1.1\r\n\r\n", 400, "", "", false },
		{ "GET http://x/ HTTP/1.1\r\n\r\n", 400, "", "", false },
		{ "GET / HTTP/1.1 x\r\n\r\n", 400, "", "", false },
		{ " / HTTP/1.1\r\n\r\n", 400, "", "", false },
		{ "\x16\x03\x01 hello\n\n", 400, "", "", false },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct request r = { .path = "", .accept = "" };
		int status = request_parse(cases[i].text, strlen(cases[i].text), &r);

		if (status != cases[i].status)
			fail_msg("%s: %d", cases[i].text, status);
		assert_string_equal(r.path, cases[i].path);
		assert_string_equal(r.accept, cases[i].accept);
		assert_int_equal(r.head, cases[i].head);
	}
}

static void a_NUL_is_no_part_of_a_head(void **state)
{
	static const char text[] = "GET /metrics\0/x HTTP/1.1\r\n\r\n";
	struct request r;

	(void)state;
	assert_int_equal(request_parse(text, sizeof(text) - 1, &r), 400);
}

static void a_head_that_comes_in_pieces_is_waited_for(void **state)
{
	static const char text[] = "GET /metrics HTTP/1.1\r\nAccept: */*\r\n\r\n";
	struct request r;

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(request_parse(text, len, &r), 0);
	assert_int_equal(request_parse(text, sizeof(text) - 1, &r), 200);
}

static void an_Accept_of_any_length_fits(void **state)
{
	char text[2048];
	struct request r;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET / HTTP/1.1\r\nAccept:", 23);
	memcpy(text + sizeof(text) - 4, "\r\n\r\n", 4);
	assert_int_equal(request_parse(text, sizeof(text), &r), 200);
	assert_int_equal(strlen(r.accept), REQUEST_ACCEPT_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_and_what_refused),
		cmocka_unit_test(a_NUL_is_no_part_of_a_head),
		cmocka_unit_test(a_head_that_comes_in_pieces_is_waited_for),
		cmocka_unit_test(an_Accept_of_any_length_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
