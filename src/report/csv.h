/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a recorded curve line by line, in bounded memory: CSV with a header (RFC 4180 without line
 * breaks inside of fields) that names at least time_s and nonreclaimable_bytes, in any order,
 * beside whatever other columns. Numbers may have decimals and exponents, as exporters write them.
 */
#ifndef OOMGUARD_REPORT_CSV_H
#define OOMGUARD_REPORT_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CSV_LINE_MAX	8192
#define CSV_COLUMNS_MAX 64
#define CSV_ERROR_MAX	512

enum csv_column { CSV_TIME, CSV_NONRECLAIMABLE, CSV_USAGE, CSV_LIMIT, CSV_COLUMNS };

struct csv_row {
	uint64_t time_usec;
	uint64_t bytes[CSV_COLUMNS]; /* of the columns that hold bytes; CSV_TIME is not used */
	bool has[CSV_COLUMNS];	     /* optional ones may be absent or empty */
};

struct csv {
	FILE *file;		/* the caller's */
	const char *name;	/* for errors; the caller's */
	uint64_t line;		/* number of the newest line, from 1 */
	int index[CSV_COLUMNS]; /* which field it is; -1: not in the header */
	uint64_t last_time_usec;
	bool has_time;
	char text[CSV_LINE_MAX];
	char error[CSV_ERROR_MAX]; /* "NAME:LINE: reason" after a failure */
};

/* Reads the header. 0, or -EINVAL with c->error filled; file and name must outlive c. */
int csv_open(struct csv *c, FILE *file, const char *name);

/*
 * 1: a row is in *ret_row; 0: there are no more; -EINVAL: c->error says where and why (a field that
 * is no number or is missing, a time that goes back, a line that is too long or has a NUL in it),
 * -EIO when the file cannot be read. Empty lines are skipped.
 */
int csv_next(struct csv *c, struct csv_row *ret_row);

#endif
