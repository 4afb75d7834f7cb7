/* SPDX-License-Identifier: Apache-2.0 */
/* The attach protocol against a server that is no HotSpot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
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
#include "base/units.h"
#include "dump/attach.h"

#define WAIT_USEC (400 * USEC_PER_MSEC)

enum behaviour { ANSWERS, ENDLESS, NEVER, CLOSES };

static pid_t vm;
static char socket_path[64], other_path[64];

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 5) < 0)
		return -1;
	return fd;
}

static void __attribute__((noreturn))
serve(enum behaviour how, const char *reply, size_t len, int ready)
{
	int fd = listen_at(socket_path);

	signal(SIGPIPE, SIG_IGN);
	(void)!write(ready, "x", 1);
	for (;;) {
		int peer = accept(fd, NULL, NULL);
		char request[64];

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

static void name_paths(pid_t pid)
{
	snprintf(socket_path, sizeof(socket_path), "/tmp/.java_pid%d", (int)pid);
	snprintf(other_path, sizeof(other_path), "/tmp/.attach-test-%d", (int)pid);
}

static void start(enum behaviour how, const char *reply, size_t len)
{
	int pair[2];
	char byte;

	assert_int_equal(pipe(pair), 0);
	vm = fork();
	if (!vm) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		name_paths(getpid());
		serve(how, reply, len, pair[1]);
	}
	name_paths(vm);
	assert_int_equal(read(pair[0], &byte, 1), 1);
	close(pair[0]);
	close(pair[1]);
}

static void take_signal(int sig)
{
	(void)sig;
}

static void start_idle(void)
{
	vm = fork();
	if (!vm) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	name_paths(vm);
}

static int stop(void **state)
{
	(void)state;
	if (vm > 0) {
		kill(vm, SIGKILL);
		waitpid(vm, NULL, 0);
		unlink(socket_path);
		unlink(other_path);
	}
	vm = 0;
	return 0;
}

static int ask(char text[ATTACH_TEXT_MAX], char why[ATTACH_WHY_MAX])
{
	struct attach a;
	int r = attach_open(vm, clock_now_usec() + WAIT_USEC, &a);

	text[0] = '\0';
	if (r == 0)
		r = attach_ask(&a, "jcmd", "VM.version", NULL, text);
	strcpy(why, a.why);
	attach_close(&a);
	return r;
}

static void replies_are_taken_with_care(void **state)
{
	static char zeroes[5000];
	static const struct {
		enum behaviour how;
		const char *reply;
		size_t len;
		int expected;
		const char *text;
	} cases[] = {
		{ ANSWERS, "0\nall is well\n", 14, 0, "all is well\n" },
		{ ANSWERS, "0\n", 2, 0, "" },
		{ ANSWERS, "100\nno such command\n", 20, -EIO, NULL },
		{ ANSWERS, "-1\nOperation not recognized!", 28, -EIO, NULL },
		{ ANSWERS, "HTTP/1.1 200 OK\n", 16, -EBADMSG, NULL },
		{ ANSWERS, "\n", 1, -EBADMSG, NULL },
		{ ANSWERS, "0", 1, -EBADMSG, NULL },
		{ ANSWERS, "000000000000000000000000\n", 25, -EBADMSG, NULL },
		{ ANSWERS, zeroes, sizeof(zeroes), -EBADMSG, NULL },
		{ CLOSES, "", 0, -EBADMSG, NULL },
		{ NEVER, "", 0, -ETIMEDOUT, NULL },
	};
	char text[ATTACH_TEXT_MAX], why[ATTACH_WHY_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r;

		start(cases[i].how, cases[i].reply, cases[i].len);
		r = ask(text, why);
		if (r != cases[i].expected)
			fail_msg("case %zu: %d (%s), not %d", i, r, why, cases[i].expected);
		if (cases[i].text)
			assert_string_equal(text, cases[i].text);
		if (r < 0)
			assert_true(why[0] != '\0');
		stop(state);
	}
}

static void endless_reply_ends_at_a_limit(void **state)
{
	char text[ATTACH_TEXT_MAX], why[ATTACH_WHY_MAX];
	int r;

	(void)state;
	start(ENDLESS, "0\n", 2);
	r = ask(text, why);
	assert_true(r == -EMSGSIZE || r == -ETIMEDOUT);
	assert_true(strlen(text) < ATTACH_TEXT_MAX);
}

static void what_is_no_socket_of_the_process_is_refused(void **state)
{
	char text[ATTACH_TEXT_MAX], why[ATTACH_WHY_MAX];
	struct stat st;
	int fd;

	start_idle();
	/* a file, a symlink, a socket of somebody else (of us, here) */
	for (int i = 0; i < 3; i++) {
		fd = -1;
		if (i == 0)
			fclose(fopen(socket_path, "w"));
		else if (i == 1)
			assert_int_equal(symlink("/run/nothing", socket_path), 0);
		else
			fd = listen_at(socket_path);
		assert_int_equal(ask(text, why), -EPERM);
		assert_non_null(strstr(why, "is not the socket of this process"));
		assert_int_equal(lstat(socket_path, &st), 0);
		unlink(socket_path);
		cleanup_close(&fd);
	}
	(void)state;
}

/* Else SIGQUIT would have killed it. */
static void process_without_a_handler_is_not_signalled(void **state)
{
	char text[ATTACH_TEXT_MAX], why[ATTACH_WHY_MAX];

	(void)state;
	start_idle();
	assert_int_equal(ask(text, why), -EPERM);
	assert_non_null(strstr(why, "does not handle SIGQUIT"));
	usleep(20000);
	assert_int_equal(waitpid(vm, NULL, WNOHANG), 0);
}

static void forbidden_by_an_option_is_not_signalled(void **state)
{
	char text[ATTACH_TEXT_MAX], why[ATTACH_WHY_MAX];
	char path[64];

	(void)state;
	vm = fork();
	if (!vm) {
		char *env[] = { (char *)"JAVA_TOOL_OPTIONS=-XX:+DisableAttachMechanism", NULL };

		execle("/bin/sleep", "sleep", "60", (char *)NULL, env);
		_exit(127);
	}
	name_paths(vm);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)vm);
	for (int i = 0; i < 200; i++) {
		char link[64] = "";

		if (readlink(path, link, sizeof(link) - 1) > 0 && strstr(link, "sleep"))
			break;
		usleep(10000);
	}
	assert_int_equal(ask(text, why), -EPERM);
	assert_non_null(strstr(why, "DisableAttachMechanism"));
	assert_int_equal(waitpid(vm, NULL, WNOHANG), 0);
}

/* A fake that handles SIGQUIT and does nothing: asked once, left alone, and nothing stays behind.
 */
static void listener_that_does_not_come_is_waited_for_until_the_deadline(void **state)
{
	char text[ATTACH_TEXT_MAX], why[ATTACH_WHY_MAX], path[64];
	int pair[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	vm = fork();
	if (!vm) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGQUIT, take_signal);
		(void)!write(pair[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(pair[0], &byte, 1), 1);
	close(pair[0]);
	close(pair[1]);
	name_paths(vm);
	assert_int_equal(ask(text, why), -ETIMEDOUT);
	snprintf(path, sizeof(path), "/tmp/.attach_pid%d", (int)vm);
	assert_int_equal(access(path, F_OK), -1);
}

static void process_that_has_gone_is_told(void **state)
{
	char text[ATTACH_TEXT_MAX], why[ATTACH_WHY_MAX];

	start_idle();
	kill(vm, SIGKILL);
	waitpid(vm, NULL, 0);
	assert_int_equal(ask(text, why), -ESRCH);
	vm = 0;
	(void)state;
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, stop)
	const struct CMUnitTest tests[] = {
		CASE(replies_are_taken_with_care),
		CASE(endless_reply_ends_at_a_limit),
		CASE(what_is_no_socket_of_the_process_is_refused),
		CASE(process_without_a_handler_is_not_signalled),
		CASE(forbidden_by_an_option_is_not_signalled),
		CASE(listener_that_does_not_come_is_waited_for_until_the_deadline),
		CASE(process_that_has_gone_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
