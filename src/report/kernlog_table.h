/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of tasks in a kernel log, read by the names of its columns: they were added and dropped
 * with nearly every kernel (cpu and oom_adj, nr_ptes, nr_pmds, pgtables_bytes, rss_anon ...).
 */
#ifndef OOMGUARD_REPORT_KERNLOG_TABLE_H
#define OOMGUARD_REPORT_KERNLOG_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "report/kernlog_line.h"

/* A node's table may name more; rows of other processes then give way. */
#define KERNLOG_TABLE_ROWS 8192
#define KERNLOG_TABLE_COMM 24

enum kernlog_column {
	KERNLOG_COLUMN_UID,
	KERNLOG_COLUMN_ADJ,
	KERNLOG_N_COLUMNS,
};

struct kernlog_row {
	int64_t pid; /* 0: no row */
	int64_t value[KERNLOG_N_COLUMNS];
	char comm[KERNLOG_TABLE_COMM];
};

struct kernlog_table {
	bool headed;		   /* a header has been seen, rows can be read */
	int n_between;		   /* columns between the pid and the name */
	int at[KERNLOG_N_COLUMNS]; /* position among them, -1: this kernel has no such column */
	struct kernlog_row rows[KERNLOG_TABLE_ROWS];
};

/* True when `line` is a header: "[ pid ]   uid  tgid ... name". */
bool kernlog_table_read_header(struct kernlog_table *t, const char *line);

/* True when `line` is a whole row below the header seen last; it is kept. */
bool kernlog_table_read_row(struct kernlog_table *t, const char *line);

/* uid, oom_score_adj and name of the pid in *facts, as far as they are untold and in the table. */
void kernlog_table_fill(const struct kernlog_table *t, struct kernlog_facts *facts);

#endif
