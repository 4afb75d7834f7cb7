/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "fixture.h"
#include "store/digest.h"
#include "store/index.h"

#define FIRST  "20261125T205844.123Z-dump"
#define SECOND "20261125T215844.123Z-dump"
/* printf hello | sha256sum */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static char dir[48];
static struct store store;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/oomguard-index-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	store = (struct store){ .lockfd = -1 };
	store.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fixture_write(dir, "incidents/" FIRST "/core-7.elf.zst", "hello");
	fixture_write(dir, "incidents/" FIRST "/snapshot.json", "{}");
	fixture_write(dir, "incidents/" SECOND "/hotspot-8.hprof.gz", "hello, too");
	return store.dirfd < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(store.dirfd);
	fixture_remove(dir);
	return 0;
}

static uint64_t soon(void)
{
	return clock_now_usec() + 10 * USEC_PER_SEC;
}

static int add(const char *incident, const char *file)
{
	struct index_entry e = {
		.incident = incident,
		.file = file,
		.kind = "core",
		.runtime = "native",
		.comm = "a \"b\"",
		.build_id = "abcd",
		.pid = 7,
		.raw_bytes = 10,
		.level = "dump",
		.wall_usec = 1,
		.use_bytes = 100,
		.limit_bytes = 200,
	};

	return index_add(&store, &e, soon());
}

/* "incident/file kind pid sha256" of entry i; NULL: there is none. */
static const char *told(size_t i)
{
	static char line[512];
	char path[128];
	json_t *all, *e;

	snprintf(path, sizeof(path), "%s/incidents/" INDEX_NAME, dir);
	all = json_load_file(path, 0, NULL);
	if (!all)
		fail_msg("no JSON");
	e = json_array_get(json_object_get(all, "files"), i);
	snprintf(line, sizeof(line), "%s/%s %s %d %s",
		json_string_value(json_object_get(e, "incident")),
		json_string_value(json_object_get(e, "file")),
		json_string_value(json_object_get(e, "kind")),
		(int)json_integer_value(json_object_get(e, "pid")),
		json_string_value(json_object_get(e, "sha256")));
	json_decref(all);
	return e ? line : NULL;
}

static void digest_is_that_of_sha256sum(void **state)
{
	char sum[DIGEST_TEXT_MAX];
	int fd = openat(store.dirfd, "incidents/" FIRST, O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_int_equal(digest_file(fd, "core-7.elf.zst", soon(), sum), 0);
	assert_string_equal(sum, HELLO);
	assert_int_equal(digest_file(fd, "core-7.elf.zst", 0, sum), -ETIMEDOUT);
	assert_int_equal(symlinkat("core-7.elf.zst", fd, "link"), 0);
	assert_int_equal(digest_file(fd, "link", soon(), sum), -ELOOP);
	assert_int_equal(digest_file(fd, ".", soon(), sum), -EINVAL);
	close(fd);
}

static void entries_come_and_go_with_their_files(void **state)
{
	struct stat st;

	(void)state;
	/* Where there was none it is made of all that is there. */
	assert_int_equal(add(FIRST, "core-7.elf.zst"), 0);
	assert_non_null(strstr(told(0), SECOND "/hotspot-8.hprof.gz hotspot 8 "));
	assert_non_null(told(1));
	assert_int_equal(unlinkat(store.dirfd, "incidents/" SECOND "/hotspot-8.hprof.gz", 0), 0);
	assert_int_equal(add(FIRST, "core-7.elf.zst"), 0);
	assert_string_equal(told(0), FIRST "/core-7.elf.zst core 7 " HELLO);
	assert_int_equal(fstatat(store.dirfd, "incidents/" INDEX_NAME, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(add(FIRST, "core-7.elf.zst"), 0); /* again: once */
	assert_null(told(1));
	assert_int_equal(unlinkat(store.dirfd, "incidents/" FIRST "/core-7.elf.zst", 0), 0);
	fixture_write(dir, "incidents/" SECOND "/hotspot-8.hprof.gz", "again");
	assert_int_equal(add(SECOND, "hotspot-8.hprof.gz"), 0);
	assert_non_null(strstr(told(0), SECOND "/hotspot-8.hprof.gz"));
	assert_null(told(1));
	assert_int_equal(add(SECOND, "not-there"), -ENOENT);
	assert_non_null(told(0));
}

static void damaged_index_is_made_anew(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{\"files\": 3}", "\377\376" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		fixture_write(dir, "incidents/" INDEX_NAME, texts[i]);
		assert_int_equal(add(SECOND, "hotspot-8.hprof.gz"), 0);
		assert_string_equal(told(0), FIRST "/core-7.elf.zst core 7 " HELLO);
		assert_non_null(strstr(told(1), SECOND "/hotspot-8.hprof.gz core 7 "));
		assert_null(told(2));
	}
}

/* Entries that would lead elsewhere are none. */
static void hostile_entries_are_dropped(void **state)
{
	(void)state;
	fixture_write(dir, "incidents/" INDEX_NAME,
		"{\"files\": [{\"incident\": \"..\", \"file\": \"x\"}, 3, {}, {\"incident\": "
		"\"" FIRST "\", \"file\": \"../" FIRST "/core-7.elf.zst\"}]}");
	assert_int_equal(add(SECOND, "hotspot-8.hprof.gz"), 0);
	assert_non_null(strstr(told(0), SECOND));
	assert_null(told(1));
}

static void dumps_are_known_by_name(void **state)
{
	(void)state;
	assert_true(index_is_dump("core-7.elf"));
	assert_true(index_is_dump("go-7.heap.pb.gz"));
	assert_false(index_is_dump("snapshot.json"));
	assert_false(index_is_dump("hotspot-7.threads.txt"));
	assert_false(index_is_dump("core-7.elf.partial"));
	assert_false(index_is_dump("lock"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(digest_is_that_of_sha256sum),
		CASE(entries_come_and_go_with_their_files),
		CASE(damaged_index_is_made_anew),
		CASE(hostile_entries_are_dropped),
		CASE(dumps_are_known_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
