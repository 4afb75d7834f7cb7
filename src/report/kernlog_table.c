/* SPDX-License-Identifier: Apache-2.0 */
#include "report/kernlog_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define PROBES 16

static const char *const column_names[KERNLOG_N_COLUMNS] = {
	[KERNLOG_COLUMN_UID] = "uid",
	[KERNLOG_COLUMN_ADJ] = "oom_score_adj",
};

static const enum kernlog_number column_numbers[KERNLOG_N_COLUMNS] = {
	[KERNLOG_COLUMN_UID] = KERNLOG_UID,
	[KERNLOG_COLUMN_ADJ] = KERNLOG_OOM_SCORE_ADJ,
};

/* The text behind "[ pid ]" or "[  pid  ]", whatever the blanks; NULL: not there. */
static const char *find_pid_title(const char *line)
{
	for (const char *at = strchr(line, '['); at; at = strchr(at + 1, '[')) {
		const char *word = at + 1 + strspn(at + 1, " ");

		if (strncmp(word, "pid", 3) != 0)
			continue;
		word += 3;
		word += strspn(word, " ");
		if (*word == ']')
			return word + 1;
	}
	return NULL;
}

bool kernlog_table_read_header(struct kernlog_table *t, const char *line)
{
	const char *at = find_pid_title(line);
	int position = 0;
	size_t len;

	if (!at)
		return false;
	for (unsigned c = 0; c < KERNLOG_N_COLUMNS; c++)
		t->at[c] = -1;
	t->headed = false;
	for (at += strspn(at, " \t"); *at; at += len, at += strspn(at, " \t")) {
		len = strcspn(at, " \t");
		if (len == 4 && !strncmp(at, "name", 4)) {
			t->n_between = position;
			t->headed = true;
			return true;
		}
		for (unsigned c = 0; c < KERNLOG_N_COLUMNS; c++)
			if (len == strlen(column_names[c]) && !strncmp(at, column_names[c], len))
				t->at[c] = position;
		position++;
	}
	/* Cut before the name: rows cannot be told from each other's columns. */
	return true;
}

/* `at` is behind a '[': "  123] 0 123 ... name" with all columns of the header. */
static bool read_row_at(const struct kernlog_table *t, const char *at, struct kernlog_row *ret_row)
{
	struct kernlog_row row = { 0 };
	long long value;
	char *end;

	at += strspn(at, " ");
	if (!isdigit((unsigned char)*at))
		return false;
	errno = 0;
	row.pid = strtoll(at, &end, 10);
	end += strspn(end, " ");
	if (errno || *end != ']')
		return false;
	at = end + 1;
	for (int i = 0; i < t->n_between; i++) {
		value = strtoll(at, &end, 10);
		if (end == at || errno || (*end != ' ' && *end != '\t'))
			return false;
		for (unsigned c = 0; c < KERNLOG_N_COLUMNS; c++)
			if (t->at[c] == i)
				row.value[c] = value;
		at = end;
	}
	buf_copy(row.comm, sizeof(row.comm), at + strspn(at, " \t"));
	*ret_row = row;
	return row.pid > 0;
}

static void keep_row(struct kernlog_table *t, const struct kernlog_row *row)
{
	uint64_t first = (uint64_t)row->pid % KERNLOG_TABLE_ROWS;
	struct kernlog_row *slot;

	for (unsigned i = 0; i < PROBES; i++) {
		slot = &t->rows[(first + i) % KERNLOG_TABLE_ROWS];
		if (!slot->pid || slot->pid == row->pid) {
			*slot = *row;
			return;
		}
	}
	t->rows[first] = *row;
}

bool kernlog_table_read_row(struct kernlog_table *t, const char *line)
{
	struct kernlog_row row;

	if (!t->headed)
		return false;
	/* Brackets of a time stamp or a caller in front hold something else than a bare number. */
	for (const char *at = strchr(line, '['); at; at = strchr(at + 1, '[')) {
		if (!read_row_at(t, at + 1, &row))
			continue;
		keep_row(t, &row);
		return true;
	}
	return false;
}

void kernlog_table_fill(const struct kernlog_table *t, struct kernlog_facts *facts)
{
	const struct kernlog_row *row;
	uint64_t first;

	if (!facts->told[KERNLOG_PID] || facts->number[KERNLOG_PID] <= 0)
		return;
	first = (uint64_t)facts->number[KERNLOG_PID] % KERNLOG_TABLE_ROWS;
	for (unsigned i = 0; i < PROBES; i++) {
		row = &t->rows[(first + i) % KERNLOG_TABLE_ROWS];
		if (row->pid != facts->number[KERNLOG_PID])
			continue;
		for (unsigned c = 0; c < KERNLOG_N_COLUMNS; c++) {
			enum kernlog_number n = column_numbers[c];

			if (t->at[c] < 0 || facts->told[n])
				continue;
			facts->told[n] = true;
			facts->number[n] = row->value[c];
		}
		if (!facts->text[KERNLOG_COMM][0])
			buf_copy(facts->text[KERNLOG_COMM], KERNLOG_TEXT_MAX, row->comm);
		return;
	}
}
