/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "fixture.h"
#include "store/learned.h"

#define HOUR (3600 * USEC_PER_SEC)
#define NOW  (UINT64_C(1700000000) * USEC_PER_SEC)

static char dir[48];
static int dirfd_;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/oomguard-book-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(dirfd_);
	fixture_remove(dir);
	return 0;
}

static struct learned entry_of(const char *kind, const char *comm, pid_t pid, const char *file)
{
	struct learned e = {
		.pid = pid,
		.start_ticks = 77,
		.wall_usec = NOW,
		.use_bytes = 100 * MIB,
		.rss_bytes = 90 * MIB,
		.file_bytes = 80 * MIB,
		.took_usec = 2 * USEC_PER_SEC,
		.pause_usec = USEC_PER_SEC,
		.headroom_bytes = 3 * MIB,
	};

	learned_set_words(&e, kind, comm);
	strcpy(e.file, file);
	return e;
}

static void what_is_saved_is_loaded(void **state)
{
	struct learned_book book = { .n = 0 }, back;
	struct learned e = entry_of("core", "a b", 7, "incidents/X/core-7.elf.zst");

	(void)state;
	assert_int_equal(learned_load(dirfd_, &back), 0);
	assert_int_equal(back.n, 0);
	learned_put(&book, &e);
	e = entry_of("signal", "python3", 8, "");
	learned_put(&book, &e);
	assert_int_equal(learned_save(dirfd_, &book), 0);
	assert_int_equal(learned_load(dirfd_, &back), 0);
	assert_int_equal(back.n, 2);
	for (unsigned i = 0; i < 2; i++)
		assert_memory_equal(&back.all[i], &book.all[i], sizeof(e));
	assert_ptr_equal(learned_find(&back, "core", "a b"), &back.all[0]);
	assert_ptr_equal(learned_find(&back, NULL, NULL), &back.all[1]);
	assert_null(learned_find(&back, "core", "python3"));
}

static void damage_costs_a_line(void **state)
{
	struct learned_book book;

	(void)state;
	fixture_write(dir, "dumps",
		"garbage\n"
		"core a 7 1 2 3 4 5 6 7 8 incidents/X/core-7.elf\n"
		"core a 7 1 2 3 4 5 6 7 8 /etc/passwd\n"
		"core a 7 1 2 3 4 5 6 7 8 incidents/X/f more\n"
		"core b 7 1 2 3 4 5 6 7 8 -\n"
		"core c 7 1 2 3");
	assert_int_equal(learned_load(dirfd_, &book), 0);
	assert_int_equal(book.n, 2);
	assert_string_equal(book.all[0].comm, "a");
	assert_string_equal(book.all[1].comm, "b");
	assert_string_equal(book.all[1].file, "");
	assert_int_equal(book.all[0].headroom_bytes, 8);
}

static void oldest_goes_when_it_is_full(void **state)
{
	struct learned_book book = { .n = 0 };

	(void)state;
	for (pid_t pid = 1; pid <= LEARNED_MAX + 3; pid++) {
		struct learned e = entry_of("core", "worker", pid, "");

		learned_put(&book, &e);
		learned_put(&book, &e);
	}
	assert_int_equal(book.n, LEARNED_MAX);
	assert_int_equal(book.all[0].pid, 4);
	assert_int_equal(book.all[LEARNED_MAX - 1].pid, LEARNED_MAX + 3);
}

static void cooldown_ends_by_time_or_by_a_new_mark(void **state)
{
	static const struct {
		const char *comm, *incident;
		uint64_t after_usec, use_bytes;
		bool cools;
	} cases[] = {
		{ "java", "", 1, 100 * MIB, true },
		{ "java", "incidents/Y", HOUR - 1, 100 * MIB, true },
		{ "java", "incidents/Y", HOUR, 100 * MIB, false },
		{ "java", "incidents/Y", 1, 105 * MIB, true },
		{ "java", "incidents/Y", 1, 106 * MIB, false },
		{ "java", "incidents/X", 1, 100 * MIB, false }, /* a sibling of the same dump */
		{ "java", "incidents/X-2", 1, 100 * MIB, true },
		{ "node", "incidents/Y", 1, 100 * MIB, false },
	};
	struct learned_book book = { .n = 0 };
	struct learned e = entry_of("hotspot", "java", 7, "incidents/X/hotspot-7.hprof.gz");
	struct conf conf;

	(void)state;
	conf_defaults(&conf);
	learned_put(&book, &e);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct learned *last = learned_cools(&book, &conf, cases[i].comm,
			NOW + cases[i].after_usec, cases[i].use_bytes, cases[i].incident);

		if ((last != NULL) != cases[i].cools)
			fail_msg("case %zu: %s", i, last ? "cools" : "does not cool");
	}
	/* The clock was an hour ahead. */
	assert_null(learned_cools(&book, &conf, "java", NOW - HOUR, 100 * MIB, ""));
	conf.dump.cooldown_usec = 0;
	assert_null(learned_cools(&book, &conf, "java", NOW + 1, 100 * MIB, ""));
}

static void time_grows_with_use(void **state)
{
	struct learned_book book = { .n = 0 };
	struct learned e = entry_of("core", "a", 7, "");

	(void)state;
	assert_int_equal(learned_expect_usec(&book, MIB), 0);
	e.took_usec = 9 * USEC_PER_SEC;
	learned_put(&book, &e);
	e.pid = 8; /* newer, of the same kind and name: that one counts */
	e.took_usec = 2 * USEC_PER_SEC;
	learned_put(&book, &e);
	assert_int_equal(learned_expect_usec(&book, 50 * MIB), 2 * USEC_PER_SEC);
	assert_int_equal(learned_expect_usec(&book, 200 * MIB), 4 * USEC_PER_SEC);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(what_is_saved_is_loaded),
		CASE(damage_costs_a_line),
		CASE(oldest_goes_when_it_is_full),
		CASE(cooldown_ends_by_time_or_by_a_new_mark),
		CASE(time_grows_with_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
