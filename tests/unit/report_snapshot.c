/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "proc/proc.h"
#include "report/snapshot.h"

#define DOCUMENT_MAX (256 * 1024)

static struct conf conf;
static struct cgroup cgroup;
static struct tree tree;
static char document[DOCUMENT_MAX];

static struct snapshot_input make_input(void)
{
	struct snapshot_input in = {
		.conf = &conf,
		.cgroup = &cgroup,
		.sample = {
			.use_bytes = 200 * MIB,
			.limit_bytes = 256 * MIB,
			.headroom_bytes = 56 * MIB,
		},
		.limit_source = "/sys/fs/cgroup/memory.max",
		.level = "dump",
		.reason = "dump level: 78% of 256MiB \"not\" reclaimable\n",
		.wall_usec = UINT64_C(1764104324123000),
		.growth_bytes_per_sec = -5,
		.eta_usec = 1500000,
		.life_age_usec = 61000000,
		.child = getpid(),
	};

	memset(&cgroup, 0, sizeof(cgroup));
	memset(&cgroup.levels[0].fd, 0xff, sizeof(cgroup.levels[0].fd));
	memset(&cgroup.levels[1].fd, 0xff, sizeof(cgroup.levels[1].fd));
	cgroup.version = CGROUP_V2;
	cgroup.n_levels = 2;
	strcpy(cgroup.levels[0].path, "/sys/fs/cgroup/a\"b");
	strcpy(cgroup.levels[1].path, "/sys/fs/cgroup");
	cgroup.levels[0].stat.anon = 150 * MIB;
	cgroup.levels[0].last = (struct cgroup_level_use){
		.usage_bytes = 210 * MIB,
		.use_bytes = 200 * MIB,
		.limit_bytes = 256 * MIB,
		.max_bytes = 256 * MIB,
		.high_bytes = CGROUP_NO_LIMIT,
	};
	return in;
}

static json_t *parse(const char *text, size_t len)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		fail_msg("no JSON: %s at %d of %zu: %.200s", error.text, error.position, len, text);
	return root;
}

/* "memory.components.anon"; a number is an index. */
static json_t *find(json_t *root, const char *path)
{
	char copy[128], *save = NULL;
	json_t *at = root;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *part = strtok_r(copy, ".", &save); part && at; part = strtok_r(NULL, ".", &save))
		at = json_is_array(at) ? json_array_get(at, (size_t)atoi(part))
				       : json_object_get(at, part);
	return at;
}

static const struct {
	const char *path;
	char type; /* s, i, r, b, n(ull) */
	const char *text;
	double number;
} golden[] = {
	{ "version", 'i', NULL, 1 },
	{ "time", 's', "2025-11-25T20:58:44.123Z", 0 },
	{ "level", 's', "dump", 0 },
	{ "reason", 's', "dump level: 78% of 256MiB \"not\" reclaimable\n", 0 },
	{ "complete", 'b', NULL, 0 },
	{ "limit.bytes", 'i', NULL, 256.0 * 1048576 },
	{ "limit.source", 's', "/sys/fs/cgroup/memory.max", 0 },
	{ "memory.use_bytes", 'i', NULL, 200.0 * 1048576 },
	{ "memory.usage_bytes", 'i', NULL, 210.0 * 1048576 },
	{ "memory.headroom_bytes", 'i', NULL, 56.0 * 1048576 },
	{ "memory.growth_bytes_per_second", 'i', NULL, -5 },
	{ "memory.time_to_limit_seconds", 'r', NULL, 1.5 },
	{ "memory.components.anon", 'i', NULL, 150.0 * 1048576 },
	{ "memory.components.workingset_refault_file", 'i', NULL, 0 },
	{ "levels.0.path", 's', "/sys/fs/cgroup/a\"b", 0 },
	{ "levels.0.high_bytes", 'n', NULL, 0 },
	{ "levels.0.max_bytes", 'i', NULL, 256.0 * 1048576 },
	{ "levels.1.path", 's', "/sys/fs/cgroup", 0 },
	{ "events", 'n', NULL, 0 },
	{ "events_local", 'n', NULL, 0 },
	{ "pressure", 'n', NULL, 0 },
	{ "application.age_seconds", 'r', NULL, 61 },
};

static void memory_part_has_the_documented_fields(void **state)
{
	struct snapshot_input in = make_input();
	size_t len = snapshot_write_memory(&in, document, sizeof(document));
	json_t *root = parse(document, len);

	(void)state;
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		json_t *v = find(root, golden[i].path);

		if (!v)
			fail_msg("%s is missing in %s", golden[i].path, document);
		if (golden[i].type == 's')
			assert_string_equal(json_string_value(v), golden[i].text);
		else if (golden[i].type == 'n' ? !json_is_null(v)
			 : golden[i].type == 'b'
				 ? !json_is_boolean(v)
				 : json_number_value(v) < golden[i].number - 1e-6 ||
					   json_number_value(v) > golden[i].number + 1e-6)
			fail_msg("%s is %s, not %f", golden[i].path, json_dumps(v, JSON_ENCODE_ANY),
				golden[i].number);
	}
	assert_false(json_boolean_value(find(root, "complete")));
	assert_null(find(root, "processes"));
	json_decref(root);
}

static void unknown_values_are_null(void **state)
{
	static const char *const paths[] = { "limit.bytes", "memory.headroom_bytes",
		"memory.time_to_limit_seconds", "memory.usage_bytes", "memory.components" };
	struct snapshot_input in = make_input();
	json_t *root;

	(void)state;
	in.sample.limit_bytes = in.sample.headroom_bytes = CGROUP_NO_LIMIT;
	in.eta_usec = UINT64_MAX;
	cgroup.n_levels = 0;
	root = parse(document, snapshot_write_memory(&in, document, sizeof(document)));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (!json_is_null(find(root, paths[i])))
			fail_msg("%s is not null in %s", paths[i], document);
	}
	assert_int_equal(json_array_size(find(root, "levels")), 0);
	json_decref(root);
}

/* A child that has taken a hostile name and waits for its end. */
static pid_t start_named(const char *name)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void lists_processes_with_hostile_names(void **state)
{
	static const char *const names[] = { "a\"b\\c", "x) S 1 (y", "\x01\n\xff\xfe", "{[]}" };
	struct snapshot_input in = make_input();
	int procfd = proc_open_root();
	pid_t pids[4];
	json_t *root;

	(void)state;
	tree.n = 0;
	for (size_t i = 0; i < 4; i++)
		tree.pids[tree.n++] = pids[i] = start_named(names[i]);
	tree.pids[tree.n++] = 0x3ffffffe; /* one that has vanished */
	root = parse(
		document, snapshot_write(&in, procfd, &tree, clock_now_usec() + 10 * USEC_PER_SEC,
				  document, sizeof(document)));
	for (size_t i = 0; i < 4; i++)
		end_child(pids[i]);
	assert_true(json_boolean_value(find(root, "complete")));
	assert_true(json_integer_value(find(root, "node.mem_total_bytes")) > 0);
	assert_int_equal(json_array_size(find(root, "processes")), 4);
	assert_int_equal(json_integer_value(find(root, "processes_rest.count")), 0);
	for (size_t i = 0; i < 4; i++) {
		json_t *p = json_array_get(find(root, "processes"), i);
		json_int_t pid = json_integer_value(find(p, "pid"));

		assert_int_equal(json_integer_value(find(p, "ppid")), getpid());
		assert_true(json_integer_value(find(p, "rss_bytes")) > 0);
		assert_true(json_integer_value(find(p, "threads")) == 1);
		assert_true(json_integer_value(find(p, "fds")) >= 3);
		assert_true(json_is_integer(find(p, "age_seconds")));
		assert_true(json_is_string(find(p, "command")));
		if (pid == pids[0])
			assert_string_equal(json_string_value(find(p, "comm")), names[0]);
		if (pid == pids[1])
			assert_string_equal(json_string_value(find(p, "comm")), names[1]);
	}
	json_decref(root);
	close(procfd);
}

static void largest_process_comes_first(void **state)
{
	struct snapshot_input in = make_input();
	int procfd = proc_open_root();
	pid_t small = start_named("small");
	json_int_t last = INT64_MAX;
	json_t *root, *list;
	char *ballast = malloc(32 * MIB);

	(void)state;
	memset(ballast, 1, 32 * MIB);
	tree.n = 2;
	tree.pids[0] = small;
	tree.pids[1] = getpid();
	root = parse(
		document, snapshot_write(&in, procfd, &tree, clock_now_usec() + 10 * USEC_PER_SEC,
				  document, sizeof(document)));
	end_child(small);
	list = find(root, "processes");
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_integer_value(find(list, "0.pid")), getpid());
	for (size_t i = 0; i < 2; i++) {
		json_t *p = json_array_get(list, i);
		json_t *pss = find(p, "pss_bytes");
		json_int_t weight =
			json_integer_value(json_is_null(pss) ? find(p, "rss_bytes") : pss);

		assert_true(weight <= last);
		last = weight;
	}
	json_decref(root);
	free(ballast);
	close(procfd);
}

static void more_than_the_list_holds_is_counted(void **state)
{
	struct snapshot_input in = make_input();
	int procfd = proc_open_root();
	json_t *root;

	(void)state;
	tree.n = 0;
	while (tree.n < 250)
		tree.pids[tree.n++] = getpid();
	root = parse(
		document, snapshot_write(&in, procfd, &tree, clock_now_usec() + 60 * USEC_PER_SEC,
				  document, sizeof(document)));
	assert_true(json_boolean_value(find(root, "complete")));
	assert_int_equal(json_array_size(find(root, "processes")), 200);
	assert_int_equal(json_integer_value(find(root, "processes_rest.count")), 50);
	assert_true(json_integer_value(find(root, "processes_rest.rss_bytes")) > 0);
	json_decref(root);
	close(procfd);
}

static void no_time_left_is_not_complete(void **state)
{
	struct snapshot_input in = make_input();
	int procfd = proc_open_root();
	json_t *root;

	(void)state;
	tree.n = 1;
	tree.pids[0] = getpid();
	root = parse(document, snapshot_write(&in, procfd, &tree, 0, document, sizeof(document)));
	assert_false(json_boolean_value(find(root, "complete")));
	assert_int_equal(json_array_size(find(root, "processes")), 0);
	assert_int_equal(json_integer_value(find(root, "processes_rest.count")), 1);
	assert_non_null(find(root, "memory.components.anon"));
	json_decref(root);
	close(procfd);
}

static void put_file(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* A /proc of eight processes, because thousands of real looks take a minute with a sanitizer. */
static int make_proc(char path[])
{
	int procfd;

	assert_non_null(mkdtemp(path));
	procfd = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(procfd >= 0);
	put_file(procfd, "meminfo", "MemTotal: 1000 kB\nMemAvailable: 500 kB\n");
	for (tree.n = 0; tree.n < 8; tree.n++) {
		char name[16], stat[256];
		int dirfd;

		tree.pids[tree.n] = 101 + (pid_t)tree.n;
		snprintf(name, sizeof(name), "%d", (int)tree.pids[tree.n]);
		snprintf(stat, sizeof(stat),
			"%s (w\"o\\rk) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 9999 %u 0 0 0 0 "
			"0 "
			"0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n",
			name, 100 + tree.n);
		assert_int_equal(mkdirat(procfd, name, 0700), 0);
		dirfd = openat(procfd, name, O_RDONLY | O_DIRECTORY);
		put_file(dirfd, "stat", stat);
		put_file(dirfd, "status", "Name:\tw\nVmRSS:\t 400 kB\nRssAnon:\t 300 kB\n");
		put_file(dirfd, "cmdline", "work\n-Xmx1g");
		close(dirfd);
	}
	return procfd;
}

/* The smallest rooms: a whole document, or nothing; never a byte outside. */
static void every_size_gives_json_or_nothing(void **state)
{
	struct snapshot_input in = make_input();
	char path[] = "/tmp/oomguard-snapshot-XXXXXX", command[64];
	int procfd = make_proc(path);
	bool was_complete = false;

	(void)state;
	for (size_t size = 64; size <= 8192; size++) {
		size_t len;

		memset(document, 'Z', size + 16);
		len = snapshot_write_memory(&in, document, size);
		assert_true(len < size);
		if (len)
			json_decref(parse(document, len));
		memset(document, 'Z', size + 16);
		len = snapshot_write(
			&in, procfd, &tree, clock_now_usec() + 60 * USEC_PER_SEC, document, size);
		assert_true(len < size);
		assert_int_equal(document[len], '\0');
		for (size_t i = size; i < size + 16; i++)
			assert_int_equal(document[i], 'Z');
		if (len) {
			json_t *root = parse(document, len);

			was_complete = json_boolean_value(find(root, "complete")) &&
				       json_array_size(find(root, "processes")) == 8;
			json_decref(root);
		} else {
			assert_true(size < 512);
		}
	}
	assert_true(was_complete);
	close(procfd);
	snprintf(command, sizeof(command), "rm -r '%s'", path);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_part_has_the_documented_fields),
		cmocka_unit_test(unknown_values_are_null),
		cmocka_unit_test(lists_processes_with_hostile_names),
		cmocka_unit_test(largest_process_comes_first),
		cmocka_unit_test(more_than_the_list_holds_is_counted),
		cmocka_unit_test(no_time_left_is_not_complete),
		cmocka_unit_test(every_size_gives_json_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
