/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/kinds.h"

enum behaviour { DUMPS, DUMPS_SLOWLY, IGNORES, DEFAULT, DOES_NOTHING, EXITS };

static char base[64];
static struct conf conf;
static struct dump_request req;
static pid_t child;

static int make_place(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/oomguard-signal-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	memset(&conf, 0, sizeof(conf));
	conf.dump.signal = SIGUSR1;
	req = (struct dump_request){ .conf = &conf,
		.comm = "app",
		.incident_dirfd = -1,
		.deadline_usec = clock_now_usec() + 30 * USEC_PER_SEC };
	return 0;
}

static int remove_place(void **state)
{
	auto_closedir DIR *d = opendir(base);
	struct dirent *e;

	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		child = 0;
	}
	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	return rmdir(base);
}

static volatile sig_atomic_t got_signal;

static void note_signal(int sig)
{
	(void)sig;
	got_signal = 1;
}

static void write_dump(enum behaviour how)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/heap-%d.bin", base, (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	for (int i = 0; i < (how == DUMPS_SLOWLY ? 8 : 1); i++) {
		if (write(fd, "0123456789", 10) != 10)
			_exit(1);
		/* Longer than it takes to believe that a size is final: the open fd must count. */
		if (how == DUMPS_SLOWLY && i == 3)
			usleep(700000);
	}
	close(fd);
}

/* Returns when the child is ready. */
static void start_child(enum behaviour how)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		sigset_t none, usr1;

		sigemptyset(&none);
		sigemptyset(&usr1);
		sigaddset(&usr1, SIGUSR1);
		sigprocmask(SIG_BLOCK, &usr1, NULL);
		signal(SIGUSR1, how == DEFAULT ? SIG_DFL : how == IGNORES ? SIG_IGN : note_signal);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;) {
			sigsuspend(&none);
			if (got_signal && how == EXITS)
				_exit(0);
			if (got_signal && how != DOES_NOTHING)
				write_dump(how);
			got_signal = 0;
		}
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	req.pid = child;
}

static void assert_alive(void)
{
	siginfo_t info = { .si_pid = 0 };

	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	assert_int_equal(info.si_pid, 0);
}

static void assert_text(const struct dump_result *got, const char *part)
{
	if (!strstr(got->text, part))
		fail_msg("\"%s\" lacks \"%s\"", got->text, part);
}

static void never_kills_a_process_that_does_not_handle_it(void **state)
{
	static const enum behaviour cases[] = { DEFAULT, IGNORES };
	struct dump_result got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		start_child(cases[i]);
		assert_int_equal(dump_by_signal(&req, &got), -EPERM);
		assert_text(&got, "does not handle SIGUSR1: sending it would kill the process");
		assert_alive();
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		child = 0;
	}
}

static void unknown_path_is_not_verified(void **state)
{
	struct dump_result got;

	(void)state;
	start_child(DUMPS);
	assert_int_equal(dump_by_signal(&req, &got), 0);
	assert_text(&got, "not verified");
	assert_string_equal(got.file, "");
}

static void waits_for_the_whole_file(void **state)
{
	static const struct {
		enum behaviour how;
		const char *path; /* below base */
		uint64_t bytes;
	} cases[] = {
		{ DUMPS, "", 10 },
		{ DUMPS, "/heap-%p.bin", 10 },
		{ DUMPS_SLOWLY, "/", 80 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dump_result got;
		char expected[96];
		int fd;

		start_child(cases[i].how);
		snprintf(expected, sizeof(expected), "%s/older", base);
		fd = open(expected, O_WRONLY | O_CREAT, 0600);
		close(fd);
		snprintf(conf.dump.path, sizeof(conf.dump.path), "%s%s", base, cases[i].path);
		if (dump_by_signal(&req, &got) != 0)
			fail_msg("%s", got.text);
		snprintf(expected, sizeof(expected), "%s/heap-%d.bin", base, (int)child);
		assert_string_equal(got.file, expected);
		assert_int_equal(got.bytes, cases[i].bytes);
		assert_text(&got, expected);
		assert_alive();
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		child = 0;
	}
}

static void changed_file_counts_as_new(void **state)
{
	struct dump_result got;

	(void)state;
	start_child(DUMPS);
	snprintf(conf.dump.path, sizeof(conf.dump.path), "%s", base);
	assert_int_equal(dump_by_signal(&req, &got), 0);
	assert_int_equal(got.bytes, 10);
	assert_int_equal(dump_by_signal(&req, &got), 0);
	assert_int_equal(got.bytes, 20);
}

static void says_why_there_is_no_file(void **state)
{
	struct dump_result got;

	(void)state;
	snprintf(conf.dump.path, sizeof(conf.dump.path), "%s", base);
	start_child(DOES_NOTHING);
	req.deadline_usec = clock_now_usec() + USEC_PER_SEC / 2;
	assert_int_equal(dump_by_signal(&req, &got), -ETIMEDOUT);
	assert_text(&got, "no new file in");
	remove_place(state);
	assert_int_equal(make_place(state), 0);
	snprintf(conf.dump.path, sizeof(conf.dump.path), "%s", base);
	start_child(EXITS);
	assert_int_equal(dump_by_signal(&req, &got), -ESRCH);
	assert_text(&got, "ended after SIGUSR1");
	assert_true(clock_now_usec() < req.deadline_usec - 10 * USEC_PER_SEC);
}

static void gone_process_and_no_signal(void **state)
{
	struct dump_result got;

	(void)state;
	req.pid = 0x3fffffff;
	assert_int_equal(dump_by_signal(&req, &got), -ESRCH);
	conf.dump.signal = 0;
	assert_int_equal(dump_by_signal(&req, &got), -EINVAL);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)
	const struct CMUnitTest tests[] = {
		CASE(never_kills_a_process_that_does_not_handle_it),
		CASE(unknown_path_is_not_verified),
		CASE(waits_for_the_whole_file),
		CASE(changed_file_counts_as_new),
		CASE(says_why_there_is_no_file),
		CASE(gone_process_and_no_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
