/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `oomguard explain`: what kernel logs and texts of Kubernetes say of out-of-memory kills,
 * together. Inputs may be of any size: kills are written as they are found, and what is kept is
 * bounded.
 */
#ifndef OOMGUARD_REPORT_EXPLAIN_H
#define OOMGUARD_REPORT_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define EXPLAIN_FOUND	   0
#define EXPLAIN_NONE	   1
#define EXPLAIN_UNREADABLE 65 /* EX_DATAERR of sysexits.h */

struct explain;

/* Results go to `out`, what could not be understood to `err`. NULL: no memory. */
struct explain *explain_new(bool json, FILE *out, FILE *err);
void explain_free(struct explain *x);

/* An input begins; `name` is for messages and outlives it. Bytes follow in pieces of any size. */
void explain_begin(struct explain *x, const char *name);
void explain_feed(struct explain *x, const char *bytes, size_t len);
void explain_end(struct explain *x);

/* The input at hand cannot be read (`error` as from errno). */
void explain_fail(struct explain *x, int error);

/* Verdict and advice; the exit status. */
int explain_finish(struct explain *x);

/* All of it: `files` ("-" is standard input, which it is too where there are none). */
int explain_run(char *const *files, unsigned n_files, bool json, FILE *out, FILE *err);

#endif
