/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "report/kmsg.h"

/* As /dev/kmsg gives it: one record a read, with its own continuation lines. */
#define KILL(usec, comm, path)                                                                     \
	"6,1," usec ",-;" comm " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n"        \
	"6,2," usec ",-;memory: usage 65536kB, limit 65536kB, failcnt 20\n SUBSYSTEM=memory\n"     \
	"6,3," usec ",-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,"            \
	"mems_allowed=0,oom_memcg=" path ",task_memcg=" path ",task=" comm ",pid=7,uid=0\n"        \
	"3,4," usec ",-;Memory cgroup out of memory: Killed process 7 (" comm ") total-vm:1kB, "   \
	"anon-rss:64000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0\n"      \
	"6,5," usec ",-;usb 1-1: a new device\n"

static const char text[] = "6,0,1,-;Linux version 6.1\n" KILL("100000000", "old", "/pod/app")
	KILL("500000000", "app", "/pod/app") KILL("500000001", "other", "/pod/app2");

static char path[] = "/tmp/oomguard-kmsg.XXXXXX";

static int find(const char *cgroup, const char *comm, uint64_t from, uint64_t to, char *out)
{
	const struct kmsg_wanted wanted = { from, to, cgroup, comm };

	return kmsg_find(path, &wanted, 0, out, KMSG_TEXT_MAX);
}

static void the_kill_is_found_by_time_and_cgroup(void **state)
{
	static char out[KMSG_TEXT_MAX];

	(void)state;
	assert_true(find("/sys/fs/cgroup/pod/app", "x", 499000000, 501000000, out) > 0);
	assert_non_null(strstr(out, "[  500.000000] app invoked"));
	assert_non_null(strstr(out, "limit 65536kB"));
	assert_non_null(strstr(out, "Killed process 7 (app)"));
	assert_null(strstr(out, "other"));
	assert_null(strstr(out, "usb"));
	assert_true(find("/sys/fs/cgroup/memory/pod/app", "x", 99000000, 101000000, out) > 0);
	assert_non_null(strstr(out, "(old)"));
	/* The cgroup decides where it is known ... */
	assert_int_equal(find("/sys/fs/cgroup/pod/ap", "app", 499000000, 501000000, out), -ENOENT);
	/* ... the name where it is not. */
	assert_true(find("/sys/fs/cgroup", "other", 499000000, 501000000, out) > 0);
	assert_non_null(strstr(out, "(other)"));
	assert_int_equal(find("/sys/fs/cgroup", "x", 499000000, 501000000, out), -ENOENT);
	assert_int_equal(find("/sys/fs/cgroup/pod/app", "app", 200000000, 300000000, out), -ENOENT);
}

static void a_log_that_cannot_be_read_is_an_error(void **state)
{
	static char out[KMSG_TEXT_MAX];
	const struct kmsg_wanted wanted = { 0, 1, "", "" };

	(void)state;
	assert_int_equal(kmsg_find("/nowhere/kmsg", &wanted, 0, out, sizeof(out)), -ENOENT);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);
	bool ok = fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1;

	(void)state;
	close(fd);
	return !ok;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kill_is_found_by_time_and_cgroup),
		cmocka_unit_test(a_log_that_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
