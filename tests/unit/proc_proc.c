/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "fixture.h"
#include "proc/proc.h"

#define TAIL " 7 6 0 -1 4194304 21 0 0 0 3 4 0 0 20 0 31 0 8007 2703360 2 18446744073709551615\n"

static void stat_lines_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *comm;
	} cases[] = {
		{ "7 (java) S 1" TAIL, 0, "java" },
		{ "7 (a b) S 1" TAIL, 0, "a b" },
		{ "7 (x) R 1) S 1" TAIL, 0, "x) R 1" },
		{ "7 (() S 1" TAIL, 0, "(" },
		{ "7 ()) S 1" TAIL, 0, ")" },
		{ "7 () S 1" TAIL, 0, "" },
		{ "7 (new\nline) S 1" TAIL, 0, "new\nline" },
		{ "", -EINVAL, NULL },
		{ "7", -EINVAL, NULL },
		{ "7 (java", -EINVAL, NULL },
		{ "7 )java( S 1" TAIL, -EINVAL, NULL },
		{ "7 (java) S", -EINVAL, NULL },
		{ "7 (java) S 1 7 6 0 -1 4194304 21", -EINVAL, NULL },
		{ "7 (java) S one" TAIL, -EINVAL, NULL },
		{ "x (java) S 1" TAIL, -EINVAL, NULL },
		{ "0 (java) S 1" TAIL, -EINVAL, NULL },
		{ "99999999999 (java) S 1" TAIL, -EINVAL, NULL },
		{ "7 junk (java) S 1" TAIL, -EINVAL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct proc_stat st = { .threads = 99 };

		print_message("\"%s\"\n", cases[i].text);
		assert_int_equal(proc_parse_stat(cases[i].text, &st), cases[i].err);
		if (cases[i].err) {
			assert_int_equal(st.threads, 99);
			continue;
		}
		assert_string_equal(st.comm, cases[i].comm);
		assert_int_equal(st.pid, 7);
		assert_int_equal(st.ppid, 1);
		assert_int_equal(st.pgrp, 7);
		assert_int_equal(st.session, 6);
		assert_int_equal(st.state, cases[i].text[strlen(cases[i].text) - strlen(TAIL) - 3]);
		assert_int_equal(st.threads, 31);
		assert_int_equal(st.start_ticks, 8007);
		assert_int_equal(st.rss_bytes, 2 * sysconf(_SC_PAGESIZE));
	}
}

static void a_name_too_long_is_cut(void **state)
{
	char text[1024] = "7 (";
	struct proc_stat st;

	(void)state;
	memset(text + 3, 'n', 200);
	strcat(text, ") S 1" TAIL);
	assert_int_equal(proc_parse_stat(text, &st), 0);
	assert_int_equal(strlen(st.comm), PROC_COMM_MAX - 1);
	assert_int_equal(st.ppid, 1);
}

static void memory_is_read_from_fixtures(void **state)
{
	auto_close int fd = fixture_open("proc/tree");
	struct proc_memory m;

	(void)state;
	assert_int_equal(proc_read_memory(fd, 7, false, &m), 0);
	assert_true(m.pss_known);
	assert_int_equal(m.rss_bytes, 210004 * KIB);
	assert_int_equal(m.pss_bytes, 200002 * KIB);
	assert_int_equal(m.anon_bytes, 190004 * KIB);
	assert_int_equal(m.shmem_bytes, 2000 * KIB);
	assert_int_equal(m.swap_bytes, 516 * KIB);

	assert_int_equal(proc_read_memory(fd, 7, true, &m), 0);
	assert_false(m.pss_known);
	assert_int_equal(m.rss_bytes, 210000 * KIB);
	assert_int_equal(m.pss_bytes, 210000 * KIB);
	assert_int_equal(m.swap_bytes, 512 * KIB);

	/* No smaps_rollup: another user's process. */
	assert_int_equal(proc_read_memory(fd, 20, false, &m), 0);
	assert_false(m.pss_known);
	assert_int_equal(m.pss_bytes, 1640 * KIB);
	assert_int_equal(m.swap_bytes, 0);
}

static void the_rest_is_read_from_fixtures(void **state)
{
	auto_close int fd = fixture_open("proc/tree");
	char cmdline[64], cut[8];
	struct proc_stat st;
	uid_t uid;
	gid_t gid;

	(void)state;
	assert_int_equal(proc_read_stat(fd, 20, &st), 0);
	assert_string_equal(st.comm, "we ird) (x)");
	assert_int_equal(st.state, 'R');
	assert_int_equal(proc_read_ids(fd, 7, &uid, &gid), 0);
	assert_int_equal(uid, 1001);
	assert_int_equal(gid, 2001);
	assert_int_equal(proc_count_fds(fd, 7), 3);
	/* 2000000181005ccf */
	assert_true(proc_catches_signal(fd, 7, SIGHUP));
	assert_false(proc_catches_signal(fd, 7, SIGTRAP));
	assert_true(proc_catches_signal(fd, 7, SIGTERM));
	assert_true(proc_catches_signal(fd, 7, 62));
	assert_false(proc_catches_signal(fd, 7, 64));
	assert_false(proc_catches_signal(fd, 7, 0));
	assert_false(proc_catches_signal(fd, 7, 65));
	assert_int_equal(proc_read_cmdline(fd, 7, cmdline, sizeof(cmdline)), 28);
	assert_memory_equal(cmdline, "java\0-Xmx200m\0-jar\0/app.jar", 28);
	assert_int_equal(proc_read_cmdline(fd, 7, cut, sizeof(cut)), 7);
	assert_string_equal(cut + 5, "-X");
}

static void who_has_gone_is_told(void **state)
{
	auto_close int fd = fixture_open("proc/tree");
	struct proc_memory m;
	struct proc_stat st;
	char text[8];
	uid_t uid;
	gid_t gid;

	(void)state;
	assert_int_equal(proc_read_stat(fd, 999, &st), -ESRCH);
	assert_int_equal(proc_read_memory(fd, 999, false, &m), -ESRCH);
	assert_int_equal(proc_count_fds(fd, 999), -ESRCH);
	assert_int_equal(proc_read_ids(fd, 999, &uid, &gid), -ESRCH);
	assert_int_equal(proc_read_cmdline(fd, 999, text, sizeof(text)), -ESRCH);
	assert_false(proc_catches_signal(fd, 999, SIGTERM));
}

static void ourselves_are_seen_as_we_are(void **state)
{
	auto_close int fd = proc_open_root();
	struct proc_memory m;
	struct proc_stat st;
	uid_t uid;
	gid_t gid;
	int before, spare;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(proc_read_stat(fd, getpid(), &st), 0);
	assert_int_equal(st.pid, getpid());
	assert_int_equal(st.ppid, getppid());
	assert_int_equal(st.pgrp, getpgrp());
	assert_int_equal(st.threads, 1);
	assert_int_equal(proc_read_memory(fd, getpid(), false, &m), 0);
	assert_true(m.rss_bytes > 100 * KIB);
	assert_true(m.pss_bytes <= m.rss_bytes);
	assert_int_equal(proc_read_ids(fd, getpid(), &uid, &gid), 0);
	assert_int_equal(uid, geteuid());
	assert_int_equal(gid, getegid());
	before = proc_count_fds(fd, getpid());
	spare = dup(fd);
	assert_int_equal(proc_count_fds(fd, getpid()), before + 1);
	close(spare);
}

static void ignore_it(int sig)
{
	(void)sig;
}

static void a_handler_is_seen(void **state)
{
	auto_close int fd = proc_open_root();

	(void)state;
	assert_false(proc_catches_signal(fd, getpid(), SIGUSR2));
	signal(SIGUSR2, ignore_it);
	assert_true(proc_catches_signal(fd, getpid(), SIGUSR2));
	signal(SIGUSR2, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_lines_are_parsed),
		cmocka_unit_test(a_name_too_long_is_cut),
		cmocka_unit_test(memory_is_read_from_fixtures),
		cmocka_unit_test(the_rest_is_read_from_fixtures),
		cmocka_unit_test(who_has_gone_is_told),
		cmocka_unit_test(ourselves_are_seen_as_we_are),
		cmocka_unit_test(a_handler_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
