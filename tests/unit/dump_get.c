/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/get.h"
#include "dump/gzcheck.h"
#include "dump/listeners.h"

#define WAIT_USEC (400 * USEC_PER_MSEC)

enum behaviour { ANSWERS, ENDLESS, NEVER };

static pid_t server;
static struct sockaddr_in address;
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

static int listen_somewhere(void)
{
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address = (struct sockaddr_in){ .sin_family = AF_INET };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return fd;
}

static void start(enum behaviour how, const char *reply, size_t len)
{
	int fd = listen_somewhere();

	server = fork();
	if (server) {
		close(fd);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int peer = accept(fd, NULL, NULL);
		char request[256];

		(void)!read(peer, request, sizeof(request));
		if (how == NEVER)
			pause();
		do
			if (write(peer, reply, len) < 0)
				break;
		while (how == ENDLESS);
		close(peer);
	}
}

static int stop(void **state)
{
	(void)state;
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	server = 0;
	return 0;
}

static int ask(uint64_t max_bytes, int *status)
{
	struct get get = { .address = (struct sockaddr *)&address,
		.address_len = sizeof(address),
		.path = "/x",
		.pidfd = -1,
		.until_usec = clock_now_usec() + WAIT_USEC,
		.max_bytes = max_bytes,
		.each = take };

	body_len = 0;
	body[0] = '\0';
	return get_body(&get, status);
}

#define OK "HTTP/1.0 200 OK\r\n"

static void answers_are_taken_with_care(void **state)
{
	static char zeroes[20000];
	static const struct {
		enum behaviour how;
		const char *reply;
		size_t len;
		int expected, status;
		const char *body;
	} cases[] = {
#define CASE(how, text, ...) { how, text, sizeof(text) - 1, __VA_ARGS__ }
		CASE(ANSWERS, OK "\r\nbody", 0, 200, "body"),
		CASE(ANSWERS, OK "content-LENGTH: 4\r\n\r\nbody", 0, 200, "body"),
		CASE(ANSWERS, OK "Content-Length: 0\r\n\r\n", 0, 200, ""),
		CASE(ANSWERS, "HTTP/1.1 404 Not Found\r\n\r\nno", -ENOENT, 404, ""),
		CASE(ANSWERS, "HTTP/1.1 302 Found\r\nLocation: http://evil/\r\n\r\n", -ENOENT, 302,
			""),
		CASE(ANSWERS, OK "Content-Length: 5\r\n\r\nbody", -EBADMSG, 200, NULL),
		CASE(ANSWERS, OK "Content-Length: -1\r\n\r\nbody", -EBADMSG, 0, NULL),
		CASE(ANSWERS, OK "Content-Length: 99999999999999999999\r\n\r\n", -EBADMSG, 0, NULL),
		CASE(ANSWERS, OK "Content-Length: 9999999\r\n\r\n", -EMSGSIZE, 200, NULL),
		CASE(ANSWERS, OK "Transfer-Encoding: chunked\r\n\r\n4\r\nbody", -EBADMSG, 0, NULL),
		CASE(ANSWERS, OK "no end of the head", -EBADMSG, 0, NULL),
		CASE(ANSWERS, "SSH-2.0-OpenSSH_9.2\r\n", -EBADMSG, 0, NULL),
		CASE(ANSWERS, "", -EBADMSG, 0, NULL),
		CASE(ENDLESS, OK "\r\n", -EMSGSIZE, 200, NULL),
		CASE(ENDLESS, "x", -EBADMSG, 0, NULL),
		CASE(NEVER, "", -ETIMEDOUT, 0, NULL),
#undef CASE
		{ ANSWERS, zeroes, sizeof(zeroes), -EBADMSG, 0, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int status, r;

		start(cases[i].how, cases[i].reply, cases[i].len);
		r = ask(1000000, &status);
		if (r == -ECONNRESET)
			r = -EBADMSG; /* it closes while something is unread */
		if (r != cases[i].expected || status != cases[i].status)
			fail_msg("case %zu: %d, status %d", i, r, status);
		if (cases[i].body)
			assert_string_equal(body, cases[i].body);
		stop(state);
	}
}

static void nobody_there(void **state)
{
	int fd = listen_somewhere(), status;

	(void)state;
	close(fd);
	assert_int_equal(ask(10, &status), -ECONNREFUSED);
}

static void rows_of_listening_sockets_are_read(void **state)
{
	static const struct {
		const char *row, *address;
		uint16_t port;
		uint64_t inode;
	} cases[] = {
		{ "   0: 0100007F:17AD 00000000:0000 0A 00000000:00000000 00:00000000 00000000  "
		  "1000"
		  "        0 12345 1 0000000000000000 100 0 0 10 0",
			"127.0.0.1", 6061, 12345 },
		{ "   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     "
		  "0"
		  "        0 7 1 0000000000000000",
			"127.0.0.1", 80, 7 },
		{ "   0: 00000000000000000000000000000000:0050 "
		  "00000000000000000000000000000000:0000 "
		  "0A 00000000:00000000 00:00000000 00000000     0        0 8 1 0",
			"127.0.0.1", 80, 8 },
		{ "   0: 00000000000000000000000001000000:0050 "
		  "00000000000000000000000000000000:0000 "
		  "0A 00000000:00000000 00:00000000 00000000     0        0 9 1 0",
			"::1", 80, 9 },
		/* connected, not listening */
		{ "   2: 0100007F:17AD 0100007F:9999 01 00000000:00000000 00:00000000 00000000  "
		  "1000"
		  "        0 12346 1 0",
			NULL, 0, 0 },
		{ "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		  "uid",
			NULL, 0, 0 },
		{ "   0: 01007F:17AD 00000000:0000 0A 0:0 0:0 0 0 0 1", NULL, 0, 0 },
		{ "", NULL, 0, 0 },
		{ "garbage", NULL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct listener l;
		char text[INET6_ADDRSTRLEN];
		bool v4;

		if (!listeners_parse_row(cases[i].row, &l)) {
			if (cases[i].address)
				fail_msg("case %zu is not taken", i);
			continue;
		}
		if (!cases[i].address)
			fail_msg("case %zu is taken", i);
		v4 = l.address.any.sa_family == AF_INET;
		inet_ntop(l.address.any.sa_family,
			v4 ? (void *)&l.address.v4.sin_addr : (void *)&l.address.v6.sin6_addr, text,
			sizeof(text));
		assert_string_equal(text, cases[i].address);
		assert_int_equal(
			ntohs(v4 ? l.address.v4.sin_port : l.address.v6.sin6_port), cases[i].port);
		assert_int_equal(l.inode, cases[i].inode);
	}
}

/* Our own port, and none of what others listen on. */
static void own_sockets_are_found(void **state)
{
	struct listener list[LISTENERS_MAX];
	int fd = listen_somewhere(), n = listeners_find(getpid(), list);

	(void)state;
	assert_int_equal(n, 1);
	assert_int_equal(list[0].address.v4.sin_port, address.sin_port);
	assert_int_equal(list[0].address.v4.sin_addr.s_addr, address.sin_addr.s_addr);
	close(fd);
	assert_int_equal(listeners_find(getpid(), list), 0);
	assert_int_equal(listeners_enter_network(getpid()), 0);
}

static bool is_whole(const uint8_t *data, size_t len, size_t step)
{
	struct gzcheck c;
	bool whole;

	assert_int_equal(gzcheck_begin(&c), 0);
	for (size_t at = 0; at < len; at += step)
		gzcheck_feed(&c, data + at, MIN_OF(step, len - at));
	whole = gzcheck_is_complete(&c);
	gzcheck_end(&c);
	return whole;
}

static void whole_gzip_is_told_from_others(void **state)
{
	static uint8_t plain[50000], packed[60000];
	z_stream z = { .next_in = plain,
		.avail_in = sizeof(plain),
		.next_out = packed,
		.avail_out = sizeof(packed) };
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * i >> 5);
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	len = z.total_out;
	deflateEnd(&z);
	for (size_t step = 1; step < 70000; step *= 7) {
		assert_true(is_whole(packed, len, step));
		assert_false(is_whole(packed, len - 1, step));
		assert_false(is_whole(packed, len / 2, step));
		assert_false(is_whole(packed, len + 1, step));
		assert_false(is_whole(packed, 0, step));
		packed[len - 6] ^= 1; /* its check sum */
		assert_false(is_whole(packed, len, step));
		packed[len - 6] ^= 1;
	}
	assert_false(is_whole(plain, sizeof(plain), 100));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, stop)
	const struct CMUnitTest tests[] = {
		CASE(answers_are_taken_with_care),
		CASE(nobody_there),
		CASE(rows_of_listening_sockets_are_read),
		CASE(own_sockets_are_found),
		CASE(whole_gzip_is_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
