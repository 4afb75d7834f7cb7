/* SPDX-License-Identifier: Apache-2.0 */
#include "http/exposition.h"

#include "base/units.h"

static const char *kind_name(enum kind kind, enum metrics_format format)
{
	static const char *const names[] = {
		[GAUGE] = "gauge",
		[COUNTER] = "counter",
		[INFO] = "info",
		[HISTOGRAM] = "histogram",
		[STATESET] = "stateset",
	};

	/* The older format has neither info nor stateset. */
	if (format == METRICS_PROMETHEUS && (kind == INFO || kind == STATESET))
		return names[GAUGE];
	return names[kind];
}

static const char *kind_suffix(enum kind kind)
{
	return kind == COUNTER ? "_total" : kind == INFO ? "_info" : "";
}

void put_head(struct writer *w, const struct family *f)
{
	/* The older format describes samples, OpenMetrics families. */
	const char *suffix = w->format == METRICS_PROMETHEUS ? kind_suffix(f->kind) : "";

	buf_printf(w->out, "# HELP oomguard_%s%s %s\n", f->name, suffix, f->help);
	buf_printf(w->out, "# TYPE oomguard_%s%s %s\n", f->name, suffix,
		kind_name(f->kind, w->format));
	if (w->format == METRICS_OPENMETRICS && f->unit)
		buf_printf(w->out, "# UNIT oomguard_%s %s\n", f->name, f->unit);
}

void put_name(struct writer *w, const struct family *f)
{
	buf_printf(w->out, "oomguard_%s%s", f->name, kind_suffix(f->kind));
}

/* Backslash, quote and newline are escaped; other control characters are no business of a label. */
void put_label(struct writer *w, const char *before, const char *name, const char *value)
{
	buf_printf(w->out, "%s%s=\"", before, name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buf_add(w->out, (const char[]){ '\\', *value }, 2);
		else if (*value == '\n')
			buf_puts(w->out, "\\n");
		else
			buf_add(w->out, (unsigned char)*value < ' ' ? "?" : value, 1);
	}
	buf_puts(w->out, "\"");
}

void put_number(struct writer *w, uint64_t value, enum scale scale)
{
	static const struct {
		unsigned whole;
		int digits;
	} scales[] = {
		[PLAIN] = { 1, 0 },
		[FROM_USEC] = { USEC_PER_SEC, 6 },
		[FROM_BP] = { BP_WHOLE, 4 },
		[FROM_PCT] = { 100, 2 },
	};
	unsigned whole = scales[scale].whole;

	buf_printf(w->out, " %llu", (unsigned long long)(value / whole));
	if (scales[scale].digits)
		buf_printf(w->out, ".%0*llu", scales[scale].digits,
			(unsigned long long)(value % whole));
	buf_puts(w->out, "\n");
}

void put_sample(struct writer *w, const struct family *f, const char *label, const char *of,
	uint64_t value, enum scale scale)
{
	put_name(w, f);
	if (label) {
		put_label(w, "{", label, of);
		buf_puts(w->out, "}");
	}
	put_number(w, value, scale);
}
