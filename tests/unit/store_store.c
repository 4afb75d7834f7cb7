/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "store/store.h"

#define WALL_USEC (UINT64_C(1764104324) * USEC_PER_SEC)

static char base[64];
static struct conf conf;

static int make_base(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/oomguard-store-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	memset(&conf, 0, sizeof(conf));
	snprintf(conf.guard.state_dir, sizeof(conf.guard.state_dir), "%s/state/dir", base);
	conf.dump.keep = 2;
	conf.dump.max_bytes = GIB;
	return 0;
}

static void run_rm(const char *path)
{
	char command[STORE_PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

static int remove_base(void **state)
{
	(void)state;
	run_rm(base);
	return 0;
}

static void open_store(struct store *st)
{
	const char *why;

	assert_int_equal(store_open(st, &conf, &why), 0);
	assert_true(st->dirfd >= 0);
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void put_file(int dirfd, const char *name, size_t bytes)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	char *data = calloc(1, bytes + 1);

	assert_true(fd >= 0);
	assert_non_null(data);
	memset(data, 'x', bytes);
	assert_int_equal(write(fd, data, bytes), (ssize_t)bytes);
	free(data);
	close(fd);
}

static void makes_private_directories(void **state)
{
	char name[STORE_PATH_MAX], path[STORE_PATH_MAX * 2 + 16];
	struct store st;
	int fd;

	(void)state;
	open_store(&st);
	assert_string_equal(st.path, conf.guard.state_dir);
	assert_false(st.fallback);
	assert_int_equal(mode_of(st.path), 0700);
	fd = store_make_incident(&st, WALL_USEC, "dump", name);
	assert_true(fd >= 0);
	assert_string_equal(name, "20251125T205844.000Z-dump");
	snprintf(path, sizeof(path), "%s/incidents/%s", st.path, name);
	assert_int_equal(mode_of(path), 0700);
	close(fd);
	fd = store_make_incident(&st, WALL_USEC, "dump", name);
	assert_true(fd >= 0);
	assert_string_equal(name, "20251125T205844.000Z-dump-2");
	close(fd);
	store_close(&st);
	assert_int_equal(st.dirfd, -1);
}

static void refuses_a_level_that_leads_out(void **state)
{
	char name[STORE_PATH_MAX] = "untouched";
	struct store st;

	(void)state;
	open_store(&st);
	assert_int_equal(store_make_incident(&st, WALL_USEC, "../../x", name), -EINVAL);
	assert_string_equal(name, "untouched");
	store_close(&st);
}

static void second_guard_gets_its_own_directory(void **state)
{
	struct store a, b, c;
	char expected[STORE_PATH_MAX];

	(void)state;
	open_store(&a);
	open_store(&b);
	snprintf(expected, sizeof(expected), "%s/instance-2", conf.guard.state_dir);
	assert_string_equal(a.path, conf.guard.state_dir);
	assert_string_equal(b.path, expected);
	store_close(&a);
	open_store(&c); /* the first place is free again */
	assert_string_equal(c.path, conf.guard.state_dir);
	store_close(&b);
	store_close(&c);
}

static void symlink_in_place_of_incidents_is_not_followed(void **state)
{
	char victim[96], link[STORE_PATH_MAX], name[STORE_PATH_MAX], inside[128];
	const char *why;
	struct store st;
	struct stat s;

	(void)state;
	snprintf(victim, sizeof(victim), "%s/victim", base);
	assert_int_equal(mkdir(victim, 0755), 0);
	open_store(&st);
	snprintf(link, sizeof(link), "%.400s/incidents", st.path);
	assert_int_equal(rmdir(link), 0);
	assert_int_equal(symlink(victim, link), 0);
	assert_int_equal(store_make_incident(&st, WALL_USEC, "dump", name), -ELOOP);
	assert_int_equal(store_retain(&st, &conf), 0);
	store_close(&st);
	/* A guard that starts on it goes elsewhere and says so. */
	assert_int_equal(store_open(&st, &conf, &why), 0);
	assert_non_null(why);
	assert_non_null(strstr(why, conf.guard.state_dir));
	assert_true(st.fallback);
	run_rm(st.path);
	store_close(&st);
	snprintf(inside, sizeof(inside), "%s/20251125T205844.000Z-dump", victim);
	assert_int_equal(stat(inside, &s), -1);
}

static void symlinked_lock_is_refused(void **state)
{
	char lock[STORE_PATH_MAX], target[96], expected[STORE_PATH_MAX];
	struct store st;
	struct stat s;

	(void)state;
	open_store(&st);
	store_close(&st);
	snprintf(lock, sizeof(lock), "%s/lock", conf.guard.state_dir);
	snprintf(target, sizeof(target), "%s/made-through-link", base);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(symlink(target, lock), 0);
	open_store(&st);
	snprintf(expected, sizeof(expected), "%s/instance-2", conf.guard.state_dir);
	assert_string_equal(st.path, expected);
	assert_int_equal(stat(target, &s), -1);
	store_close(&st);
}

static void another_users_directory_is_refused(void **state)
{
	const char *why;
	struct store st;

	(void)state;
	if (geteuid() != 0)
		skip();
	open_store(&st);
	store_close(&st);
	assert_int_equal(chown(conf.guard.state_dir, 12345, 12345), 0);
	assert_int_equal(store_open(&st, &conf, &why), 0);
	assert_true(st.fallback);
	assert_non_null(strstr(why, "belongs to another user"));
	run_rm(st.path);
	store_close(&st);
}

static void unwritable_place_falls_back_to_memory(void **state)
{
	uint64_t free_bytes = 0;
	const char *why;
	struct store st;

	(void)state;
	/* Even root makes no directories there. */
	snprintf(conf.guard.state_dir, sizeof(conf.guard.state_dir), "/proc/oomguard-nowhere/x");
	assert_int_equal(store_open(&st, &conf, &why), 0);
	assert_non_null(why);
	assert_non_null(strstr(why, "/proc/oomguard-nowhere/x"));
	assert_true(st.fallback);
	assert_true(st.on_memory);
	assert_int_equal(strncmp(st.path, "/dev/shm/oomguard-", 18), 0);
	assert_int_equal(mode_of(st.path), 0700);
	assert_int_equal(store_has_room(&st, &conf, 512 * KIB, &free_bytes), 0);
	assert_int_equal(free_bytes, MIB);
	put_file(st.dirfd, "flight.rec", 768 * KIB);
	assert_int_equal(store_has_room(&st, &conf, 512 * KIB, &free_bytes), -ENOSPC);
	assert_int_equal(free_bytes, 256 * KIB);
	run_rm(st.path);
	store_close(&st);
}

static void room_respects_every_limit(void **state)
{
	char name[STORE_PATH_MAX];
	uint64_t free_bytes = 0, untouched = 7;
	struct store st, none = { .dirfd = -1 };
	int fd;

	(void)state;
	assert_int_equal(store_has_room(&none, &conf, 1, &untouched), -ENOENT);
	assert_int_equal(untouched, 7);
	open_store(&st);
	conf.dump.max_bytes = MIB;
	assert_int_equal(store_has_room(&st, &conf, MIB, &free_bytes), 0);
	assert_true(free_bytes > MIB);
	assert_int_equal(store_has_room(&st, &conf, MIB + 1, &free_bytes), -ENOSPC);
	fd = store_make_incident(&st, WALL_USEC, "dump", name);
	put_file(fd, "heap.bin", 512 * KIB);
	close(fd);
	assert_int_equal(store_has_room(&st, &conf, MIB, &free_bytes), -ENOSPC);
	assert_int_equal(store_has_room(&st, &conf, 512 * KIB, &free_bytes), 0);
	conf.dump.max_bytes = UINT64_MAX / 2;
	assert_int_equal(store_has_room(&st, &conf, free_bytes + GIB, &free_bytes), -ENOSPC);
	conf.dump.min_free_bp = BP_WHOLE;
	assert_int_equal(store_has_room(&st, &conf, 1, &free_bytes), -ENOSPC);
	store_close(&st);
}

static void retention_keeps_the_newest_and_what_is_not_ours(void **state)
{
	char name[STORE_PATH_MAX], secret[96], path[STORE_PATH_MAX * 2];
	struct store st;
	struct stat s;
	int fd, dirfd;

	(void)state;
	snprintf(secret, sizeof(secret), "%s/secret", base);
	open_store(&st);
	dirfd = open(base, O_RDONLY | O_DIRECTORY);
	put_file(dirfd, "secret", 10);
	close(dirfd);
	for (unsigned i = 0; i < 4; i++) {
		fd = store_make_incident(&st, WALL_USEC + i * USEC_PER_SEC, "dump", name);
		assert_true(fd >= 0);
		put_file(fd, "snapshot.json", 100);
		assert_int_equal(symlinkat(secret, fd, "link"), 0);
		close(fd);
	}
	dirfd = openat(st.dirfd, "incidents", O_RDONLY | O_DIRECTORY);
	assert_int_equal(mkdirat(dirfd, "lost+found", 0700), 0);
	/* Looks like ours, leads elsewhere. */
	assert_int_equal(symlinkat(base, dirfd, "20200101T000000.000Z-dump"), 0);
	assert_int_equal(store_retain(&st, &conf), 2);
	assert_int_equal(store_retain(&st, &conf), 0);
	assert_int_equal(fstatat(dirfd, name, &s, 0), 0);
	assert_int_equal(fstatat(dirfd, "20251125T205844.000Z-dump", &s, 0), -1);
	assert_int_equal(fstatat(dirfd, "20251125T205846.000Z-dump", &s, 0), 0);
	assert_int_equal(fstatat(dirfd, "lost+found", &s, 0), 0);
	assert_int_equal(stat(secret, &s), 0);
	conf.dump.keep = 0;
	conf.dump.max_bytes = 0;
	assert_int_equal(store_retain(&st, &conf), 1);
	snprintf(path, sizeof(path), "%.200s/incidents/%.100s/snapshot.json", st.path, name);
	assert_int_equal(stat(path, &s), 0);
	close(dirfd);
	store_close(&st);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_base, remove_base)
	const struct CMUnitTest tests[] = {
		CASE(makes_private_directories),
		CASE(refuses_a_level_that_leads_out),
		CASE(second_guard_gets_its_own_directory),
		CASE(symlink_in_place_of_incidents_is_not_followed),
		CASE(symlinked_lock_is_refused),
		CASE(another_users_directory_is_refused),
		CASE(unwritable_place_falls_back_to_memory),
		CASE(room_respects_every_limit),
		CASE(retention_keeps_the_newest_and_what_is_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
