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
#include "report/flight.h"

static char dir[64];
static int dirfd = -1;
static struct flight *shared;
static struct flight_file file;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/oomguard-flight.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	shared = flight_map();
	return dirfd < 0 || !shared;
}

static int tear_down(void **state)
{
	(void)state;
	if (file.fd >= 0)
		close(file.fd);
	unlinkat(dirfd, "flight.rec", 0);
	unlinkat(dirfd, "flight.bad", 0);
	close(dirfd);
	return rmdir(dir);
}

static void put_samples(unsigned n, uint64_t from_usec, uint64_t step_usec, uint64_t use)
{
	for (unsigned i = 0; i < n; i++) {
		const struct flight_sample s = {
			.wall_usec = from_usec + i * step_usec,
			.use_bytes = use + i,
			.limit_bytes = 1000,
		};

		flight_put_sample(shared, &s, false);
	}
}

static void put_life(uint64_t start, uint64_t last, uint64_t use, enum flight_end end)
{
	const struct flight_life life = {
		.start_wall_usec = start,
		.last_wall_usec = last,
		.limit_bytes = 1000,
		.last_use_bytes = use,
		.boot_id = 7,
		.end = end,
	};

	flight_put_life(shared, &life);
}

static void open_file(void)
{
	assert_int_equal(flight_file_open(&file, dirfd, MIB, 4 * MIB), 0);
}

static void reopen_file(void)
{
	close(file.fd);
	open_file();
}

static struct flight_log read_log(void)
{
	struct flight_log log;

	assert_int_equal(flight_read(dirfd, &log), 0);
	return log;
}

static void what_was_put_is_read_back(void **state)
{
	struct flight_log log;

	(void)state;
	open_file();
	put_samples(100, USEC_PER_SEC, 1000, 500);
	flight_put_event(shared, FLIGHT_LEVEL, 3, "dump level: 88%");
	put_life(1, 2, 599, FLIGHT_END_RUNNING);
	assert_int_equal(flight_file_flush(&file, shared), 0);
	log = read_log();
	assert_int_equal(log.n_samples, 100);
	assert_int_equal(log.samples[0].use_bytes, 500);
	assert_int_equal(log.samples[99].use_bytes, 599);
	assert_int_equal(log.n_events, 1);
	assert_string_equal(log.events[0].text, "dump level: 88%");
	assert_int_equal(log.n_lives, 1);
	assert_int_equal(log.damaged, 0);
	flight_log_free(&log);
}

static void a_stalled_companion_loses_the_oldest_only(void **state)
{
	struct flight_log log;

	(void)state;
	open_file();
	put_samples(1000, USEC_PER_SEC, 1000, 0);
	assert_int_equal(flight_file_flush(&file, shared), 0);
	log = read_log();
	assert_int_equal(log.samples[log.n_samples - 1].use_bytes, 999);
	assert_true(log.n_samples >= 256);
	flight_log_free(&log);
}

static void a_day_is_kept_in_minutes(void **state)
{
	struct flight_log log;

	(void)state;
	open_file();
	for (unsigned hour = 0; hour < 12; hour++) {
		for (unsigned i = 0; i < 3600; i += 200) {
			put_samples(200, (hour * 3600ull + i + 1) * USEC_PER_SEC, USEC_PER_SEC, 10);
			assert_int_equal(flight_file_flush(&file, shared), 0);
		}
	}
	log = read_log();
	assert_true(log.samples[0].wall_usec < 120 * USEC_PER_SEC);
	assert_true(log.samples[log.n_samples - 1].wall_usec > 11 * 3600 * USEC_PER_SEC);
	flight_log_free(&log);
}

static void lives_go_on_in_the_same_file(void **state)
{
	struct flight_log log;

	(void)state;
	open_file();
	for (unsigned life = 1; life <= 40; life++) {
		put_life(life * 100, life * 100 + 1, 1, FLIGHT_END_RUNNING);
		assert_int_equal(flight_file_flush(&file, shared), 0);
		put_life(life * 100, life * 100 + 50, 2, FLIGHT_END_CLEAN);
		assert_int_equal(flight_file_flush(&file, shared), 0);
		if (life % 2)
			reopen_file();
	}
	log = read_log();
	assert_int_equal(log.n_lives, FLIGHT_LIVES_MAX);
	assert_int_equal(log.lives[FLIGHT_LIVES_MAX - 1].start_wall_usec, 4000);
	for (unsigned i = 0; i < log.n_lives; i++) {
		assert_int_equal(log.lives[i].end, FLIGHT_END_CLEAN);
		assert_int_equal(log.lives[i].last_wall_usec, log.lives[i].start_wall_usec + 50);
	}
	flight_log_free(&log);
}

static void a_torn_record_is_skipped(void **state)
{
	struct flight_log log;
	const char junk[40] = "junk";

	(void)state;
	open_file();
	put_samples(10, USEC_PER_SEC, 1000, 0);
	assert_int_equal(flight_file_flush(&file, shared), 0);
	assert_int_equal(pwrite(file.fd, junk, sizeof(junk), 4096 + 300), (ssize_t)sizeof(junk));
	log = read_log();
	assert_in_range(log.n_samples, 8, 9);
	assert_in_range(log.damaged, 1, 2);
	flight_log_free(&log);
}

/* Cut off anywhere, the rest is read and nothing breaks. */
static void a_truncated_file_breaks_nothing(void **state)
{
	struct flight_log log;
	struct stat st;

	(void)state;
	open_file();
	put_samples(100, USEC_PER_SEC, 1000, 0);
	assert_int_equal(flight_file_flush(&file, shared), 0);
	assert_int_equal(fstat(file.fd, &st), 0);
	for (off_t len = st.st_size; len > 0; len -= 9973) {
		assert_int_equal(ftruncate(file.fd, len), 0);
		if (flight_read(dirfd, &log) == 0)
			flight_log_free(&log);
		reopen_file();
		assert_int_equal(flight_file_flush(&file, shared), 0);
	}
}

static void a_foreign_file_is_set_aside(void **state)
{
	struct flight_log log;
	int fd = openat(dirfd, "flight.rec", O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_int_equal(write(fd, "not a recorder", 14), 14);
	close(fd);
	assert_int_equal(flight_read(dirfd, &log), -EBADMSG);
	open_file();
	assert_int_equal(faccessat(dirfd, "flight.bad", F_OK, 0), 0);
	log = read_log();
	assert_int_equal(log.n_samples, 0);
	flight_log_free(&log);
}

/* A raised limit would make a larger one: what is there is worth more. */
static void another_size_of_ours_is_kept(void **state)
{
	struct flight_log log;
	struct stat before, after;

	(void)state;
	assert_int_equal(flight_file_open(&file, dirfd, 64 * KIB, 4 * MIB), 0);
	put_life(100, 150, 7, FLIGHT_END_OOM);
	assert_int_equal(flight_file_flush(&file, shared), 0);
	assert_int_equal(fstat(file.fd, &before), 0);
	close(file.fd);
	assert_int_equal(flight_file_open(&file, dirfd, 4 * MIB, 4 * MIB), 0);
	assert_int_equal(fstat(file.fd, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	log = read_log();
	assert_int_equal(log.n_lives, 1);
	flight_log_free(&log);
	close(file.fd);
	/* On memory a large one must go. */
	unlinkat(dirfd, "flight.rec", 0);
	assert_int_equal(flight_file_open(&file, dirfd, 4 * MIB, 4 * MIB), 0);
	close(file.fd);
	assert_int_equal(flight_file_open(&file, dirfd, 64 * KIB, 64 * KIB), 0);
	assert_int_equal(fstat(file.fd, &after), 0);
	assert_true(after.st_size <= 64 * 1024);
}

/* Whatever lies in its place: it is put aside, and nobody hangs in it. */
static void what_is_no_file_is_set_aside(void **state)
{
	struct flight_log log;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		if (i == 0)
			assert_int_equal(mkfifoat(dirfd, "flight.rec", 0600), 0);
		else if (i == 1)
			assert_int_equal(symlinkat("/dev/zero", dirfd, "flight.rec"), 0);
		else
			assert_int_equal(mkdirat(dirfd, "flight.rec", 0700), 0);
		assert_true(flight_read(dirfd, &log) < 0);
		open_file();
		log = read_log();
		assert_int_equal(log.n_samples, 0);
		flight_log_free(&log);
		unlinkat(dirfd, "flight.rec", 0);
		unlinkat(dirfd, "flight.bad", i == 2 ? AT_REMOVEDIR : 0);
		close(file.fd);
	}
	file.fd = -1;
}

static void the_same_life_has_one_record(void **state)
{
	struct flight_log log;

	(void)state;
	open_file();
	for (unsigned i = 0; i < 4; i++) { /* the companion is killed and started again */
		put_life(100, 110 + i, 1, FLIGHT_END_RUNNING);
		assert_int_equal(flight_file_flush(&file, shared), 0);
		reopen_file();
	}
	put_life(90, 95, 1, FLIGHT_END_RUNNING); /* the clock was set back */
	assert_int_equal(flight_file_flush(&file, shared), 0);
	log = read_log();
	assert_int_equal(log.n_lives, 2);
	assert_int_equal(log.lives[0].last_wall_usec, 113);
	assert_int_equal(log.lives[1].start_wall_usec, 90);
	flight_log_free(&log);
}

static void what_status_shows_is_read_back(void **state)
{
	char bytes[FLIGHT_LIVE_MAX] = "first";
	struct flight_log log;

	(void)state;
	open_file();
	for (unsigned i = 0; i < 5; i++) {
		bytes[0] = (char)('a' + i);
		flight_put_live(shared, bytes, 100 + i);
		assert_int_equal(flight_file_flush(&file, shared), 0);
	}
	log = read_log();
	assert_int_equal(log.live_size, 104);
	assert_int_equal(log.live[0], 'e');
	assert_true(log.live_wall_usec > 0);
	flight_log_free(&log);
}

static void a_note_is_taken_once_and_the_newest(void **state)
{
	char out[FLIGHT_NOTE_MAX], large[FLIGHT_NOTE_MAX] = { 0 };
	uint32_t taken = 0;

	(void)state;
	assert_int_equal(flight_take_note(shared, FLIGHT_NOTE_BUDGET, &taken, out), 0);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(large, sizeof(large), "note %u", i);
		assert_true(flight_put_note(shared, FLIGHT_NOTE_BUDGET, large, 6));
	}
	assert_int_equal(flight_take_note(shared, FLIGHT_NOTE_BUDGET, &taken, out), 6);
	assert_string_equal(out, "note 2");
	assert_int_equal(flight_take_note(shared, FLIGHT_NOTE_BUDGET, &taken, out), 0);
	assert_false(flight_put_note(shared, FLIGHT_NOTE_BUDGET, large, sizeof(large)));
	assert_false(flight_put_note(NULL, FLIGHT_NOTE_BUDGET, large, 6));
}

static void small_limits_get_small_files(void **state)
{
	const uint64_t sizes[] = { 64 * KIB, 256 * KIB, MIB, 4 * MIB };
	struct stat st;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(flight_file_open(&file, dirfd, sizes[i], sizes[i]), 0);
		assert_int_equal(fstat(file.fd, &st), 0);
		assert_true((uint64_t)st.st_size <= sizes[i]);
		close(file.fd);
		file.fd = -1;
		unlinkat(dirfd, "flight.rec", 0);
	}
}

static void the_end_of_a_life_is_judged(void **state)
{
	const struct {
		uint64_t use, boot_id;
		enum flight_end written, expected;
		bool signal;
	} rows[] = {
		{ 950, 7, FLIGHT_END_RUNNING, FLIGHT_END_OOM_GROUP, false },
		{ 300, 7, FLIGHT_END_RUNNING, FLIGHT_END_KILLED, false },
		{ 950, 7, FLIGHT_END_RUNNING, FLIGHT_END_CLEAN, true },
		{ 950, 8, FLIGHT_END_RUNNING, FLIGHT_END_REBOOT, false },
		{ 950, 7, FLIGHT_END_GUARDED, FLIGHT_END_GUARDED, false },
		{ 100, 7, FLIGHT_END_OOM, FLIGHT_END_OOM, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flight_event e = { .wall_usec = 150, .kind = FLIGHT_SIGNAL };
		struct flight_log log = { .events = &e, .n_events = rows[i].signal, .n_lives = 1 };

		log.lives[0] = (struct flight_life){ .start_wall_usec = 100,
			.limit_bytes = 1000,
			.last_use_bytes = rows[i].use,
			.boot_id = 7,
			.end = rows[i].written };
		assert_int_equal(flight_judge(&log, rows[i].boot_id), rows[i].expected);
	}
	assert_int_equal(flight_judge(&(struct flight_log){ 0 }, 7), FLIGHT_END_UNKNOWN);
}

int main(void)
{
#define WITH_FILE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_FILE(what_was_put_is_read_back),
		WITH_FILE(a_stalled_companion_loses_the_oldest_only),
		WITH_FILE(a_day_is_kept_in_minutes),
		WITH_FILE(lives_go_on_in_the_same_file),
		WITH_FILE(a_torn_record_is_skipped),
		WITH_FILE(a_truncated_file_breaks_nothing),
		WITH_FILE(a_foreign_file_is_set_aside),
		WITH_FILE(another_size_of_ours_is_kept),
		WITH_FILE(what_is_no_file_is_set_aside),
		WITH_FILE(the_same_life_has_one_record),
		WITH_FILE(what_status_shows_is_read_back),
		WITH_FILE(a_note_is_taken_once_and_the_newest),
		WITH_FILE(small_limits_get_small_files),
		cmocka_unit_test(the_end_of_a_life_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
