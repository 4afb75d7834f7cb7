/* SPDX-License-Identifier: Apache-2.0 */
#include "report/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"

/* Doubles hold whole numbers up to here exactly; nobody has 8 PiB of memory. */
#define NUMBER_MAX 9007199254740992.0
/* The year 9999 in seconds: more is a time in milliseconds. */
#define TIME_MAX_S 253402300799.0

static const struct {
	const char *name;
	bool needed;
} columns[CSV_COLUMNS] = {
	[CSV_TIME] = { "time_s", true },
	[CSV_NONRECLAIMABLE] = { "nonreclaimable_bytes", true },
	[CSV_USAGE] = { "usage_bytes", false },
	[CSV_LIMIT] = { "limit_bytes", false },
};

__attribute__((format(printf, 2, 3))) static int fail(struct csv *c, const char *format, ...)
{
	struct buf b = BUF_ON(c->error);
	va_list args;

	buf_reset(&b);
	buf_printf(&b, "%s:%" PRIu64 ": ", c->name, c->line);
	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
	return -EINVAL;
}

/* 1: a line without its end is in c->text; 0: no more. */
static int read_line(struct csv *c)
{
	size_t len;

	if (!fgets(c->text, sizeof(c->text), c->file)) {
		if (!ferror(c->file))
			return 0;
		c->line++;
		fail(c, "cannot be read: %s", strerror(errno));
		return -EIO;
	}
	c->line++;
	len = strlen(c->text);
	/* fgets ends with a newline, at the end of the buffer, or with the file. */
	if (len + 1 < sizeof(c->text) && (!len || c->text[len - 1] != '\n') && !feof(c->file))
		return fail(c, "a NUL byte: this is no CSV");
	if (len + 1 == sizeof(c->text) && c->text[len - 1] != '\n')
		return fail(c, "longer than %d bytes", CSV_LINE_MAX - 2);
	while (len && (c->text[len - 1] == '\n' || c->text[len - 1] == '\r'))
		c->text[--len] = '\0';
	return 1;
}

/* Without blanks and one pair of quotes around it. */
static char *trim(char *field)
{
	size_t len;

	field += strspn(field, " \t");
	len = strlen(field);
	while (len && (field[len - 1] == ' ' || field[len - 1] == '\t'))
		field[--len] = '\0';
	if (len >= 2 && field[0] == '"' && field[len - 1] == '"') {
		field[len - 1] = '\0';
		field++;
	}
	return field;
}

/* Cuts c->text into fields; how many. A comma inside of quotes cuts nothing. */
static unsigned cut_fields(struct csv *c, char *fields[CSV_COLUMNS_MAX])
{
	unsigned n = 0;
	bool quoted = false;
	char *begin = c->text;

	for (char *p = c->text;; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p && (*p != ',' || quoted))
			continue;
		bool last = !*p;

		*p = '\0';
		fields[n++] = trim(begin);
		begin = p + 1;
		if (last || n == CSV_COLUMNS_MAX)
			return n;
	}
}

int csv_open(struct csv *c, FILE *file, const char *name)
{
	static const char bom[] = "\xef\xbb\xbf";
	char *fields[CSV_COLUMNS_MAX];
	unsigned n;
	int r;

	memset(c, 0, sizeof(*c));
	c->file = file;
	c->name = name;
	r = read_line(c);
	if (r < 0)
		return r;
	if (!r) {
		c->line = 1;
		return fail(c, "empty: a header with time_s,nonreclaimable_bytes is needed");
	}
	if (!strncmp(c->text, bom, strlen(bom)))
		memmove(c->text, c->text + strlen(bom), strlen(c->text + strlen(bom)) + 1);
	n = cut_fields(c, fields);
	for (unsigned i = 0; i < CSV_COLUMNS; i++) {
		c->index[i] = -1;
		for (unsigned k = 0; k < n; k++) {
			if (strcmp(fields[k], columns[i].name))
				continue;
			if (c->index[i] >= 0)
				return fail(c, "two columns %s", columns[i].name);
			c->index[i] = (int)k;
		}
		if (columns[i].needed && c->index[i] < 0)
			return fail(c,
				"no column %s in the header (needed: time_s, nonreclaimable_bytes; "
				"optional: usage_bytes, limit_bytes)",
				columns[i].name);
	}
	return 0;
}

static int take_number(struct csv *c, const char *column, const char *text, double *ret_number)
{
	char *end;
	double number;

	/* strtod would take "0x10", "nan" and "infinity" too. */
	if (!text[strspn(text, "0123456789+-.eE")])
		number = strtod(text, &end);
	else
		return fail(c, "%s: '%.40s' is no number", column, text);
	if (end == text || *end)
		return fail(c, "%s: '%.40s' is no number", column, text);
	if (number < 0)
		return fail(c, "%s: '%.40s' is negative", column, text);
	if (!isfinite(number) || number > NUMBER_MAX)
		return fail(c, "%s: '%.40s' is too large", column, text);
	*ret_number = number;
	return 0;
}

static int take_time(struct csv *c, double seconds, struct csv_row *row)
{
	if (seconds > TIME_MAX_S)
		return fail(c, "time_s: too large; is it in milliseconds?");
	row->time_usec = (uint64_t)(seconds * (double)USEC_PER_SEC + 0.5);
	if (c->has_time && row->time_usec < c->last_time_usec)
		return fail(c, "time_s goes back");
	c->last_time_usec = row->time_usec;
	c->has_time = true;
	return 0;
}

static int take_row(struct csv *c, struct csv_row *row)
{
	char *fields[CSV_COLUMNS_MAX];
	unsigned n = cut_fields(c, fields);
	double number = 0;
	int r;

	for (unsigned i = 0; i < CSV_COLUMNS; i++) {
		const char *text =
			c->index[i] >= 0 && (unsigned)c->index[i] < n ? fields[c->index[i]] : "";

		if (!*text) {
			if (columns[i].needed)
				return fail(c, "no %s in this line", columns[i].name);
			continue;
		}
		r = take_number(c, columns[i].name, text, &number);
		if (r == 0 && i == CSV_TIME)
			r = take_time(c, number, row);
		if (r < 0)
			return r;
		row->bytes[i] = (uint64_t)number;
		row->has[i] = true;
	}
	return 1;
}

int csv_next(struct csv *c, struct csv_row *ret_row)
{
	struct csv_row row = { 0 };
	int r;

	do {
		r = read_line(c);
		if (r <= 0)
			return r;
	} while (!*trim(c->text));
	r = take_row(c, &row);
	if (r > 0)
		*ret_row = row;
	return r;
}
