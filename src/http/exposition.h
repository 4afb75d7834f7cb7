/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the two formats of metrics: families, samples, labels, numbers. Pure.
 */
#ifndef OOMGUARD_HTTP_EXPOSITION_H
#define OOMGUARD_HTTP_EXPOSITION_H

#include "http/metrics.h"

enum kind { GAUGE, COUNTER, INFO, HISTOGRAM, STATESET };
enum scale { PLAIN, FROM_USEC, FROM_BP, FROM_PCT };

struct family {
	const char *name; /* without oomguard_, _total and _info, as OpenMetrics has it */
	enum kind kind;
	const char *unit; /* NULL: none; the name ends with it */
	const char *help;
};

struct writer {
	const struct guard_view *view;
	enum metrics_format format;
	struct buf *out;
};

/* HELP, TYPE and UNIT. */
void put_head(struct writer *w, const struct family *f);
/* The name of a sample, with the suffix of its kind. */
void put_name(struct writer *w, const struct family *f);
/* before: "{" or ","; value is escaped. */
void put_label(struct writer *w, const char *before, const char *name, const char *value);
/* A blank, the number, the end of the line. Basis points become a ratio, microseconds seconds. */
void put_number(struct writer *w, uint64_t value, enum scale scale);
/* A whole sample of a family with at most one label (NULL: none). */
void put_sample(struct writer *w, const struct family *f, const char *label, const char *of,
	uint64_t value, enum scale scale);

#endif
