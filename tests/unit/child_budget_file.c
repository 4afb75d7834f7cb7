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
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "child/budget.h"

struct place {
	char path[64];
	int fd;
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (!p)
		return -1;
	strcpy(p->path, "/tmp/oomguard-budget.XXXXXX");
	if (!mkdtemp(p->path))
		return -1;
	p->fd = open(p->path, O_DIRECTORY | O_CLOEXEC);
	*state = p;
	return p->fd < 0 ? -1 : 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	unlinkat(p->fd, "budget", 0);
	unlinkat(p->fd, "budget.bad", 0);
	close(p->fd);
	rmdir(p->path);
	free(p);
	return 0;
}

static struct budget full_budget(void)
{
	struct budget b = {
		.remembers = true,
		.n_times = BUDGET_TIMES_MAX,
		.disarmed = true,
		.disarm_next = true,
		.safe_bytes = UINT64_MAX,
		.last_end = END_GUARDED,
		.life_start_wall_usec = UINT64_MAX,
		.in_life = true,
	};

	for (unsigned i = 0; i < BUDGET_TIMES_MAX; i++)
		b.times_wall_usec[i] = UINT64_MAX - i;
	return b;
}

static void assert_same(const struct budget *a, const struct budget *b)
{
	assert_int_equal(a->n_times, b->n_times);
	for (unsigned i = 0; i < a->n_times; i++)
		assert_true(a->times_wall_usec[i] == b->times_wall_usec[i]);
	assert_int_equal(a->remembers, b->remembers);
	assert_int_equal(a->disarmed, b->disarmed);
	assert_int_equal(a->disarm_next, b->disarm_next);
	assert_true(a->safe_bytes == b->safe_bytes);
	assert_int_equal(a->last_end, b->last_end);
	assert_true(a->life_start_wall_usec == b->life_start_wall_usec);
	assert_int_equal(a->in_life, b->in_life);
}

static void what_is_printed_is_read_back(void **state)
{
	struct budget budgets[] = { { .remembers = true }, full_budget() };
	char text[BUDGET_TEXT_MAX];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(budgets); i++) {
		struct budget got = { 0 };
		int len = budget_print(&budgets[i], text, sizeof(text));

		assert_in_range(len, 1, BUDGET_TEXT_MAX - 1);
		assert_int_equal(strlen(text), len);
		assert_int_equal(budget_parse(text, &got), 0);
		assert_same(&got, &budgets[i]);
	}
}

static void every_end_is_read_back(void **state)
{
	char text[BUDGET_TEXT_MAX];

	(void)state;
	for (unsigned e = END_UNKNOWN; e <= END_KILLED; e++) {
		struct budget b = { .remembers = true, .last_end = e }, got = { 0 };

		assert_true(budget_print(&b, text, sizeof(text)) > 0);
		assert_int_equal(budget_parse(text, &got), 0);
		assert_int_equal(got.last_end, e);
	}
}

static void too_small_a_buffer_is_said(void **state)
{
	struct budget b = full_budget();
	char text[100];

	(void)state;
	assert_int_equal(budget_print(&b, text, sizeof(text)), -ENOSPC);
}

/* Every prefix is torn, every changed byte is foreign; neither is believed. */
static void torn_or_changed_is_never_believed(void **state)
{
	struct budget b = { .n_times = 2, .times_wall_usec = { 11, 22 }, .safe_bytes = 33 };
	struct budget got = { .n_times = 7 };
	char text[BUDGET_TEXT_MAX], copy[BUDGET_TEXT_MAX];
	int len = budget_print(&b, text, sizeof(text));

	(void)state;
	assert_true(len > 0);
	for (int i = 0; i < len; i++) {
		memcpy(copy, text, sizeof(copy));
		copy[i] = '\0';
		assert_int_equal(budget_parse(copy, &got), -EBADMSG);
		memcpy(copy, text, sizeof(copy));
		copy[i] ^= 1;
		assert_int_equal(budget_parse(copy, &got), -EBADMSG);
	}
	assert_int_equal(got.n_times, 7); /* untouched */
}

static uint32_t fnv1a(const char *text)
{
	uint32_t sum = 2166136261u;

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 16777619u;
	return sum;
}

static int parse_signed(const char *body, struct budget *got)
{
	char text[BUDGET_TEXT_MAX];

	snprintf(text, sizeof(text), "%schecksum=%08x\n", body, fnv1a(body));
	return budget_parse(text, got);
}

static void bodies_with_a_right_checksum(void **state)
{
	static const struct {
		const char *body;
		int want;
	} cases[] = {
		{ "version=1\n", 0 },
		{ "version=1\nsafe_bytes=5\n", 0 },
		{ "version=1\nfrom_the_future=x=y\nsafe_bytes=5\n", 0 },
		{ "version=2\nsafe_bytes=5\n", -EBADMSG },
		{ "safe_bytes=5\n", -EBADMSG },
		{ "", -EBADMSG },
		{ "version=1\nno equals sign\n", -EBADMSG },
		{ "version=1\nno newline=1", -EBADMSG },
		{ "version=1\nsafe_bytes=\n", -EBADMSG },
		{ "version=1\nsafe_bytes=-1\n", -EBADMSG },
		{ "version=1\nsafe_bytes=5 \n", -EBADMSG },
		{ "version=1\nsafe_bytes=18446744073709551615\n", 0 },
		{ "version=1\nsafe_bytes=18446744073709551616\n", -EBADMSG },
		{ "version=1\nsafe_bytes=99999999999999999999\n", -EBADMSG },
		{ "version=1\ndisarmed=2\n", -EBADMSG },
		{ "version=1\ndisarmed=10\n", -EBADMSG },
		{ "version=1\nlast_end=eaten\n", -EBADMSG },
		{ "version=1\nlast_end=oom\n", 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct budget got = { 0 };
		int r = parse_signed(cases[i].body, &got);

		if (r != cases[i].want)
			print_error("body: %s\n", cases[i].body);
		assert_int_equal(r, cases[i].want);
	}
}

static void more_times_than_fit_are_refused(void **state)
{
	char body[BUDGET_TEXT_MAX] = "version=1\n";
	struct budget got = { 0 };

	(void)state;
	for (unsigned i = 0; i < BUDGET_TIMES_MAX; i++)
		strcat(body, "time_usec=1\n");
	assert_int_equal(parse_signed(body, &got), 0);
	strcat(body, "time_usec=1\n");
	assert_int_equal(parse_signed(body, &got), -EBADMSG);
}

static void a_missing_file_is_a_fresh_budget(void **state)
{
	struct place *p = *state;
	struct budget b = { .n_times = 3 };

	assert_int_equal(budget_load(p->fd, &b), 0);
	assert_int_equal(b.n_times, 0);
	assert_true(b.remembers);
}

static void what_is_saved_is_loaded(void **state)
{
	struct place *p = *state;
	struct budget b = full_budget(), got = { 0 };
	struct stat st;

	assert_int_equal(budget_save(p->fd, &b), 0);
	assert_int_equal(budget_load(p->fd, &got), 0);
	assert_same(&got, &b);
	assert_int_equal(fstatat(p->fd, "budget", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void put_file(const struct place *p, const void *data, size_t len)
{
	auto_close int fd = openat(p->fd, "budget", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
}

static void a_bad_file_is_set_aside_once(void **state)
{
	struct place *p = *state;
	static char long_text[BUDGET_TEXT_MAX * 2];
	static const char with_nul[] = "version=1\n\0more";
	const struct {
		const void *data;
		size_t len;
	} bad[] = {
		{ "torn", 4 },
		{ "", 0 },
		{ with_nul, sizeof(with_nul) },
		{ memset(long_text, 'x', sizeof(long_text)), sizeof(long_text) },
	};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		struct budget b = { .n_times = 3 };

		put_file(p, bad[i].data, bad[i].len);
		assert_int_equal(budget_load(p->fd, &b), -EBADMSG);
		assert_int_equal(b.n_times, 0);
		assert_true(b.remembers);
		assert_int_equal(faccessat(p->fd, "budget.bad", F_OK, 0), 0);
		assert_int_equal(faccessat(p->fd, "budget", F_OK, 0), -1);
		assert_int_equal(budget_load(p->fd, &b), 0);
	}
}

static void no_place_is_an_error(void **state)
{
	struct budget b = { .n_times = 3 };

	(void)state;
	assert_int_equal(budget_load(-1, &b), -EBADF);
	assert_int_equal(b.n_times, 3);
	assert_int_equal(budget_save(-1, &b), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(every_end_is_read_back),
		cmocka_unit_test(too_small_a_buffer_is_said),
		cmocka_unit_test(torn_or_changed_is_never_believed),
		cmocka_unit_test(bodies_with_a_right_checksum),
		cmocka_unit_test(more_times_than_fit_are_refused),
		cmocka_unit_test_setup_teardown(
			a_missing_file_is_a_fresh_budget, make_place, remove_place),
		cmocka_unit_test_setup_teardown(what_is_saved_is_loaded, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
			a_bad_file_is_set_aside_once, make_place, remove_place),
		cmocka_unit_test(no_place_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
