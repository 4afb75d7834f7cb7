/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only user of inih. inih 55 cuts long lines and long section names, takes an indented key for
 * more of the value above, drops what stands behind "]" and reports a line number at most, so each
 * line is looked at before inih gets it: facts from its ini_parse_stream().
 */
#include "conf/ini.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/keys.h"
#include "conf/types.h"

#define BLANKS	    " \t\v\f\r"
#define SECTION_MAX 49 /* MAX_SECTION of inih, NUL left out */

struct reading {
	const char *file;
	FILE *stream;
	char *line; /* getline()'s */
	size_t line_size;
	unsigned line_number;
	struct conf *conf;
	struct buf *error;
	int r; /* the first failure ends it */
};

static int fail(struct reading *rd, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct reading *rd, int r, const char *format, ...)
{
	va_list args;

	buf_reset(rd->error);
	buf_printf(rd->error, "%s:%u: ", rd->file, rd->line_number);
	va_start(args, format);
	buf_vprintf(rd->error, format, args);
	va_end(args);
	rd->r = r;
	return r;
}

static int cannot_read(const char *file, int r, struct buf *error)
{
	buf_reset(error);
	buf_printf(error, "%s: cannot read: %s", file, strerror(-r));
	return r;
}

static char *skip_blanks(char *text)
{
	return text + strspn(text, BLANKS);
}

static void cut_blanks(char *text)
{
	size_t len = strlen(text);

	while (len && strchr(BLANKS "\n", text[len - 1]))
		text[--len] = '\0';
}

/* "[NAME]", blanks inside allowed, behind it nothing but a comment. */
static int check_section(struct reading *rd, const char *line)
{
	const char *end = strchr(line, ']');
	char reason[CONF_ERROR_MAX], name[SECTION_MAX + 1];
	struct buf why = BUF_ON(reason);
	char *trimmed;

	if (!end)
		return fail(rd, -EINVAL, "section without ] (allowed: [NAME])");
	if (end - line - 1 > SECTION_MAX)
		return fail(rd, -EINVAL, "section name of %zu bytes is too long (allowed: %d)",
			(size_t)(end - line - 1), SECTION_MAX);
	if (!strchr(";#", end[1 + strspn(end + 1, BLANKS)]))
		return fail(rd, -EINVAL, "text after ] (allowed: a comment)");
	snprintf(name, sizeof(name), "%.*s", (int)(end - line - 1), line + 1);
	trimmed = skip_blanks(name);
	cut_blanks(trimmed);
	if (conf_section_check(trimmed, &why) < 0)
		return fail(rd, -EINVAL, "%s", reason);
	return 0;
}

/* The next line without its end; 1, 0 at the end of the file, -errno. */
static int next_line(struct reading *rd)
{
	ssize_t len;

	errno = 0;
	len = getline(&rd->line, &rd->line_size, rd->stream);
	if (len < 0) {
		if (ferror(rd->stream) || errno)
			rd->r = cannot_read(rd->file, errno ? -errno : -EIO, rd->error);
		return rd->r;
	}
	rd->line_number++;
	if (strlen(rd->line) != (size_t)len)
		return fail(rd, -EINVAL, "NUL byte");
	cut_blanks(rd->line);
	return 1;
}

static int check_line(struct reading *rd, const char *line, size_t size)
{
	size_t allowed = MIN_OF((size_t)CONF_LINE_MAX, size - 2);

	if (strchr(BLANKS, *line))
		return fail(rd, -EINVAL,
			"indented (allowed: keys and sections begin in the first column)");
	if (strlen(line) > allowed)
		return fail(rd, -EINVAL,
			"line of %zu bytes is too long (allowed: %zu; put a long command into a "
			"script)",
			strlen(line), allowed);
	return *line == '[' ? check_section(rd, line) : 0;
}

/* inih's fgets. Comments come as empty lines, so that they may be of any length. */
static char *reader(char *out, int size, void *stream)
{
	static const char byte_order_mark[] = "\xEF\xBB\xBF";
	struct reading *rd = stream;
	char *line;

	if (rd->r < 0 || size < 3 || next_line(rd) <= 0)
		return NULL;
	line = rd->line;
	if (rd->line_number == 1 && !strncmp(line, byte_order_mark, strlen(byte_order_mark)))
		line += strlen(byte_order_mark);
	if (strchr(";#", *skip_blanks(line))) /* the NUL is found too */
		line[0] = '\0';
	else if (check_line(rd, line, (size_t)size) < 0)
		return NULL;
	snprintf(out, (size_t)size, "%s\n", line);
	return out;
}

static int take(struct reading *rd, const char *section, const char *key, const char *value)
{
	char reason[CONF_ERROR_MAX], name[SECTION_MAX + 1];
	struct buf why = BUF_ON(reason);
	char *trimmed;

	if (rd->r < 0)
		return 0;
	snprintf(name, sizeof(name), "%s", section);
	trimmed = skip_blanks(name);
	cut_blanks(trimmed);
	if (!*trimmed) {
		fail(rd, -EINVAL, "%s: key before the first [section]", key);
		return 0;
	}
	if (conf_set(rd->conf, trimmed, key, value ? value : "", &why) < 0) {
		fail(rd, -EINVAL, "%s", reason);
		return 0;
	}
	return 1;
}

/* Distributions build inih with and without the line number; ours is exact in both. */
#if INI_HANDLER_LINENO
static int handler(
	void *user, const char *section, const char *key, const char *value, int line_number)
{
	(void)line_number;
	return take(user, section, key, value);
}
#else
static int handler(void *user, const char *section, const char *key, const char *value)
{
	return take(user, section, key, value);
}
#endif

int ini_load(const char *file, struct conf *conf, struct buf *error)
{
	auto_fclose FILE *stream = fopen(file, "re");
	struct reading rd = { .file = file, .stream = stream, .conf = conf, .error = error };
	int bad_line;

	if (!stream)
		return cannot_read(file, -errno, error);
	bad_line = ini_parse_stream(reader, &rd, handler, &rd);
	free(rd.line);
	if (!rd.r && bad_line) {
		rd.line_number = bad_line > 0 ? (unsigned)bad_line : 0;
		fail(&rd, -EINVAL, "not understood (allowed: KEY = VALUE, [SECTION], ; comment)");
	}
	return rd.r;
}
