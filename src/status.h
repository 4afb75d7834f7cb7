/* SPDX-License-Identifier: Apache-2.0 */
/* `oomguard status`: the state of the running guard, once or again and again. */
#ifndef OOMGUARD_STATUS_H
#define OOMGUARD_STATUS_H

#include <jansson.h>
#include <stdint.h>

#include "ask.h"
#include "base/buf.h"

#define STATUS_HISTORY	 512
#define STATUS_NO_SAMPLE UINT32_MAX

struct status {
	json_t *json;	   /* as /status has it; owned */
	uint64_t age_usec; /* of what is known */
	uint64_t seen_wall_usec;
	uint32_t history_bp[STATUS_HISTORY]; /* of the last seconds, or STATUS_NO_SAMPLE */
};

/* status_find.c: 0, or -errno after saying why on stderr: there is no guard. */
int status_find(const struct conf *conf, struct status *s);

/* status.c: the page as lines of text. Names of the active levels go to `levels`. */
unsigned status_levels(const json_t *status, struct buf *levels);
void status_print_page(const struct status *s, struct buf *out);
/* "88% of 256MiB ...; active: dump" */
void status_print_line(const struct status *s, struct buf *out);
/* {...}: json_dumps of it; the caller's to free, NULL: no memory. */
char *status_print_json(const struct status *s);

/* status_watch.c: until the guard is gone or a signal comes. The exit status. */
int status_watch(const struct cli *cli, const struct conf *conf);

/*
 * Pure. The last `columns` seconds as one character each, the last one rightmost; 0 to 100 % of the
 * limit in eight steps. plain: in ASCII.
 */
void status_sparkline(
	const uint32_t *history_bp, unsigned n, unsigned columns, bool plain, struct buf *out);
/* Pure. Copies the first line of `text`, cut to `columns` characters of UTF-8. What follows it. */
const char *status_cut(const char *text, unsigned columns, struct buf *out);

#endif
