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
#include "http/probe.h"

static void what_the_first_bytes_of_an_answer_say(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\n", 200 },
		{ "HTTP/1.0 503 no", 503 },
		{ "HTTP/1.1 204", 204 },
		{ "HTTP/1.1 20", 0 },
		{ "HTT", 0 },
		{ "", 0 },
		{ "HTTP/2.0 200 OK", -1 },
		{ "HTTP/1.1 2x0 OK", -1 },
		{ "HTTP/1.1 000 OK", -1 },
		{ "HTTP/1.1-200 OK", -1 },
		{ "SSH-2.0-OpenSSH", -1 },
		{ "X", -1 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		int status = probe_parse_status(cases[i].text, strlen(cases[i].text));

		if (status != cases[i].status)
			fail_msg("%s: %d", cases[i].text, status);
	}
}

static void told(void *arg, bool alive, const char *why)
{
	(void)arg;
	(void)alive;
	(void)why;
}

static void which_URLs_can_be_asked(void **state)
{
	static const struct {
		const char *url;
		int result;
		bool set;
		const char *head; /* of the question */
	} cases[] = {
		{ "", 0, false, "" },
		{ "http://127.0.0.1:8080/healthz", 0, true,
			"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" },
		{ "http://localhost:8080", 0, true, "GET / HTTP/1.1\r\nHost: localhost:8080\r\n" },
		{ "http://localhost/a?b=c#d", 0, true,
			"GET /a?b=c HTTP/1.1\r\nHost: localhost\r\n" },
		{ "http://[::1]:81/x", 0, true, "GET /x HTTP/1.1\r\nHost: [::1]:81\r\n" },
		{ "http://127.0.0.1?q", 0, true, "GET /?q HTTP/1.1\r\nHost: 127.0.0.1\r\n" },
		{ "http://app:8080/healthz", -EINVAL, false, NULL },
		{ "http://localhosts:8080/", -EINVAL, false, NULL },
		{ "https://127.0.0.1/", -EINVAL, false, NULL },
		{ "http://", -EINVAL, false, NULL },
		{ "http:///x", -EINVAL, false, NULL },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct probe p;
		int r = probe_begin(&p, NULL, cases[i].url, told, NULL);

		if (r != cases[i].result)
			fail_msg("%s: %d", cases[i].url, r);
		assert_int_equal(probe_is_set(&p), cases[i].set);
		if (cases[i].head)
			assert_memory_equal(p.request, cases[i].head, strlen(cases[i].head));
		probe_end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_first_bytes_of_an_answer_say),
		cmocka_unit_test(which_URLs_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
