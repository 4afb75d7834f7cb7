/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

struct stage {
	int fds[2];
	char text[2 * 65536];
};

static int set_up(void **state)
{
	struct stage *st = calloc(1, sizeof(*st));

	if (!st || pipe2(st->fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(st->fds[0], F_SETFL, O_NONBLOCK);
	log_set_fd(st->fds[1]);
	log_init(LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG);
	*state = st;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *st = *state;

	log_set_fd(STDERR_FILENO);
	close(st->fds[0]);
	close(st->fds[1]);
	free(st);
	return 0;
}

/* All that is in the pipe, as text. */
static const char *written(struct stage *st)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(st->fds[0], st->text + len, sizeof(st->text) - 1 - len)) > 0)
		len += (size_t)n;
	st->text[len] = '\0';
	return st->text;
}

static void text_lines_name_what_is_wrong(void **state)
{
	struct stage *st = *state;

	log_error("a %d", 1);
	log_warning("b");
	log_notice("c");
	log_info("d");
	log_debug("e");
	assert_string_equal(written(st), "oomguard: error: a 1\noomguard: warning: b\noomguard: c\n"
					 "oomguard: d\noomguard: e\n");
}

static void quiet_levels_are_not_written(void **state)
{
	struct stage *st = *state;

	log_init(LOG_FORMAT_TEXT, LOG_LEVEL_WARNING);
	assert_true(log_enabled(LOG_LEVEL_ERROR));
	assert_true(log_enabled(LOG_LEVEL_WARNING));
	assert_false(log_enabled(LOG_LEVEL_NOTICE));
	log_notice("c");
	assert_string_equal(written(st), "");
	log_warning("b");
	assert_string_equal(written(st), "oomguard: warning: b\n");
}

static void one_event_is_one_line(void **state)
{
	struct stage *st = *state;

	log_notice("a\nb\x1b[2J\tc\n");
	assert_string_equal(written(st), "oomguard: a?b?[2J c\n");
}

static void json_is_escaped(void **state)
{
	struct stage *st = *state;
	const char *text;

	log_init(LOG_FORMAT_JSON, LOG_LEVEL_DEBUG);
	log_warning("pid 7 (%s)", "a\"\n\xFF");
	text = written(st);
	assert_memory_equal(text, "{\"time\":\"20", 11);
	assert_string_equal(strstr(text, "Z\","),
		"Z\",\"level\":\"warning\",\"message\":\"pid 7 (a\\\"\\n\xEF\xBF\xBD)\"}\n");
}

static void long_lines_are_cut_and_still_whole(void **state)
{
	struct stage *st = *state;
	char message[3 * LOG_LINE_MAX];

	memset(message, '"', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	log_notice("%s", message);
	assert_int_equal(strlen(written(st)), LOG_LINE_MAX);
	assert_int_equal(st->text[LOG_LINE_MAX - 1], '\n');
	log_init(LOG_FORMAT_JSON, LOG_LEVEL_DEBUG);
	log_notice("%s", message);
	assert_in_range(strlen(written(st)), LOG_LINE_MAX - 1, LOG_LINE_MAX);
	assert_string_equal(st->text + strlen(st->text) - 5, "\\\"\"}\n");
}

static void errno_is_kept(void **state)
{
	struct stage *st = *state;

	errno = ENOSPC;
	log_notice("disk: %m");
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(written(st), "oomguard: disk: No space left on device\n");
	log_set_fd(-1);
	errno = EEXIST;
	log_notice("nowhere");
	assert_int_equal(errno, EEXIST);
}

static void fill(int fd)
{
	char page[4096];

	memset(page, '.', sizeof(page));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, page, sizeof(page)) > 0)
		;
	fcntl(fd, F_SETFL, 0);
}

static void a_full_pipe_does_not_block(void **state)
{
	struct stage *st = *state;

	fill(st->fds[1]);
	/* Ends the test program where the log would wait for ever. */
	alarm(20);
	log_notice("lost");
	log_notice("lost too");
	alarm(0);
	assert_null(strstr(written(st), "lost"));
	log_notice("back");
	assert_string_equal(written(st),
		"oomguard: warning: 2 log lines dropped: nobody was reading\noomguard: back\n");
	log_notice("again");
	assert_string_equal(written(st), "oomguard: again\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_lines_name_what_is_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(quiet_levels_are_not_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_event_is_one_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(json_is_escaped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			long_lines_are_cut_and_still_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(errno_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_pipe_does_not_block, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
