/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fixture.h"
#include "tally.h"

static void what_is_printed_is_read_back(void **state)
{
	struct tally t = { 0 }, back = { 0 };
	char text[TALLY_TEXT_MAX];

	(void)state;
	for (unsigned i = 0; i < VIEW_RESTARTS; i++)
		t.restarts[i] = 10 + i;
	for (unsigned i = 0; i < VIEW_EXITS; i++)
		t.exits[i] = 20 + i;
	for (unsigned i = 0; i < VIEW_KILLS; i++)
		t.kills[i] = UINT64_MAX - i;
	for (unsigned i = 0; i < VIEW_LIVES; i++)
		t.lives[i] = UINT64_MAX - 10 - i;
	for (unsigned i = 0; i < VIEW_DUMPS; i++) {
		t.dumps[i][0] = 40 + i;
		t.dumps[i][1] = 50 + i;
	}
	t.last_oom_wall_usec = t.dump_usec = t.dump_bytes = UINT64_MAX;
	for (unsigned i = 0; i < VIEW_CAUSES; i++)
		t.diagnoses[i] = 60 + i;
	t.verdict = (struct tally_verdict){ 2, 70, UINT64_MAX - 1, UINT64_MAX, 5 };
	assert_true(tally_print(&t, text, sizeof(text)) > 0);
	tally_parse(text, &back);
	assert_memory_equal(&t, &back, sizeof(t));
	assert_int_equal(tally_print(&t, text, 20), -ENOSPC);
}

static void what_is_odd_is_skipped(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"restarts.level x\n",
		"restarts.level -1\n",
		"restarts.level 99999999999999999999999\n",
		"restarts.level 3 4\n",
		"restarts.level  3\n",
		"restarts.leve 3\n",
		"restarts.levels 3\n",
		"restarts.level 3", /* torn */
		"\x01\xff",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
		struct tally t = { .restarts = { 7 } };

		tally_parse(texts[i], &t);
		if (t.restarts[0] != 7)
			fail_msg("%s was taken", texts[i]);
	}
}

static void only_dumps_are_counted_as_such(void **state)
{
	struct tally t = { 0 };

	(void)state;
	tally_dump(&t, ACTION_SNAPSHOT, true, 5, 105);
	assert_int_equal(t.dump_usec, 0);
	tally_dump(&t, ACTION_HEAP_DUMP, true, 5, 105);
	tally_dump(&t, ACTION_HEAP_DUMP, false, 6, 106);
	tally_dump(&t, ACTION_STACKS, true, 7, 107);
	assert_int_equal(t.dumps[0][0], 1);
	assert_int_equal(t.dumps[0][1], 1);
	assert_string_equal(tally_dump_name(0), "heap-dump");
	assert_int_equal(t.dumps[3][0], 1);
	assert_string_equal(tally_dump_name(3), "stacks");
	assert_int_equal(t.dump_usec, 7);
	assert_null(tally_dump_name(VIEW_DUMPS));
	assert_int_equal(t.dump_bytes, 107); /* of the last one that was complete */
}

static void looks_fall_into_the_bucket_of_their_bound(void **state)
{
	const uint64_t *bounds = view_bucket_bounds_usec();
	struct tally t = { 0 };

	(void)state;
	for (unsigned i = 0; i < VIEW_BUCKETS; i++)
		tally_look(&t, bounds[i], 1);
	tally_look(&t, bounds[VIEW_BUCKETS - 1] + 1, 2);
	for (unsigned i = 0; i <= VIEW_BUCKETS; i++)
		assert_int_equal(t.look_buckets[i], 1);
	assert_int_equal(t.look_count, VIEW_BUCKETS + 1);
	assert_int_equal(t.pause_usec, 2);
}

static void it_is_kept_in_a_directory(void **state)
{
	char dir[] = "/tmp/oomguard-tally.XXXXXX";
	struct tally t = { .kills = { 3 } }, back = { 0 };
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tally_load(fd, &back), 0);
	assert_int_equal(tally_save(fd, &t), 0);
	assert_int_equal(tally_load(fd, &back), 0);
	assert_int_equal(back.kills[0], 3);
	assert_int_equal(tally_load(-1, &back), 0);
	assert_int_equal(tally_save(-1, &back), 0);
	close(fd);
	fixture_remove(dir);
}

static void diagnoses_are_counted_and_the_last_one_is_kept(void **state)
{
	struct tally t = { 0 };

	(void)state;
	tally_diagnosis(&t, &(struct tally_verdict){ .cause = 2, .confidence_pct = 70 });
	tally_diagnosis(&t, &(struct tally_verdict){ .cause = 2, .wall_usec = 9 });
	assert_int_equal(t.diagnoses[2], 2);
	assert_int_equal(t.verdict.wall_usec, 9);
	assert_string_equal(tally_cause_name(2), "leak");
	tally_diagnosis(&t, &(struct tally_verdict){ .cause = VIEW_CAUSES, .wall_usec = 10 });
	assert_int_equal(t.verdict.wall_usec, 9);
	tally_diagnosis(&t, &(struct tally_verdict){ .cause = 0, .wall_usec = 11 });
	assert_int_equal(t.diagnoses[0], 0);
	assert_int_equal(t.verdict.wall_usec, 11);
	assert_null(tally_cause_name(VIEW_CAUSES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(what_is_odd_is_skipped),
		cmocka_unit_test(only_dumps_are_counted_as_such),
		cmocka_unit_test(diagnoses_are_counted_and_the_last_one_is_kept),
		cmocka_unit_test(looks_fall_into_the_bucket_of_their_bound),
		cmocka_unit_test(it_is_kept_in_a_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
