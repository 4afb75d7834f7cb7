/* SPDX-License-Identifier: Apache-2.0 */
/* What php-fpm answers, and what its files and its title say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dump/fcgi.h"
#include "dump/fpm.h"
#include "dump/kinds.h"
#include "dump/listeners.h"

#define REC(type, len, pad) "\1" type "\0\1\0" len pad "\0"

static char out[64];

static int feed(const char *data, size_t len, size_t step, bool *ended)
{
	struct fcgi_reply r;
	int e = 0;

	fcgi_reply_begin(&r, out, sizeof(out));
	for (size_t at = 0; at < len && e == 0; at += step)
		e = fcgi_reply_feed(&r, data + at, MIN_OF(step, len - at));
	*ended = r.ended;
	return e;
}

static void answers_are_put_together(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		int expected;
		bool ended;
		const char *text;
	} cases[] = {
#define CASE(text, ...) { text, sizeof(text) - 1, __VA_ARGS__ }
		CASE("", 0, false, ""),
		CASE(REC("\6", "\5", "\3") "hellopad" REC("\3", "\10", "\0") "\0\0\0\0\0\0\0\0", 0,
			true, "hello"),
		CASE(REC("\6", "\2", "\0") "he" REC("\7", "\3", "\0") "err" REC(
			     "\6", "\3", "\0") "llo" REC("\6", "\0", "\0") REC("\3", "\0", "\0"),
			0, true, "hello"),
		CASE(REC("\6", "\5", "\0") "hel", 0, false, "hel"),
		CASE(REC("\3", "\0", "\0") "more", -EBADMSG, true, ""),
		CASE("HTTP/1.0 200 OK", -EBADMSG, false, ""),
		CASE(REC("\4", "\0", "\0"), -EBADMSG, false, ""),
		CASE(REC("\6", "\100", "\0") "01234567890123456789012345678901234567890123456789012"
					     "34567890123",
			-EMSGSIZE, false, ""),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t step = 1; step < 100; step *= 3) {
			bool ended;
			int e = feed(cases[i].data, cases[i].len, step, &ended);

			if (e != cases[i].expected || ended != cases[i].ended ||
				(e == 0 && strcmp(out, cases[i].text)))
				fail_msg("case %zu, step %zu: %d, %s", i, step, e, out);
		}
}

static void a_body_is_one_of_200(void **state)
{
	(void)state;
	assert_string_equal(fcgi_find_body("A: b\r\n\r\n{}"), "{}");
	assert_string_equal(fcgi_find_body("Status: 200 OK\r\nA: b\r\n\r\n{}"), "{}");
	assert_string_equal(fcgi_find_body("A: b\r\n\r\nStatus: 404"), "Status: 404");
	assert_null(fcgi_find_body("Status: 404 Not Found\r\n\r\nno"));
	assert_null(fcgi_find_body("A: b\r\n"));
}

static void a_request_is_as_long_as_it_says(void **state)
{
	uint8_t request[FCGI_REQUEST_MAX];
	char longest[200];
	int n = fcgi_print_request("/status", "json&full", request);

	(void)state;
	assert_true(n > 40);
	assert_int_equal(request[1], 1);
	assert_int_equal(request[17], 4);
	assert_int_equal(24 + (request[20] << 8 | request[21]) + 16, n);
	assert_int_equal(request[n - 7], 5);
	memset(longest, 'x', sizeof(longest));
	longest[127] = '\0';
	assert_true(fcgi_print_request(longest, longest, request) > 300);
	longest[127] = 'x';
	longest[128] = '\0';
	assert_int_equal(fcgi_print_request(longest, "", request), -ENAMETOOLONG);
}

static void files_and_titles_are_read(void **state)
{
	char text[16];

	(void)state;
	assert_true(fpm_parse_title("php-fpm: master process (/etc/x.conf)", text, sizeof(text)));
	assert_string_equal(text, "/etc/x.conf");
	assert_false(fpm_parse_title("php-fpm: master process (/etc/a/much/longer)", text, 16));
	assert_false(fpm_parse_title("php-fpm: master process (x.conf)", text, sizeof(text)));
	assert_false(fpm_parse_title("php-fpm: master process (/x.conf", text, sizeof(text)));
	assert_false(fpm_parse_title("php-fpm: pool www", text, sizeof(text)));
	assert_true(fpm_parse_line("  pm.status_path=\"/s\" ; c\n", "pm.status_path", text, 16));
	assert_string_equal(text, "/s");
	assert_true(fpm_parse_line("include = /a/*.conf\n", "include", text, sizeof(text)));
	assert_string_equal(text, "/a/*.conf");
	assert_false(fpm_parse_line(";pm.status_path = /s", "pm.status_path", text, 16));
	assert_false(fpm_parse_line("pm.status_path_x = /s", "pm.status_path", text, 16));
	assert_false(fpm_parse_line("pm.status_path =", "pm.status_path", text, 16));
	assert_false(
		fpm_parse_line("pm.status_path = /0123456789012345", "pm.status_path", text, 16));
}

static void unix_sockets_that_listen_are_read(void **state)
{
	static const struct {
		const char *row, *path;
	} cases[] = {
		{ "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/fpm.sock\n",
			"/run/fpm.sock" },
		{ "ffff9a0000000000: 00000003 00000000 00000000 0001 03 12345 /run/fpm.sock\n",
			NULL },
		{ "0000000000000000: 00000002 00000000 00010000 0001 01 12345 @abstract\n", NULL },
		{ "0000000000000000: 00000002 00000000 00010000 0001 01 12345\n", NULL },
		{ "Num       RefCount Protocol Flags    Type St Inode Path\n", NULL },
		{ "", NULL },
	};
	char path[LISTENERS_PATH_MAX];
	uint64_t inode;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool is = listeners_parse_unix(cases[i].row, &inode, path);

		if (is != (cases[i].path != NULL))
			fail_msg("case %zu", i);
		if (is) {
			assert_string_equal(path, cases[i].path);
			assert_int_equal(inode, 12345);
		}
	}
}

/* This test is no PHP, and no master either. */
static void others_are_left_alone(void **state)
{
	struct dump_request req = { .pid = getpid(), .comm = "test", .incident_dirfd = -1 };
	struct fpm_paths paths;
	struct dump_result res;

	(void)state;
	assert_int_equal(dump_php(&req, &res), -ENOEXEC);
	assert_int_equal(fpm_find_status(getpid(), &paths), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_put_together),
		cmocka_unit_test(a_body_is_one_of_200),
		cmocka_unit_test(a_request_is_as_long_as_it_says),
		cmocka_unit_test(files_and_titles_are_read),
		cmocka_unit_test(unix_sockets_that_listen_are_read),
		cmocka_unit_test(others_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
