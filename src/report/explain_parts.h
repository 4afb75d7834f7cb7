/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the parts of explain; nobody else's. */
#ifndef OOMGUARD_REPORT_EXPLAIN_PARTS_H
#define OOMGUARD_REPORT_EXPLAIN_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report/findings.h"
#include "report/kernlog.h"
#include "report/lines.h"
#include "report/pod.h"

/* A document of JSON or YAML, kept until it is complete. A list of 5,000 pods has about 40 MiB. */
#define EXPLAIN_DOCUMENT_MAX (64u << 20)

enum explain_kind { EXPLAIN_TEXT, EXPLAIN_JSON, EXPLAIN_YAML };

/* Kills that are remembered, for inputs that overlap; older ones give way. */
#define EXPLAIN_TOLD 32768

struct explain_told {
	uint64_t hash;
	unsigned input; /* which told it, from 1; 0: none */
};

struct explain {
	bool json;
	FILE *out, *err;

	/* the input at hand */
	const char *name;
	size_t n_line, first_line; /* first_line: the first that is not blank, 0: none yet */
	size_t n_understood, n_bytes, n_odd_bytes;
	unsigned n_doubts;
	struct {
		enum explain_kind kind;
		char *text;
		size_t len, size, first_line;
	} document;
	struct lines lines;

	/* all of it */
	bool unreadable;
	unsigned n_written, n_input;
	struct explain_told told[EXPLAIN_TOLD];
	struct kernlog *kernlog;
	struct podtext podtext;
	struct findings findings;
};

/* explain_input.c: a line to whom it concerns. */
void explain_take_line(struct explain *x, const char *line, size_t len);
void explain_end_document(struct explain *x);
void explain_take_kill(const struct kernlog_facts *kill, void *x);
void explain_take_pod(const struct pod *pod, void *x);

/*
 * explain_told.c: true when an earlier input told of the same kill (dmesg and the journal of one
 * node); within one input nothing is held to be the same.
 */
bool explain_was_told(struct explain *x, const struct kernlog_facts *kill);

/* explain_output.c */
void explain_write_start(struct explain *x);
void explain_write_kill(struct explain *x, const struct kernlog_facts *kill);
/* Verdict and advice, and kills that only Kubernetes has told of. */
void explain_write_end(struct explain *x);

#endif
