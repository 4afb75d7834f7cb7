/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "dump/hook.h"
#include "dump/jsoncheck.h"
#include "hooks.h"

#define OK	  "oomguard-hook 1 ok\n"
#define WAIT_USEC (400 * USEC_PER_MSEC)

static char top[] = "/tmp/oomguard-hook-XXXXXX";

/* --- answers, byte by byte and at once --- */

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

static int feed(struct hook_reply *reply, const char *data, size_t len, size_t step)
{
	int r = 0;

	body_len = 0;
	body[0] = '\0';
	hook_reply_begin(reply, take, NULL, 1000);
	for (size_t at = 0; at < len && r == 0; at += step)
		r = hook_reply_feed(reply, data + at, MIN_OF(step, len - at));
	return r;
}

static void answers_are_parsed(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		int expected;
		enum hook_state ends;
		const char *body;
	} cases[] = {
#define CASE(text, ...) { text, sizeof(text) - 1, __VA_ARGS__ }
		CASE(OK "\0\0\0\0", 0, HOOK_DONE, ""),
		CASE(OK "\0\0\0\4body\0\0\0\0", 0, HOOK_DONE, "body"),
		CASE(OK "\0\0\0\3bod\0\0\0\1y\0\0\0\0", 0, HOOK_DONE, "body"),
		CASE(OK "\0\0\0\4bod", 0, HOOK_FRAMES, "bod"),
		CASE(OK "\0\0\0\4body\0\0", 0, HOOK_FRAMES, "body"),
		CASE(OK, 0, HOOK_FRAMES, ""),
		CASE("oomguard-hook 1 ok", 0, HOOK_LINE, ""),
		CASE("", 0, HOOK_LINE, ""),
		CASE(OK "\0\0\0\0x", -EBADMSG, HOOK_DONE, ""),
		CASE(OK "\0\0\3\351x", -EMSGSIZE, HOOK_FRAMES, ""),
		CASE(OK "\377\377\377\377", -EMSGSIZE, HOOK_FRAMES, ""),
		CASE("oomguard-hook 1 error no \033[31mroom\n", 0, HOOK_REFUSED, ""),
		CASE("oomguard-hook 1 error no\nmore", -EBADMSG, HOOK_REFUSED, ""),
		CASE("oomguard-hook 2 ok\n\0\0\0\0", -EBADMSG, HOOK_LINE, ""),
		CASE("oomguard-hook 1 ok\r\n\0\0\0\0", -EBADMSG, HOOK_LINE, ""),
		CASE("HTTP/1.0 400 Bad Request\r\n\r\n", -EBADMSG, HOOK_LINE, ""),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t step = 1; step < 100; step += 13) {
			struct hook_reply reply;
			int r = feed(&reply, cases[i].data, cases[i].len, step);

			if (r != cases[i].expected || reply.state != cases[i].ends ||
				strcmp(body, cases[i].body))
				fail_msg("case %zu, step %zu: %d, state %d, \"%s\"", i, step, r,
					(int)reply.state, body);
			if (reply.state == HOOK_REFUSED)
				assert_int_equal(strncmp(reply.line, "no", 2), 0);
			assert_null(strchr(reply.line, '\033'));
		}
}

static void a_line_without_end_is_no_answer(void **state)
{
	static char text[HOOK_WHY_MAX + 10];
	struct hook_reply reply;

	(void)state;
	memset(text, 'o', sizeof(text));
	assert_int_equal(feed(&reply, text, sizeof(text), 7), -EBADMSG);
}

static void variables_are_found(void **state)
{
	static const char block[] = "PATH=/bin\0OOMGUARD_HOOK=x\0OOMGUARD_HOOK_DIR=/run/h\0CUT=1";
	size_t len = sizeof(block) - 1; /* the last one has no end */

	(void)state;
	assert_string_equal(hook_find_variable(block, len, HOOK_DIR_VARIABLE), "/run/h");
	assert_string_equal(hook_find_variable(block, len, "OOMGUARD_HOOK"), "x");
	assert_null(hook_find_variable(block, len, "HOOK_DIR"));
	assert_null(hook_find_variable(block, len, "CUT"));
	assert_null(hook_find_variable(block, len, "PATH=/bin"));
	assert_null(hook_find_variable(block, 0, "PATH"));
}

static void numbers_are_found(void **state)
{
	static const struct {
		const char *text;
		bool found;
		uint64_t value;
	} cases[] = {
		{ "{\"used\":5}", true, 5 },
		{ "{\"used\": 5, \"used\":6}", true, 5 },
		{ "{\"xused\":5}", false, 0 },
		{ "{\"usedx\":5}", false, 0 },
		{ "{\"used\":-5}", false, 0 },
		{ "{\"used\":\"5\"}", false, 0 },
		{ "{\"a\":\"used\",\"used\":7}", true, 7 },
		{ "{\"used\":99999999999999999999999}", false, 0 },
		{ "{\"used", false, 0 },
		{ "used\":5", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t value = 0;
		bool found = hook_find_number(cases[i].text, "used", &value);

		if (found != cases[i].found || value != cases[i].value)
			fail_msg("case %zu: %d, %llu", i, found, (unsigned long long)value);
	}
}

static void whole_objects_are_told_from_others(void **state)
{
	static const struct {
		const char *text;
		bool complete;
	} cases[] = {
		{ "{}", true },
		{ "{\"a\":[1,2,{\"b\":\"}]\\\"{\"}]}\n", true },
		{ "{\"a\":\"\303\244\"}", true },
		{ "{\"a\":[1,2}", false },
		{ "{\"a\":[1,2]", false },
		{ "{\"a\":\"x}", false },
		{ "{\"a\":\"\n\"}", false },
		{ "{}{}", false },
		{ "{}]", false },
		{ "{} x", false },
		{ "[]", false },
		{ " {}", false },
		{ "x{}", false },
		{ "{\303\244}", false },
		{ "1", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t step = 1; step < 30; step += 9) {
			size_t len = strlen(cases[i].text);
			struct jsoncheck c;

			jsoncheck_begin(&c);
			for (size_t at = 0; at < len; at += step)
				jsoncheck_feed(&c, cases[i].text + at, MIN_OF(step, len - at));
			if (jsoncheck_is_complete(&c) != cases[i].complete)
				fail_msg("case %zu, step %zu", i, step);
		}
}

/* What is put into an application is, to the byte, what was written. */
static void sources_are_embedded_as_they_are(void **state)
{
	static const struct {
		const char *source, *file;
	} cases[] = {
		{ "node_hook.js", "node_hook.cjs" },
		{ "python_hook.py", "sitecustomize.py" },
	};
	static char text[64 << 10];
	unsigned n;
	const struct inject_row *rows = hooks_rows(&n);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned k = 0;
		char path[512];

		snprintf(path, sizeof(path), "%s/src/dump/%s",
			getenv("srcdir") ? getenv("srcdir") : ".", cases[i].source);
		if (file_read_text(AT_FDCWD, path, text, sizeof(text)) == -ENOENT)
			skip(); /* not in the source tree */
		while (k < n && (!rows[k].file || strcmp(rows[k].file, cases[i].file) != 0))
			k++;
		assert_true(k < n);
		assert_string_equal(rows[k].content, text);
	}
}

/* --- processes that answer as they like; run again, so that /proc shows their environment --- */

static const struct behaviour {
	const char *name;
	const char *data;
	size_t len;
	bool repeats, waits; /* what it says, for ever; then for ever nothing */
	int expected;
} behaviours[] = {
#define SAYS(name, text, ...)                                                                      \
	{                                                                                          \
		name, text, sizeof(text) - 1, __VA_ARGS__                                          \
	}
	SAYS("honest", OK "\0\0\0\4body\0\0\0\0", false, false, 0),
	SAYS("honest and stays", OK "\0\0\0\4body\0\0\0\0", false, true, 0),
	SAYS("refuses", "oomguard-hook 1 error no\n", false, false, -EOPNOTSUPP),
	SAYS("garbage", "SSH-2.0-OpenSSH_9.2\r\n", false, false, -EBADMSG),
	SAYS("cut", OK "\0\0\0\4bo", false, false, -EBADMSG),
	SAYS("closes", "", false, false, -EBADMSG),
	SAYS("endless line", "x", true, false, -EBADMSG),
	SAYS("endless heads", OK "\0", true, false, -EMSGSIZE),
	SAYS("never", "", false, true, -ETIMEDOUT),
	SAYS("half", OK "\0\0\0\4bo", false, true, -ETIMEDOUT),
	SAYS("endless", OK, true, true, -EMSGSIZE),
	SAYS("trickles", OK, false, true, -ETIMEDOUT),
#undef SAYS
};

static int listen_at(pid_t pid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%d.sock",
		getenv(HOOK_DIR_VARIABLE) ? getenv(HOOK_DIR_VARIABLE) : top, (int)pid);
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 5) < 0)
		return -errno;
	return fd;
}

static void say(const struct behaviour *b, int peer)
{
	static const char endless[] = "\0\0\0\1x";

	if (b->len && write(peer, b->data, b->len) < 0)
		return;
	while (b->repeats)
		if (write(peer, b->waits ? endless : b->data, b->waits ? 5 : b->len) < 0)
			return;
	while (!strcmp(b->name, "trickles")) {
		if (write(peer, endless, 5) < 0)
			return;
		usleep(20000);
	}
	while (b->waits)
		pause();
}

static int serve(const struct behaviour *b, const char *ready)
{
	int fd = listen_at(getpid());

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	if (fd < 0)
		return 1;
	(void)!write(atoi(ready), "", 1);
	for (;;) {
		int peer = accept(fd, NULL, NULL);
		char request[64];

		(void)!read(peer, request, sizeof(request));
		say(b, peer);
		close(peer);
	}
}

static pid_t server;

static void start(const struct behaviour *b)
{
	char variable[64], number[16], index[16], byte;
	int ready[2];

	assert_int_equal(pipe(ready), 0);
	snprintf(variable, sizeof(variable), HOOK_DIR_VARIABLE "=%s", top);
	snprintf(number, sizeof(number), "%d", ready[1]);
	snprintf(index, sizeof(index), "%d", (int)(b - behaviours));
	server = fork();
	if (server == 0) {
		char *argv[] = { index, index, number, NULL };
		char *env[] = { variable, NULL };

		execve("/proc/self/exe", argv, env);
		_exit(99);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
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

static bool by_path;

static int ask(char why[HOOK_WHY_MAX])
{
	struct hook_ask question = {
		.pid = server,
		.dir = by_path ? top : NULL,
		.request = "stats",
		.until_usec = clock_now_usec() + WAIT_USEC,
		.max_bytes = !strcmp(why, "small") ? 3 : 1000,
		.each = take,
	};

	body_len = 0;
	return hook_ask(&question, why);
}

static void answers_of_any_kind_are_survived(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(behaviours); i++) {
		char why[HOOK_WHY_MAX] = "";
		uint64_t begun = clock_now_usec();
		int r;

		start(&behaviours[i]);
		by_path = i % 2;
		r = ask(why);
		if (r == -ECONNRESET)
			r = -EBADMSG; /* it closes while something is unread */
		if (r != behaviours[i].expected)
			fail_msg("%s: %d (%s)", behaviours[i].name, r, why);
		assert_int_equal(why[0] != '\0', r != 0);
		assert_true(clock_now_usec() - begun < 20 * USEC_PER_SEC);
		if (r == 0)
			assert_string_equal(body, "body");
		stop(state);
	}
}

static void limits_and_states_hold(void **state)
{
	char why[HOOK_WHY_MAX] = "small";

	start(&behaviours[0]);
	assert_int_equal(ask(why), -EMSGSIZE);
	kill(server, SIGSTOP);
	waitpid(server, NULL, WUNTRACED);
	assert_int_equal(ask(why), -EBUSY);
	kill(server, SIGCONT);
	stop(state);
	by_path = false;
	server = getpid(); /* has no such variable */
	assert_int_equal(ask(why), -ENOENT);
	server = 0;
}

static void sockets_of_others_are_not_used(void **state)
{
	char why[HOOK_WHY_MAX] = "", path[64], away[64];
	int fd;

	start(&behaviours[0]);
	snprintf(path, sizeof(path), "%s/%d.sock", top, (int)server);
	snprintf(away, sizeof(away), "%s/away", top);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(ask(why), -ENOENT);
	assert_int_equal(symlink(away, path), 0); /* even to its own */
	assert_int_equal(ask(why), -EPERM);
	unlink(path);
	fd = listen_at(server); /* ours, under its name */
	assert_true(fd >= 0);
	assert_int_equal(ask(why), -EPERM);
	assert_non_null(strstr(why, "somebody else"));
	close(fd);
	assert_int_equal(ask(why), -ENOENT); /* nobody listens any more */
	unlink(path);
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(ask(why), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(ask(why), -EPERM);
	}
	stop(state);
}

static int make_top(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_teardown(name, stop)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_parsed),
		cmocka_unit_test(a_line_without_end_is_no_answer),
		cmocka_unit_test(variables_are_found),
		cmocka_unit_test(numbers_are_found),
		cmocka_unit_test(whole_objects_are_told_from_others),
		cmocka_unit_test(sources_are_embedded_as_they_are),
		CASE(answers_of_any_kind_are_survived),
		CASE(limits_and_states_hold),
		CASE(sockets_of_others_are_not_used),
	};

	if (argc == 3)
		return serve(&behaviours[atoi(argv[1])], argv[2]);
	return cmocka_run_group_tests(tests, make_top, remove_top);
}
