/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of any origin into lines of bounded length. Pure. */
#ifndef OOMGUARD_REPORT_LINES_H
#define OOMGUARD_REPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* The kernel's own lines are 1 to 2 KiB at most; a JSON line of a log collector holds more. */
#define LINES_MAX 65536

/* `text` is NUL-terminated and has neither a newline nor a NUL in it (those became '?'). */
typedef void (*lines_taker)(const char *text, size_t len, void *arg);

struct lines {
	lines_taker take;
	void *arg;
	size_t len;
	bool overlong; /* the line at hand had more than fits: its rest is left out */
	char text[LINES_MAX];
};

void lines_init(struct lines *l, lines_taker take, void *arg);
/* Calls `take` for each line that is complete. Carriage returns before a newline and
 * colours are dropped. */
void lines_feed(struct lines *l, const char *bytes, size_t len);
/* The last line, where no newline ends it. */
void lines_end(struct lines *l);

#endif
