/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/kinds.h"

static char base[64];
static struct conf conf;
static struct dump_request req;

static int make_incident(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/oomguard-command-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	memset(&conf, 0, sizeof(conf));
	req = (struct dump_request){
		.conf = &conf,
		.pid = 4711,
		.comm = "app",
		.incident_dirfd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.incident_path = base,
		.level = "dump",
		.deadline_usec = clock_now_usec() + 30 * USEC_PER_SEC,
	};
	return req.incident_dirfd < 0;
}

static int remove_incident(void **state)
{
	auto_closedir DIR *d = fdopendir(req.incident_dirfd);
	struct dirent *e;

	(void)state;
	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	return rmdir(base);
}

static void run_case(
	const char *command, int expected, const char *file, uint64_t bytes, const char *text)
{
	struct dump_result got;
	int r;

	snprintf(conf.dump.command, sizeof(conf.dump.command), "%s", command);
	r = dump_by_command(&req, &got);
	if (r != expected)
		fail_msg("%s: %d, expected %d (%s)", command, r, expected, got.text);
	assert_string_equal(got.file, file);
	assert_int_equal(got.bytes, bytes);
	if (!strstr(got.text, text))
		fail_msg("%s: \"%s\" lacks \"%s\"", command, got.text, text);
}

static void tells_what_came_of_it(void **state)
{
	(void)state;
	run_case("", -EINVAL, "", 0, "not set");
	run_case("true", 0, "", 0, "no file");
	run_case("exit 3", -EIO, "", 0, "status 3");
	run_case("/no/such/program", -EIO, "", 0, "not found");
	run_case("kill -9 $$", -EIO, "", 0, "signal 9");
}

static void file_is_reported_and_private(void **state)
{
	struct stat st;

	(void)state;
	run_case("umask 0; printf 12345 >heap-%p.bin", 0, "heap-4711.bin", 5, "heap-4711.bin");
	assert_int_equal(fstatat(req.incident_dirfd, "heap-4711.bin", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	run_case("true", 0, "", 0, "no file"); /* an old one is not new */
	run_case("printf 67 >>heap-%p.bin", 0, "heap-4711.bin", 7, "done");
	run_case("printf 1 >part; exit 1", -EIO, "part", 1, "status 1");
}

static void environment_is_handed_over(void **state)
{
	static char level[] = "OOMGUARD_EVENT_LEVEL=dump", path[] = "PATH=/usr/bin:/bin";
	char *const env[] = { level, path, NULL };

	(void)state;
	req.hook_env = env;
	run_case("printf %s \"$OOMGUARD_EVENT_LEVEL\" >out", 0, "out", 4, "done");
}

static void hanging_command_and_its_children_are_killed(void **state)
{
	uint64_t before = clock_now_usec(), give_up = before + 20 * USEC_PER_SEC;
	struct dump_result got;
	char text[32] = "";
	int fd;
	pid_t pid;

	(void)state;
	req.deadline_usec = before + USEC_PER_SEC;
	snprintf(conf.dump.command, sizeof(conf.dump.command), "sleep 600 & echo $! >pid; wait");
	assert_int_equal(dump_by_command(&req, &got), -ETIMEDOUT);
	assert_true(clock_now_usec() < req.deadline_usec);
	assert_non_null(strstr(got.text, "deadline"));
	assert_string_equal(got.file, "pid");
	fd = openat(req.incident_dirfd, "pid", O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	pid = (pid_t)strtol(text, NULL, 10);
	assert_true(pid > 1);
	/* Its new parent may take a moment to reap it: a zombie's cmdline is empty. */
	for (ssize_t n = 1; n > 0;) {
		char path[48];

		snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? 0 : read(fd, text, sizeof(text));
		if (fd >= 0)
			close(fd);
		assert_true(clock_now_usec() < give_up);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_incident, remove_incident)
	const struct CMUnitTest tests[] = {
		CASE(tells_what_came_of_it),
		CASE(file_is_reported_and_private),
		CASE(environment_is_handed_over),
		CASE(hanging_command_and_its_children_are_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
