/* SPDX-License-Identifier: Apache-2.0 */
/* The diagnostics port of .NET against a server that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/dotnet_ipc.h"
#include "dump/kinds.h"
#include "fixture.h"
#include "nettrace.h"

/* What a runtime is recognised by: this program, and so its forks. See tests/local.mk. */
__attribute__((used)) char DotNetRuntimeInfo[4];

#define WAIT_USEC (1200 * USEC_PER_MSEC) /* half a second of it is kept for cleaning up */
#define OK	  "DOTNET_IPC_V1\0\x1c\0\xff\0\0\0"
#define SESSION	  OK "\x07\0\0\0\0\0\0\0"

enum behaviour { ANSWERS, ENDLESS, NEVER, COLLECTS, BREAKS_OFF, NO_COLLECTION, DUMPS };

static pid_t vm;
static int dirfd_of_vm = -1;
static char socket_path[512], top[64];
static struct stream s;

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 5) < 0)
		return -1;
	return fd;
}

/* A session, and its end when it is asked for on another connection. */
static void trace(enum behaviour how, int fd, int peer)
{
	char request[512];
	int other;

	put_heap(&s);
	if (how == NO_COLLECTION)
		put_head(&s);
	(void)!write(peer, SESSION, sizeof(SESSION) - 1);
	(void)!write(peer, s.data, s.len);
	if (how == COLLECTS) {
		other = accept(fd, NULL, NULL);
		(void)!read(other, request, sizeof(request));
		(void)!write(peer, "\1", 1);
		close(other);
	}
	if (how == NO_COLLECTION)
		(void)!write(peer, "\1", 1);
}

/* What createdump would write, to where it was asked to. */
static void dump(int peer, const char *request)
{
	char path[512] = "";
	size_t n = 0;
	int fd;

	for (const char *c = request + 24; *c && n + 1 < sizeof(path); c += 2)
		path[n++] = *c;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, "no core", 7);
	close(fd);
	(void)!write(peer, "DOTNET_IPC_V1\0\x18\0\xff\0\0\0\0\0\0\0", 24);
}

static void __attribute__((noreturn))
serve(enum behaviour how, const char *reply, size_t len, int go)
{
	char request[1024];
	int fd;

	(void)!read(go, socket_path, sizeof(socket_path));
	fd = listen_at(socket_path);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		(void)!read(peer, request, sizeof(request));
		if (how == NEVER)
			pause();
		if (how == DUMPS)
			dump(peer, request);
		else if (how > NEVER)
			trace(how, fd, peer);
		else
			do
				if (write(peer, reply, len) < 0)
					break;
			while (how == ENDLESS);
		close(peer);
	}
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static void start(enum behaviour how, const char *reply, size_t len, bool listens)
{
	struct dotnet_ipc ipc;
	int pair[2];

	assert_int_equal(pipe(pair), 0);
	vm = fork();
	if (!vm) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(how, reply, len, pair[0]);
	}
	assert_int_equal(dotnet_ipc_open(vm, clock_now_usec() + WAIT_USEC, &ipc), 0);
	snprintf(socket_path, sizeof(socket_path), "%s%s", ipc.dir, ipc.socket);
	dotnet_ipc_close(&ipc);
	if (listens) {
		assert_true(write(pair[1], socket_path, strlen(socket_path) + 1) > 0);
		for (int i = 0; i < 500 && !is_there(socket_path); i++)
			usleep(10000);
		usleep(10000); /* from bind to listen */
	}
	close(pair[0]);
	close(pair[1]);
}

static int stop(void **state)
{
	(void)state;
	if (vm > 0) {
		kill(vm, SIGKILL);
		waitpid(vm, NULL, 0);
		unlink(socket_path);
	}
	vm = 0;
	return 0;
}

static struct conf conf;

typedef int (*kind_fn)(const struct dump_request *req, struct dump_result *ret);

static int ask(kind_fn kind, struct dump_result *ret)
{
	struct dump_request req = { .conf = &conf,
		.pid = vm,
		.comm = "app",
		.incident_dirfd = dirfd_of_vm,
		.deadline_usec = clock_now_usec() + WAIT_USEC };

	return kind(&req, ret);
}

static bool is_empty(void)
{
	int fd = openat(dirfd_of_vm, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(fd);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n == 2;
}

static void a_heap_is_taken_and_counted(void **state)
{
	char text[2048] = "";
	struct dump_result res;
	int fd;

	start(COLLECTS, "", 0, true);
	if (ask(profile_dotnet, &res))
		fail_msg("%s", res.text);
	assert_non_null(strstr(res.file, ".gcdump.nettrace"));
	assert_non_null(strstr(res.note, "largest: Planted.Leaky, 1000B in 10 objects"));
	snprintf(text, sizeof(text), "dotnet-%d.types.txt", (int)vm);
	fd = openat(dirfd_of_vm, text, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "10           1000  Planted.Leaky\n"));
	close(fd);
	stop(state);
	start(COLLECTS, "", 0, true);
	assert_int_equal(ask(relieve_dotnet, &res), 0);
	assert_string_equal(res.text, "garbage collection");
	conf.dump.max_pause_usec = 1;
	assert_int_equal(ask(profile_dotnet, &res), -ENOSPC);
	assert_non_null(strstr(res.text, "a walk through "));
	fixture_remove(top);
}

static void answers_of_others_are_refused(void **state)
{
	static const struct {
		enum behaviour how;
		const char *reply;
		size_t len;
		kind_fn kind;
		int expected;
		const char *text;
	} cases[] = {
#define CASE(how, text, ...) { how, text, sizeof(text) - 1, __VA_ARGS__ }
		CASE(ANSWERS, "", profile_dotnet, -EBADMSG, "its answer"),
		CASE(ANSWERS, "HTTP/1.0 400 Bad Request\r\n\r\n", profile_dotnet, -EBADMSG, ""),
		CASE(ANSWERS, OK, profile_dotnet, -EBADMSG, ""),
		CASE(ANSWERS, "DOTNET_IPC_V1\0\x13\0\xff\0\0\0", profile_dotnet, -EBADMSG, ""),
		CASE(ANSWERS, "DOTNET_IPC_V1\0\x18\0\xff\0\0\0\1\0\0\0", profile_dotnet, -EBADMSG,
			"no session"),
		CASE(ANSWERS, "DOTNET_IPC_V1\0\x18\0\xff\xff\0\0\x85\x13\x13\x80", profile_dotnet,
			-EREMOTEIO, "does not know the command"),
		CASE(ANSWERS, "DOTNET_IPC_V1\0\x24\0\xff\xff\0\0\5\x40\0\x80\4\0\0\0N\0o\0!\0\0\0",
			dump_dotnet, -EREMOTEIO, "the runtime says: No!"),
		CASE(ANSWERS, "DOTNET_IPC_V1\0\x18\0\xff\xff\0\0\x85\x13\x13\x80", dump_dotnet,
			-EREMOTEIO, "does not know the command"),
		CASE(ANSWERS, SESSION "garbage in great masses, long enough", profile_dotnet,
			-EBADMSG, "no events"),
		CASE(ANSWERS, SESSION, relieve_dotnet, -EBADMSG, "break off"),
		CASE(ENDLESS, SESSION, profile_dotnet, -EBADMSG, ""),
		CASE(ENDLESS, "x", profile_dotnet, -EBADMSG, ""),
		CASE(ENDLESS, "x", dump_dotnet, -EBADMSG, ""),
		CASE(NEVER, "", profile_dotnet, -ETIMEDOUT, ""),
		CASE(NEVER, "", dump_dotnet, -ETIMEDOUT, "not complete within"),
		CASE(BREAKS_OFF, "", profile_dotnet, -EBADMSG, ""),
		CASE(NO_COLLECTION, "", profile_dotnet, -EBADMSG, "without a collection"),
		CASE(DUMPS, "", dump_dotnet, -EBADMSG, "not whole"),
#undef CASE
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dump_result res;
		int r;

		start(cases[i].how, cases[i].reply, cases[i].len, true);
		r = ask(cases[i].kind, &res);
		/* It closes while something is unread. */
		if (r == -ECONNRESET || r == -EPIPE)
			r = -EBADMSG;
		if (r != cases[i].expected || !strstr(res.text, cases[i].text))
			fail_msg("case %zu: %d, %s", i, r, res.text);
		if (!is_empty())
			fail_msg("case %zu leaves a file", i);
		stop(state);
	}
}

static void sockets_of_others_are_left_alone(void **state)
{
	struct dump_result res;
	char other[] = "/tmp/oomguard-dotnet-other";
	int fd;

	(void)state;
	start(ANSWERS, SESSION, sizeof(SESSION) - 1, false);
	assert_int_equal(ask(profile_dotnet, &res), -ENOENT);
	assert_non_null(strstr(res.text, "no diagnostics port in /"));
	fd = listen_at(socket_path); /* ours, not the process's */
	assert_int_equal(ask(profile_dotnet, &res), -EPERM);
	assert_non_null(strstr(res.text, "is not the socket of this process"));
	if (chown(socket_path, 12345, (gid_t)-1) == 0)
		assert_int_equal(ask(profile_dotnet, &res), -EPERM);
	unlink(socket_path);
	close(fd);
	unlink(other);
	fd = listen_at(other);
	assert_int_equal(symlink(other, socket_path), 0);
	assert_int_equal(ask(profile_dotnet, &res), -EPERM);
	close(fd);
	unlink(other);
	kill(vm, SIGSTOP);
	while (ask(profile_dotnet, &res) != -EBUSY)
		;
	assert_true(is_empty());
}

static int begin(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/oomguard-dotnet-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	dirfd_of_vm = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	conf.dump.max_bytes = GIB;
	conf.dump.max_pause_usec = USEC_PER_SEC / 2;
	return 0;
}

static int end(void **state)
{
	stop(state);
	close(dirfd_of_vm);
	fixture_remove(top);
	return 0;
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(a_heap_is_taken_and_counted),
		CASE(answers_of_others_are_refused),
		CASE(sockets_of_others_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
