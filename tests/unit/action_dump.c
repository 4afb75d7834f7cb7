/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/work.h"
#include "base/clock.h"
#include "base/units.h"

static struct conf conf;
static struct store store;
static struct action_job job;
static char dir[64], text[1024];
static pid_t target;
static volatile char held[4 << 20];

static int set_up(void **state)
{
	int pair[2];
	char byte;

	(void)state;
	strcpy(dir, "/tmp/oomguard-dump-XXXXXX");
	if (!mkdtemp(dir) || pipe(pair))
		return -1;
	target = fork();
	if (!target) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "target");
		/* More than what is too small to be refused. */
		for (size_t i = 0; i < sizeof(held); i += 512)
			held[i] = 1;
		close(pair[1]);
		for (;;)
			pause();
	}
	close(pair[1]);
	if (read(pair[0], &byte, 1))
		return -1;
	close(pair[0]);
	conf_defaults(&conf);
	conf.dump.min_free_bp = 0;
	store = (struct store){ .lockfd = -1 };
	store.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	strcpy(store.path, dir);
	job = (struct action_job){
		.conf = &conf,
		.store = &store,
		.level = "dump",
		.reason = "",
		.incident = "",
		.sample = { .headroom_bytes = 100 * MIB, .limit_bytes = 200 * MIB },
		.self = getpid(),
		.child = target,
		.deadline_usec = clock_now_usec() + 30 * USEC_PER_SEC,
	};
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	if (store.dirfd >= 0)
		close(store.dirfd);
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	return system(command);
}

static int run(int (*work)(struct action_job *, struct buf *))
{
	struct buf line = BUF_ON(text);

	buf_reset(&line);
	return work(&job, &line);
}

static void __attribute__((format(printf, 1, 2))) expect(const char *format, ...)
{
	char expected[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(expected, sizeof(expected), format, args);
	va_end(args);
	assert_string_equal(text, expected);
}

static unsigned count_incidents(void)
{
	int fd = openat(store.dirfd, "incidents", O_RDONLY | O_DIRECTORY);
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	if (fd < 0)
		return 0;
	d = fdopendir(fd);
	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_type == DT_DIR && e->d_name[0] != '.';
	closedir(d);
	return n;
}

static bool begins(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool begins(const char *format, ...)
{
	char start[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(start, sizeof(start), format, args);
	va_end(args);
	return !strncmp(text, start, strlen(start));
}

static void kind_none_is_said(void **state)
{
	(void)state;
	conf.dump.kind = DUMP_NONE;
	assert_int_equal(run(work_heap_dump), 1);
	expect("no heap dump of pid %d (target): no way is configured (dump.kind, dump.signal, "
	       "dump.command)",
		(int)target);
	/* No empty directory is left behind. */
	assert_int_equal(count_incidents(), 0);
	assert_string_equal(job.incident, "");
}

static bool has_file(const char *name)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", job.incident, name);
	return faccessat(store.dirfd, path, F_OK, 0) == 0;
}

static bool has_core(void)
{
	char name[64];

	snprintf(name, sizeof(name), "core-%d.elf%s", (int)target,
		conf.dump.compress[0] == 'n' ? "" : ".zst");
	return has_file(name);
}

/* A program of no known runtime. */
static void auto_means_a_core(void **state)
{
	(void)state;
	if (run(work_heap_dump)) {
		if (strstr(text, "ptrace denied"))
			skip();
		fail_msg("failed: %s", text);
	}
	if (!begins("heap dump of pid %d (target) done: incidents/", (int)target) ||
		!strstr(text, "core of 1 thread, stopped for ") ||
		!strstr(text, "MiB before zstd)"))
		fail_msg("told: %s", text);
	assert_true(has_core());
}

static void expect_raw_core(const char *note)
{
	char name[64];

	job.incident = "";
	if (run(work_heap_dump))
		skip();
	snprintf(name, sizeof(name), "core-%d.elf", (int)target);
	assert_true(has_file(name));
	if (!strstr(text, note))
		fail_msg("told: %s", text);
}

static void core_stays_as_it_is_where_that_is_asked_for(void **state)
{
	(void)state;
	strcpy(conf.dump.compress, "none");
	expect_raw_core("for gdb)");
}

/* file, took, pause and headroom as in the book. */
static void write_book(const char *numbers)
{
	int fd = openat(store.dirfd, "dumps", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "core target %d 1 1 50 1000000 %s -\n", (int)target, numbers) > 0);
	close(fd);
}

static unsigned count_cores(void)
{
	char command[256];
	FILE *f;
	unsigned n = 0;

	snprintf(command, sizeof(command), "find %s -name 'core-*' | wc -l", dir);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

/* dump.cooldown, and its exception: more in use than ever. Then the smaller one goes. */
static void next_dump_waits_or_takes_the_place(void **state)
{
	char first[STORE_PATH_MAX];
	int fd;

	(void)state;
	job.sample.use_bytes = 100 * MIB;
	if (run(work_heap_dump))
		skip();
	buf_copy(first, sizeof(first), job.incident);
	fd = openat(store.dirfd, "incidents/index.json", O_RDONLY);
	assert_true(fd >= 0);
	close(fd);
	job.incident = "";
	job.sample.use_bytes = 101 * MIB;
	assert_int_equal(run(work_heap_dump), 0);
	if (!begins("no dump of target: there is one of ") || !strstr(text, first) ||
		!strstr(text, "(dump.cooldown = 1h)"))
		fail_msg("told: %s", text);
	assert_int_equal(count_incidents(), 1);
	job.level = "request"; /* the user may have as many as he wants */
	assert_int_equal(run(work_heap_dump), 0);
	if (count_cores() != 1)
		fail_msg("told: %s", text);
	if (!strstr(text, "; in the place of a smaller one"))
		fail_msg("told: %s", text);
	job.level = "dump";
	job.incident = "";
	job.sample.use_bytes = 120 * MIB;
	assert_int_equal(run(work_heap_dump), 0);
	if (!strstr(text, "; in the place of a smaller one"))
		fail_msg("told: %s", text);
	assert_int_equal(count_cores(), 1);
	assert_true(has_core());
}

/* Memory for a short pause is taken only where no level can notice. */
static void pause_is_bought_only_with_plenty(void **state)
{
	static const struct {
		uint64_t headroom, use, limit;
		bool stops, expected;
	} cases[] = {
		{ 1000 * MIB, 500 * MIB, 1500 * MIB, true, true },
		{ 1000 * MIB, 500 * MIB, 1500 * MIB, false, false }, /* nothing stands still */
		{ 400 * MIB, 500 * MIB, 1500 * MIB, true, false },   /* not a quarter */
		{ 1000 * MIB, 500 * MIB, 800 * MIB, true, false },   /* near a level */
		{ 1000 * MIB, 500 * MIB, CGROUP_NO_LIMIT, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct admission ask = { .file_bytes = 100 * MIB, .bytes_per_sec = cases[i].stops };
		uint64_t got;

		job.sample.headroom_bytes = cases[i].headroom;
		job.sample.use_bytes = cases[i].use;
		job.sample.limit_bytes = cases[i].limit;
		got = work_spare(&job, &ask);
		if ((got != 0) != cases[i].expected || (got && got < 100 * MIB))
			fail_msg("case %zu: %llu", i, (unsigned long long)got);
	}
}

/* What the last one took is what the next one needs. */
static void needs_are_learned(void **state)
{
	(void)state;
	job.sample.use_bytes = 100 * MIB;
	if (run(work_heap_dump))
		skip();
	write_book("1000000 1000000 1000 40000000");
	job.incident = "";
	job.sample.headroom_bytes = 40 * MIB;
	run(work_heap_dump);
	if (!begins("no heap dump of pid %d (target): not enough headroom: 40MiB left, needs "
		    "48MiB",
		    (int)target))
		fail_msg("told: %s", text);
	write_book("1000000 1000000 900000000 1");
	job.incident = "";
	run(work_heap_dump);
	if (!begins("no heap dump of pid %d (target): it would stop the application for about ",
		    (int)target))
		fail_msg("told: %s", text);
}

/* A command does not stop the application: it goes on growing. */
static void growth_meanwhile_counts(void **state)
{
	(void)state;
	conf.dump.kind = DUMP_COMMAND;
	strcpy(conf.dump.command, "touch /tmp/never");
	job.sample.headroom_bytes = 10 * MIB;
	job.growth_bytes_per_sec = 7 * MIB;
	assert_int_equal(run(work_heap_dump), 1);
	expect("no heap dump of pid %d (target): not enough headroom: 10MiB left, needs 4MiB and "
	       "7MiB that it grows meanwhile",
		(int)target);
}

/* The last case: this process is in a hurry from now on. */
static void somebody_who_waits_gets_the_raw_core_at_once(void **state)
{
	(void)state;
	work_listen();
	raise(ACTION_HURRY);
	expect_raw_core("for gdb; not packed: another level waits)");
}

/* Stacks take nothing and are said to come instead. */
static void auto_falls_back_to_stacks(void **state)
{
	static const struct {
		const char *why;
		bool throw_away, on_memory, slow, full, tight;
	} cases[] = {
		{ .why = " is lost when the container exits (restart.mode = exit)",
			.throw_away = true },
		{ .why = " is memory (tmpfs), ", .on_memory = true },
		{ .why = "it would stop the application for about ", .slow = true },
		{ .why = "no room in ", .full = true },
		{ .why = "not enough headroom: 3MiB left, needs 16MiB", .tight = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		store.throw_away = cases[i].throw_away;
		store.on_memory = cases[i].on_memory;
		conf.dump.max_pause_usec = cases[i].slow ? 1 : 10 * USEC_PER_SEC;
		conf.dump.max_bytes = cases[i].full ? 1 : 2 * GIB;
		job.sample.headroom_bytes = (cases[i].tight ? 3 : 100) * MIB;
		job.incident = "";
		if (run(work_heap_dump) && strstr(text, "ptrace denied"))
			skip();
		if (!begins("no heap dump of pid %d (target): ", (int)target) ||
			!strstr(text, cases[i].why) || !strstr(text, "stacks"))
			fail_msg("case %zu told: %s", i, text);
		/* On a very busy machine a thread may not stop in time. */
		if (!strstr(text, "; no stacks"))
			assert_true(has_file("stacks.txt"));
		assert_false(has_core());
	}
}

static void core_that_is_refused_is_no_stacks(void **state)
{
	(void)state;
	store.on_memory = true;
	assert_int_equal(run(work_core), 1);
	if (!begins("no heap dump of pid %d (target): %s is memory (tmpfs), ", (int)target, dir))
		fail_msg("told: %s", text);
	assert_int_equal(count_incidents(), 0);
}

static void nothing_relieves_a_native_program(void **state)
{
	(void)state;
	assert_int_equal(run(work_relieve), 0);
	expect("nothing to relieve in pid %d (target)", (int)target);
}

static void profile_of_a_native_program_is_its_stacks(void **state)
{
	(void)state;
	if (run(work_profile))
		skip();
	if (!begins("stacks of 1 process, 1 thread, "))
		fail_msg("told: %s", text);
	assert_true(has_file("stacks.txt"));
}

static void command_without_headroom_is_refused(void **state)
{
	(void)state;
	conf.dump.kind = DUMP_COMMAND;
	strcpy(conf.dump.command, "touch /tmp/never");
	job.sample.headroom_bytes = 3 * MIB;
	assert_int_equal(run(work_heap_dump), 1);
	expect("no heap dump of pid %d (target): not enough headroom: 3MiB left, needs 4MiB",
		(int)target);
}

static void full_store_is_refused(void **state)
{
	char start[128];

	(void)state;
	conf.dump.kind = DUMP_COMMAND;
	strcpy(conf.dump.command, "touch /tmp/never");
	conf.dump.max_bytes = 1;
	assert_int_equal(run(work_heap_dump), 1);
	snprintf(start, sizeof(start),
		"no heap dump of pid %d (target): no room in %s: ", (int)target, dir);
	if (strncmp(text, start, strlen(start)))
		fail_msg("\"%s\" does not begin with \"%s\"", text, start);
}

static void command_without_a_place_is_refused(void **state)
{
	(void)state;
	conf.dump.kind = DUMP_COMMAND;
	strcpy(conf.dump.command, "touch /tmp/never");
	close(store.dirfd);
	store.dirfd = -1;
	assert_int_equal(run(work_heap_dump), 1);
	expect("no heap dump of pid %d (target): no place for it (guard.state-dir): No such file "
	       "or directory",
		(int)target);
}

/* The name of the file is told once. */
static void command_that_writes_a_file_is_done(void **state)
{
	char *first;

	(void)state;
	conf.dump.kind = DUMP_COMMAND;
	strcpy(conf.dump.command, "echo heap > \"$OOMGUARD_EVENT_INCIDENT/heap.txt\"");
	if (run(work_heap_dump))
		fail_msg("failed: %s", text);
	assert_int_equal(count_incidents(), 1);
	first = strstr(text, "heap.txt");
	if (first && strstr(first + 1, "heap.txt"))
		fail_msg("told twice: %s", text);
	assert_non_null(strstr(text, "heap dump of pid "));
}

static void result_goes_to_the_incident_that_is_there(void **state)
{
	struct stat st;

	(void)state;
	conf.dump.kind = DUMP_COMMAND;
	assert_int_equal(mkdirat(store.dirfd, "incidents", 0700), 0);
	assert_int_equal(mkdirat(store.dirfd, "incidents/there", 0700), 0);
	job.incident = "incidents/there";
	strcpy(conf.dump.command, "echo heap > \"$OOMGUARD_EVENT_INCIDENT/heap.txt\"");
	if (run(work_heap_dump))
		fail_msg("failed: %s", text);
	assert_int_equal(fstatat(store.dirfd, "incidents/there/heap.txt", &st, 0), 0);
	assert_int_equal(count_incidents(), 1);
}

static void gone_target_is_said(void **state)
{
	(void)state;
	job.child = 0x3ffffffe;
	job.spare[0] = target;
	job.n_spare = 1;
	assert_int_equal(run(work_heap_dump), 1);
	expect("no heap dump: no process is the target (dump.target)");
}

static void stacks_are_whole_under_their_final_name(void **state)
{
	char path[600], head[64] = "", process[64];
	int fd;

	(void)state;
	if (run(work_stacks)) {
		if (strstr(text, "ptrace denied"))
			skip();
		fail_msg("failed: %s", text);
	}
	snprintf(path, sizeof(path), "%s/stacks.txt.partial", job.incident);
	assert_int_equal(faccessat(store.dirfd, path, F_OK, 0), -1);
	snprintf(path, sizeof(path), "%s/stacks.txt", job.incident);
	fd = openat(store.dirfd, path, O_RDONLY);
	assert_true(fd >= 0);
	assert_true(read(fd, head, sizeof(head) - 1) > 0);
	close(fd);
	snprintf(process, sizeof(process), "process %d target\n", (int)target);
	if (strncmp(head, process, strlen(process)))
		fail_msg("\"%s\" does not begin with \"%s\"", head, process);
	if (strncmp(text, "stacks of 1 process, 1 thread, ", 31) || !strstr(text, path) ||
		!strstr(text, "(stopped at most "))
		fail_msg("told: %s", text);
}

static void stacks_without_a_place_are_said(void **state)
{
	(void)state;
	close(store.dirfd);
	store.dirfd = -1;
	assert_int_equal(run(work_stacks), 1);
	expect("no stacks: No such file or directory");
}

static void stacks_without_time_leave_nothing(void **state)
{
	(void)state;
	job.deadline_usec = clock_now_usec();
	assert_int_equal(run(work_stacks), 1);
	expect("no stacks; no time for 1 more");
	assert_int_equal(count_incidents(), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(kind_none_is_said),
		CASE(auto_means_a_core),
		CASE(core_stays_as_it_is_where_that_is_asked_for),
		CASE(auto_falls_back_to_stacks),
		CASE(core_that_is_refused_is_no_stacks),
		CASE(nothing_relieves_a_native_program),
		CASE(profile_of_a_native_program_is_its_stacks),
		CASE(command_without_headroom_is_refused),
		CASE(full_store_is_refused),
		CASE(command_without_a_place_is_refused),
		CASE(command_that_writes_a_file_is_done),
		CASE(result_goes_to_the_incident_that_is_there),
		CASE(gone_target_is_said),
		CASE(stacks_are_whole_under_their_final_name),
		CASE(stacks_without_a_place_are_said),
		CASE(stacks_without_time_leave_nothing),
		CASE(next_dump_waits_or_takes_the_place),
		CASE(pause_is_bought_only_with_plenty),
		CASE(needs_are_learned),
		CASE(growth_meanwhile_counts),
		CASE(somebody_who_waits_gets_the_raw_core_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
