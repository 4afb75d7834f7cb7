/* SPDX-License-Identifier: Apache-2.0 */
#include "report/plot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "report/html.h"
#include "report/render.h"

/* The area of the curve, in percent: above it marks, below it times, right of it names of levels.
 */
#define LEFT	      1.0
#define RIGHT	      88.0
#define TOP	      9.0
#define BOTTOM	      91.0
#define LABEL_SPACE   5.0 /* percent of the height between two names */
#define MARK_SPACE    7.0 /* percent of the width between two marks */
#define POINTS_MAX    500u
#define FAR_LIMIT     20
#define BYTE_LINES    5
#define TIME_LINES    4
#define BYTES_AT_MOST (UINT64_MAX / 4)

static uint64_t known(uint64_t bytes)
{
	return bytes == INCIDENT_UNKNOWN ? 0 : MIN_OF(bytes, BYTES_AT_MOST);
}

static uint64_t time_step(uint64_t span_usec)
{
	static const uint32_t seconds[] = { 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600,
		7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000 };

	for (size_t i = 0; i < ARRAY_LEN(seconds); i++)
		if (span_usec / (seconds[i] * USEC_PER_SEC) <= TIME_LINES)
			return seconds[i] * USEC_PER_SEC;
	return MAX_OF(span_usec / TIME_LINES, USEC_PER_SEC);
}

void plot_scale(const struct incident *in, uint64_t from_usec, uint64_t to_usec, struct plot *ret)
{
	struct plot p = { .from_usec = from_usec, .to_usec = to_usec, .step_bytes = 4 * KIB };
	uint64_t limit = known(in->limit_bytes), most = 0;

	for (unsigned i = 0; i < in->n_samples; i++) {
		const struct flight_sample *s = &in->samples[i];

		if (s->wall_usec < from_usec || s->wall_usec > to_usec)
			continue;
		most = MAX_OF(most, MAX_OF(known(s->use_bytes), known(s->usage_bytes)));
		limit = MAX_OF(limit, known(s->limit_bytes));
	}
	if (limit / FAR_LIMIT <= most)
		most = MAX_OF(most, limit);
	p.top_bytes = MAX_OF(most + most / 20, 64 * KIB);
	while (p.top_bytes / p.step_bytes > BYTE_LINES)
		p.step_bytes *= 2;
	/* One moment only: a second around it. */
	if (p.to_usec <= p.from_usec) {
		p.from_usec -= MIN_OF(p.from_usec, USEC_PER_SEC / 2);
		p.to_usec = p.from_usec + USEC_PER_SEC;
	}
	p.step_usec = time_step(p.to_usec - p.from_usec);
	*ret = p;
}

double plot_x(const struct plot *p, uint64_t wall_usec)
{
	uint64_t at = MIN_OF(MAX_OF(wall_usec, p->from_usec), p->to_usec) - p->from_usec;

	return LEFT + (RIGHT - LEFT) * (double)at / (double)(p->to_usec - p->from_usec);
}

double plot_y(const struct plot *p, uint64_t bytes)
{
	return BOTTOM - (BOTTOM - TOP) * (double)MIN_OF(bytes, p->top_bytes) / (double)p->top_bytes;
}

static void write_grid(const struct plot *p, FILE *out)
{
	char text[CLOCK_TEXT_MAX];
	bool odd = false;
	uint64_t at = (p->from_usec / p->step_usec + 1) * p->step_usec;

	for (uint64_t bytes = 0; bytes <= p->top_bytes; bytes += p->step_bytes)
		fprintf(out,
			"<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.2f%%\" "
			"y2=\"%.2f%%\"/>\n",
			LEFT, RIGHT, plot_y(p, bytes), plot_y(p, bytes));
	for (; at < p->to_usec; at += p->step_usec) {
		double x = plot_x(p, at);

		fprintf(out,
			"<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.2f%%\" "
			"y2=\"%.2f%%\"/>\n",
			x, x, TOP, BOTTOM);
		clock_print_rfc3339(text, at);
		/* Hours and minutes, seconds where they count, else the day. */
		if (p->step_usec < 60 * USEC_PER_SEC)
			text[19] = '\0';
		else if (p->step_usec < 86400 * USEC_PER_SEC)
			text[16] = '\0';
		else
			text[10] = '\0';
		if (x < LEFT + 4 || x > RIGHT - 2)
			continue;
		fprintf(out,
			"<text class=\"tick%s\" x=\"%.2f%%\" y=\"97%%\" "
			"text-anchor=\"middle\">%s</text>\n",
			odd ? " odd" : "", x,
			p->step_usec < 86400 * USEC_PER_SEC ? text + 11 : text);
		odd = !odd;
	}
}

/* Over the curve, so that it is read there too. */
static void write_scale_names(const struct plot *p, FILE *out)
{
	for (uint64_t bytes = p->step_bytes; bytes <= p->top_bytes; bytes += p->step_bytes)
		fprintf(out,
			"<text class=\"tick\" x=\"%.2f%%\" y=\"%.2f%%\" dx=\"3\" "
			"dy=\"-3\">%s</text>\n",
			LEFT, plot_y(p, bytes), units_human_bytes(bytes).s);
}

/* What is stacked, from below. */
static const struct part {
	const char *class;
	size_t offset;
} parts[] = {
	{ "anon", offsetof(struct flight_sample, anon_bytes) },
	{ "shmem", offsetof(struct flight_sample, shmem_bytes) },
	{ "kernel", offsetof(struct flight_sample, kernel_bytes) },
	{ "rest", 0 }, /* of the usage: page cache above all */
};

static uint64_t stacked(const struct flight_sample *s, size_t n)
{
	uint64_t sum = 0, value;

	for (size_t i = 0; i < n; i++) {
		if (!parts[i].offset)
			return MAX_OF(sum, known(s->usage_bytes));
		memcpy(&value, (const char *)s + parts[i].offset, sizeof(value));
		sum = MIN_OF(sum + known(value), BYTES_AT_MOST);
	}
	return sum;
}

static void write_point(const struct plot *p, char op, uint64_t usec, uint64_t bytes, FILE *out)
{
	/* The shapes are drawn in thousandths, stretched to the drawing. */
	fprintf(out, "%c%.1f %.1f", op, plot_x(p, usec) * 10, plot_y(p, bytes) * 10);
}

static void write_shapes(const struct plot *p, const struct flight_sample *s, unsigned n, FILE *out)
{
	bool has_limit = false;

	fputs("<svg class=\"shapes\" x=\"0\" y=\"0\" width=\"100%\" height=\"100%\" "
	      "viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\">\n",
		out);
	for (size_t part = 0; n && part < ARRAY_LEN(parts); part++) {
		fprintf(out, "<path class=\"%s\" d=\"", parts[part].class);
		for (unsigned i = 0; i < n; i++)
			write_point(
				p, i ? 'L' : 'M', s[i].wall_usec, stacked(&s[i], part + 1), out);
		for (unsigned i = n; i-- > 0;)
			write_point(p, 'L', s[i].wall_usec, stacked(&s[i], part), out);
		fputs("Z\"/>\n", out);
	}
	if (n) {
		fputs("<path class=\"use\" d=\"", out);
		for (unsigned i = 0; i < n; i++)
			write_point(p, i ? 'L' : 'M', s[i].wall_usec, known(s[i].use_bytes), out);
		fputs("\"/>\n<path class=\"limit\" d=\"", out);
	}
	for (unsigned i = 0; i < n; i++) {
		uint64_t limit = known(s[i].limit_bytes);
		uint64_t until = i + 1 < n ? s[i + 1].wall_usec : p->to_usec;

		if (limit && limit <= p->top_bytes) {
			write_point(p, has_limit ? 'L' : 'M', i ? s[i].wall_usec : p->from_usec,
				limit, out);
			write_point(p, 'L', until, limit, out);
			has_limit = true;
		}
	}
	fputs(n ? "\"/>\n</svg>\n" : "</svg>\n", out);
}

/* From the top down, each name at its line or below the one before. */
static void write_levels(const struct incident *in, const struct plot *p, FILE *out)
{
	double y, free_from = TOP - LABEL_SPACE;

	if (known(in->limit_bytes) && in->limit_bytes <= p->top_bytes) {
		free_from = plot_y(p, in->limit_bytes);
		fprintf(out,
			"<text class=\"name limit\" x=\"99.5%%\" y=\"%.2f%%\" dy=\"4\" "
			"text-anchor=\"end\">limit</text>\n",
			free_from);
		fprintf(out,
			"<text class=\"name limit\" x=\"%.2f%%\" y=\"%.2f%%\" dy=\"-4\" "
			"text-anchor=\"end\">%s</text>\n",
			RIGHT - 0.5, free_from, units_human_bytes(in->limit_bytes).s);
	}
	for (unsigned i = in->n_lines; i-- > 0;) {
		const struct incident_line *line = &in->lines[i];

		if (line->bytes > p->top_bytes)
			continue;
		y = plot_y(p, line->bytes);
		fprintf(out,
			"<line class=\"level\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.2f%%\" "
			"y2=\"%.2f%%\"/>\n",
			LEFT, RIGHT, y, y);
		free_from = MAX_OF(y, free_from + LABEL_SPACE);
		if (free_from > 99)
			continue; /* many low levels: no room for the name */
		fprintf(out,
			"<line class=\"level lead\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.2f%%\" "
			"y2=\"%.2f%%\"/>\n",
			RIGHT, RIGHT + 4, y, free_from);
		fprintf(out,
			"<text class=\"name\" x=\"99.5%%\" y=\"%.2f%%\" dy=\"4\" "
			"text-anchor=\"end\">",
			free_from);
		html_put(line->name, out);
		fputs("</text>\n", out);
	}
}

unsigned plot_group(const struct incident *in, const struct plot *p, unsigned first)
{
	double x = plot_x(p, in->events[first].wall_usec);
	unsigned n = 1;

	while (first + n < in->n_events &&
		plot_x(p, in->events[first + n].wall_usec) < x + MARK_SPACE)
		n++;
	return n;
}

static bool is_inside(const struct plot *p, uint64_t wall_usec)
{
	return wall_usec >= p->from_usec && wall_usec <= p->to_usec;
}

static void write_marks(const struct incident *in, const struct plot *p, FILE *out)
{
	unsigned first = in->n_events - MIN_OF(in->n_events, HTML_EVENTS_MAX), base = first, n;
	double x;

	for (; first < in->n_events; first += n) {
		n = 1;
		if (!is_inside(p, in->events[first].wall_usec))
			continue;
		n = plot_group(in, p, first);
		x = plot_x(p, in->events[first].wall_usec);
		fprintf(out, "<g class=\"mark\"><title>");
		for (unsigned i = first; i < first + n; i++) {
			html_put(in->events[i].text, out);
			fputs("\n", out);
		}
		fprintf(out,
			"</title><line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"5.5%%\" y2=\"%.2f%%\"/>", x,
			x, BOTTOM);
		fprintf(out, "<text x=\"%.2f%%\" y=\"4.5%%\" text-anchor=\"%s\">%u", x,
			x > 3 ? "middle" : "start", first - base + 1);
		if (n > 1)
			fprintf(out, "\xe2\x80\x93%u", first + n - base);
		fputs("</text></g>\n", out);
	}
}

static void write_incident_line(const struct incident *in, const struct plot *p, FILE *out)
{
	double x;

	if (!is_inside(p, in->wall_usec))
		return;
	x = plot_x(p, in->wall_usec);
	fprintf(out,
		"<line class=\"now\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.2f%%\" y2=\"%.2f%%\"/>\n",
		x, x, TOP, BOTTOM);
}

void plot_write(const struct incident *in, const struct plot *p, FILE *out)
{
	auto_free struct flight_sample *thin = calloc(POINTS_MAX, sizeof(*thin));
	const struct flight_sample *from = in->samples, *end = in->samples + in->n_samples;
	unsigned n = 0;

	while (from < end && from->wall_usec < p->from_usec)
		from++;
	while (end > from && end[-1].wall_usec > p->to_usec)
		end--;
	if (thin && from < end)
		n = render_thin(from, (unsigned)(end - from), thin, POINTS_MAX);
	fputs("<svg class=\"plot\" role=\"img\" aria-label=\"memory over time\" "
	      "xmlns=\"http://www.w3.org/2000/svg\">\n",
		out);
	write_grid(p, out);
	write_shapes(p, thin, n, out);
	write_scale_names(p, out);
	write_levels(in, p, out);
	write_incident_line(in, p, out);
	write_marks(in, p, out);
	fputs("</svg>\n", out);
}
