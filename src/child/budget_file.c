/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of a budget. Small, because the state directory may be nearly full. */
#include "child/budget.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#define BAD_NAME     "budget.bad"
#define VERSION_LINE "version=1\n"
#define SUM_KEY	     "checksum="

static const char *const end_names[] = {
	[END_UNKNOWN] = "unknown",
	[END_CLEAN] = "clean",
	[END_GUARDED] = "guarded",
	[END_OOM] = "oom",
	[END_KILLED] = "killed",
};

/* FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ . Against torn writes, not enemies.
 */
static uint32_t sum_of(const char *text, size_t len)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)text[i]) * 16777619u;
	return sum;
}

int budget_print(const struct budget *b, char *out, unsigned size)
{
	struct buf to = { .data = out, .size = size };

	buf_reset(&to);
	buf_puts(&to, VERSION_LINE);
	for (unsigned i = 0; i < b->n_times; i++)
		buf_printf(&to, "time_usec=%" PRIu64 "\n", b->times_wall_usec[i]);
	buf_printf(&to, "disarmed=%d\n", b->disarmed);
	buf_printf(&to, "disarm_next=%d\n", b->disarm_next);
	buf_printf(&to, "safe_bytes=%" PRIu64 "\n", b->safe_bytes);
	buf_printf(&to, "last_end=%s\n", end_names[b->last_end]);
	buf_printf(&to, "life_start_usec=%" PRIu64 "\n", b->life_start_wall_usec);
	buf_printf(&to, "in_life=%d\n", b->in_life);
	buf_printf(&to, SUM_KEY "%08" PRIx32 "\n", sum_of(out, to.len));
	return to.truncated ? -ENOSPC : (int)to.len;
}

static int parse_number(const char *text, size_t len, uint64_t *ret)
{
	uint64_t n = 0;

	if (len == 0)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EBADMSG;
		if (__builtin_mul_overflow(n, 10u, &n) ||
			__builtin_add_overflow(n, (unsigned)(text[i] - '0'), &n))
			return -EBADMSG;
	}
	*ret = n;
	return 0;
}

static int parse_end(const char *text, size_t len, enum budget_end *ret)
{
	for (unsigned i = 0; i < ARRAY_LEN(end_names); i++) {
		if (strlen(end_names[i]) == len && memcmp(text, end_names[i], len) == 0) {
			*ret = (enum budget_end)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static bool key_is(const char *line, size_t key_len, const char *key)
{
	return strlen(key) == key_len && memcmp(line, key, key_len) == 0;
}

static int parse_flag(const char *text, size_t len, bool *ret)
{
	if (len != 1 || (*text != '0' && *text != '1'))
		return -EBADMSG;
	*ret = *text == '1';
	return 0;
}

static int parse_line(const char *line, size_t len, struct budget *b)
{
	const char *equals = memchr(line, '=', len);
	const char *value;
	size_t key_len, value_len;

	if (!equals)
		return -EBADMSG;
	value = equals + 1;
	key_len = (size_t)(equals - line);
	value_len = len - key_len - 1;
	if (key_is(line, key_len, "time_usec")) {
		if (b->n_times == BUDGET_TIMES_MAX)
			return -EBADMSG;
		return parse_number(value, value_len, &b->times_wall_usec[b->n_times++]);
	}
	if (key_is(line, key_len, "safe_bytes"))
		return parse_number(value, value_len, &b->safe_bytes);
	if (key_is(line, key_len, "life_start_usec"))
		return parse_number(value, value_len, &b->life_start_wall_usec);
	if (key_is(line, key_len, "disarmed"))
		return parse_flag(value, value_len, &b->disarmed);
	if (key_is(line, key_len, "disarm_next"))
		return parse_flag(value, value_len, &b->disarm_next);
	if (key_is(line, key_len, "in_life"))
		return parse_flag(value, value_len, &b->in_life);
	if (key_is(line, key_len, "last_end"))
		return parse_end(value, value_len, &b->last_end);
	return 0; /* a newer guard's */
}

/* The last line is "checksum=%08x" of all before it; returns where it begins or NULL. */
static const char *find_checked_end(const char *text)
{
	size_t len = strlen(text), sum_len = strlen(SUM_KEY) + 8 + 1;
	char expected[32];
	const char *end;

	if (len < sum_len)
		return NULL;
	end = text + len - sum_len;
	snprintf(expected, sizeof(expected), SUM_KEY "%08" PRIx32 "\n",
		sum_of(text, (size_t)(end - text)));
	return strcmp(end, expected) == 0 ? end : NULL;
}

int budget_parse(const char *text, struct budget *ret)
{
	struct budget b = { .remembers = true };
	const char *end = find_checked_end(text);
	const char *newline;

	if (!end || strncmp(text, VERSION_LINE, strlen(VERSION_LINE)) != 0)
		return -EBADMSG;
	for (const char *line = text + strlen(VERSION_LINE); line < end; line = newline + 1) {
		int r;

		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			return -EBADMSG;
		r = parse_line(line, (size_t)(newline - line), &b);
		if (r < 0)
			return r;
	}
	*ret = b;
	return 0;
}

int budget_load(int state_dirfd, struct budget *ret)
{
	char text[BUDGET_TEXT_MAX];
	ssize_t n = state_dirfd < 0 ? -EBADF
				    : file_read_text(state_dirfd, BUDGET_FILE, text, sizeof(text));

	if (n == -ENOENT) {
		*ret = (struct budget){ .remembers = true };
		return 0;
	}
	if (n < 0 && n != -EFBIG)
		return (int)n;
	if (n >= 0 && strlen(text) == (size_t)n && budget_parse(text, ret) == 0)
		return 0;
	renameat(state_dirfd, BUDGET_FILE, state_dirfd, BAD_NAME);
	*ret = (struct budget){ .remembers = true };
	return -EBADMSG;
}

int budget_save(int state_dirfd, const struct budget *b)
{
	char text[BUDGET_TEXT_MAX];
	int len = budget_print(b, text, sizeof(text));

	if (state_dirfd < 0)
		return -EBADF;
	if (len < 0)
		return len;
	return file_write_whole(state_dirfd, BUDGET_FILE, text, (size_t)len, 1);
}
