/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel logs of any origin to the kills they tell of. Bounded memory, line by line; what several
 * hosts, or several kills of an old kernel, have mixed is told apart where the text allows it.
 */
#ifndef OOMGUARD_REPORT_KERNLOG_H
#define OOMGUARD_REPORT_KERNLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "report/kernlog_line.h"

struct kernlog;

/* One process killed. Called in the order of the text; `kill` is the callee's for the call only. */
typedef void (*kernlog_taker)(const struct kernlog_facts *kill, void *arg);

/* NULL: no memory. kernlog_free(NULL) is allowed. */
struct kernlog *kernlog_new(kernlog_taker take, void *arg);
void kernlog_free(struct kernlog *k);

/*
 * One line, NUL-terminated. `host` is NULL where only the line itself can name one. True: the line
 * belongs to the account of an out-of-memory kill.
 */
bool kernlog_take_line(struct kernlog *k, const char *line, const char *host);

/* The end of an input: what was announced and not confirmed is a kill; nothing is carried over. */
void kernlog_end(struct kernlog *k);

#endif
