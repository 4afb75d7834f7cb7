/* SPDX-License-Identifier: Apache-2.0 */
/* One page that needs nothing else: no script, no font, no picture from anywhere. */
#include "report/html.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "report/html_style.h"
#include "report/plot.h"
#include "report/render.h"

#define LONG_LIFE_USEC (20 * 60 * USEC_PER_SEC)
#define ZOOM_USEC      (10 * 60 * USEC_PER_SEC)
#define PROCESSES_MAX  12u

void html_put(const char *text, FILE *out)
{
	for (const char *c = text; *c; c++) {
		switch (*c) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*c, out);
		}
	}
}

/* <tag>text</tag> */
static void element(const char *tag, const char *text, FILE *out)
{
	fprintf(out, "<%s>", tag);
	html_put(text, out);
	fprintf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

static const char *when(const struct incident *in, char text[CLOCK_TEXT_MAX])
{
	if (!in->wall_usec)
		return in->time;
	clock_print_rfc3339(text, in->wall_usec);
	return text;
}

static void put_head(const struct incident *in, FILE *out)
{
	const struct diagnosis *d = &in->diagnosis;
	char text[CLOCK_TEXT_MAX];

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; img-src data:\"/>\n"
	      "<link rel=\"icon\" href=\"data:,\"/>\n<title>oomguard: ",
		out);
	html_put(in->name, out);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", html_style);
	fprintf(out, "<header%s>\n<div class=\"dim\">",
		d->cause == CAUSE_NONE ? " class=\"calm\"" : "");
	if (in->level[0]) {
		fputs("<span class=\"pill\">", out);
		html_put(in->level, out);
		fputs("</span>", out);
	}
	fputs("<time>", out);
	html_put(when(in, text),
		out); /* of a directory that was renamed: the snapshot's own words */
	fputs("</time></div>\n<h1>", out);
	if (d->cause == CAUSE_UNKNOWN || d->cause == CAUSE_NONE)
		fputs(d->cause == CAUSE_NONE ? "Nothing is wrong" : "Cause not clear", out);
	else
		html_put(render_cause(d->cause), out);
	if (d->confidence_pct)
		fprintf(out, " <span class=\"dim\">%u\xc2\xa0%% sure</span>", d->confidence_pct);
	fputs("</h1>\n", out);
	if (in->reason[0])
		element("p", in->reason, out);
	if (in->advice.sentence[0]) {
		fputs("<p><b>", out);
		html_put(in->advice.sentence, out);
		fputs("</b></p>\n", out);
	}
	fputs("</header>\n", out);
}

static void tile(const char *name, const char *value, bool bad, FILE *out)
{
	fprintf(out, "<div class=\"tile\"><span>%s</span><b%s>%s</b></div>\n", name,
		bad ? " class=\"bad\"" : "", value);
}

static void put_tiles(const struct incident *in, FILE *out)
{
	char text[64];
	bool has_limit = in->limit_bytes && in->limit_bytes != INCIDENT_UNKNOWN;
	uint32_t bp = units_share_bp(in->use_bytes, has_limit ? in->limit_bytes : 0);
	int64_t growth = in->growth_bytes_per_s;

	fputs("<div class=\"tiles\">\n", out);
	if (in->use_bytes != INCIDENT_UNKNOWN) {
		tile("in use", units_human_bytes(in->use_bytes).s, false, out);
		if (has_limit) {
			snprintf(text, sizeof(text), "%u\xc2\xa0%%", bp / 100);
			tile("of the limit", text, bp >= 9000, out);
		}
	}
	if (has_limit)
		tile("limit", units_human_bytes(in->limit_bytes).s, false, out);
	if (in->has_snapshot) {
		snprintf(text, sizeof(text), "%s%s/s", growth < 0 ? "\xe2\x88\x92" : "+",
			units_human_bytes(growth < 0 ? 0 - (uint64_t)growth : (uint64_t)growth).s);
		tile("growth", text, false, out);
		tile("to the limit",
			in->eta_msec < UINT64_MAX / 1000
				? units_human_duration(in->eta_msec * USEC_PER_MSEC).s
				: "\xe2\x80\x93",
			in->eta_msec < 60000, out);
	}
	if (in->age_s < UINT64_MAX / USEC_PER_SEC)
		tile("running for", units_human_duration(in->age_s * USEC_PER_SEC).s, false, out);
	fputs("</div>\n", out);
}

static void put_plot(
	const struct incident *in, const char *title, uint64_t from, uint64_t to, FILE *out)
{
	struct plot p;

	plot_scale(in, from, to, &p);
	fprintf(out, "<section>\n<h2>%s</h2>\n", title);
	plot_write(in, &p, out);
	fputs("<div class=\"legend\"><span><i class=\"use\"></i>counted by the guard</span>"
	      "<span><i class=\"limit\"></i>limit</span>"
	      "<span><i class=\"anon\"></i>anonymous (heaps, stacks)</span>"
	      "<span><i class=\"shmem\"></i>shared memory, tmpfs</span>"
	      "<span><i class=\"kernel\"></i>kernel</span>"
	      "<span><i class=\"rest\"></i>page cache and other</span></div>\n</section>\n",
		out);
}

static void put_plots(const struct incident *in, FILE *out)
{
	uint64_t from, to, zoom;

	if (!in->n_samples) {
		fputs("<section><h2>Memory over time</h2><p class=\"dim\">The flight recorder has "
		      "nothing of this time.</p></section>\n",
			out);
		return;
	}
	from = in->samples[0].wall_usec;
	to = in->samples[in->n_samples - 1].wall_usec;
	if (to - from > LONG_LIFE_USEC) {
		zoom = in->wall_usec > from ? MIN_OF(in->wall_usec, to) : to;
		put_plot(in, "The last minutes (UTC)", MAX_OF(from, zoom - MIN_OF(zoom, ZOOM_USEC)),
			MIN_OF(zoom + ZOOM_USEC / 10, to), out);
	}
	put_plot(in, "Memory over time (UTC)", from, to, out);
}

static void put_verdict(const struct incident *in, FILE *out)
{
	const struct diagnosis *d = &in->diagnosis;
	const struct advice *a = &in->advice;
	unsigned n_scores = 0;

	fputs("<div class=\"two\">\n<section>\n<h2>Why</h2>\n", out);
	if (d->n_evidence) {
		fputs("<ul>\n", out);
		for (unsigned i = 0; i < d->n_evidence; i++)
			element("li", d->evidence[i], out);
		fputs("</ul>\n", out);
	} else {
		fputs("<p class=\"dim\">Not enough has been seen for a verdict.</p>\n", out);
	}
	for (unsigned c = CAUSE_LEAK; c < CAUSE_COUNT; c++)
		n_scores += d->score_pct[c] > 0;
	fputs("<div class=\"rows\">\n", out);
	/* A ranking, where there is something to rank. */
	for (unsigned c = CAUSE_LEAK; n_scores > 1 && c < CAUSE_COUNT; c++) {
		if (!d->score_pct[c])
			continue;
		fprintf(out,
			"<div class=\"row\"><div class=\"top\"><span>%s</span><b>%u</b></div>"
			"<div class=\"bar\"><i style=\"width:%u%%\"></i></div></div>\n",
			render_cause((enum cause)c), d->score_pct[c],
			MIN_OF(d->score_pct[c], 100u));
	}
	fputs("</div>\n</section>\n<section>\n<h2>What to do</h2>\n", out);
	element("p", a->sentence[0] ? a->sentence : "No advice: no limit was seen.", out);
	if (a->kubectl[0])
		element("pre", a->kubectl, out);
	if (a->patch[0])
		element("pre", a->patch, out);
	fputs("</section>\n</div>\n", out);
}

static void put_events(const struct incident *in, FILE *out)
{
	unsigned base = in->n_events - MIN_OF(in->n_events, HTML_EVENTS_MAX);
	char text[CLOCK_TEXT_MAX], event[RENDER_EVENT_MAX];

	if (!in->n_events)
		return;
	fputs("<section>\n<h2>Events (UTC)</h2>\n<ol class=\"events\">\n", out);
	for (unsigned i = base; i < in->n_events; i++) {
		const struct flight_event *e = &in->events[i];

		clock_print_rfc3339(text, e->wall_usec);
		text[23] = '\0';
		fprintf(out,
			"<li><span class=\"n\">%u</span><time>%s</time><b>%s</b><span "
			"class=\"text\">",
			i - base + 1, text + 11,
			e->kind < FLIGHT_KINDS ? flight_kind_name((enum flight_kind)e->kind) : "");
		render_event(e, event);
		html_put(event, out);
		fputs("</span></li>\n", out);
	}
	fputs("</ol>\n</section>\n", out);
}

static void row(const char *name, uint64_t bytes, uint64_t whole, const char *class, FILE *out)
{
	fputs("<div class=\"row\"><div class=\"top\"><span>", out);
	html_put(name, out);
	fprintf(out,
		"</span><b>%s</b></div><div class=\"bar\"><i class=\"%s\" "
		"style=\"width:%.1f%%\"></i>"
		"</div>",
		units_human_bytes(bytes).s, class,
		whole ? 100 * MIN_OF((double)bytes / (double)whole, 1.0) : 0.0);
}

static void put_processes(const struct incident *in, FILE *out)
{
	unsigned n = MIN_OF(in->n_processes, PROCESSES_MAX);
	uint64_t most = 1;
	char text[128];

	if (!n)
		return;
	for (unsigned i = 0; i < n; i++)
		if (in->processes[i].rss_bytes != INCIDENT_UNKNOWN)
			most = MAX_OF(most, in->processes[i].rss_bytes);
	fputs("<section>\n<h2>Processes, the largest first</h2>\n<div class=\"rows\">\n", out);
	for (unsigned i = 0; i < n; i++) {
		const struct incident_process *p = &in->processes[i];
		uint64_t bytes = p->pss_bytes == INCIDENT_UNKNOWN ? p->rss_bytes : p->pss_bytes;

		snprintf(text, sizeof(text), "%s (pid %" PRId64 ")", p->comm, p->pid);
		row(text, bytes == INCIDENT_UNKNOWN ? 0 : bytes, most, "anon", out);
		fputs("<div class=\"cmd\">", out);
		html_put(p->command, out);
		fputs("</div></div>\n", out);
	}
	if (in->n_processes - n + in->rest_processes)
		fprintf(out, "<p class=\"dim\">and %" PRIu64 " more</p>\n",
			in->n_processes - n + in->rest_processes);
	fputs("</div>\n</section>\n", out);
}

static const struct {
	const char *key, *name, *class;
} shown[] = {
	{ "anon", "anonymous (heaps, stacks)", "anon" },
	{ "shmem", "shared memory, tmpfs", "shmem" },
	{ "file", "page cache", "rest" },
	{ "kernel", "kernel", "kernel" },
	{ "sock", "sockets", "kernel" },
	{ "swap", "in swap", "rest" },
};

static void put_components(const struct incident *in, FILE *out)
{
	uint64_t most = 1;

	if (!in->n_components)
		return;
	if (in->limit_bytes && in->limit_bytes != INCIDENT_UNKNOWN)
		most = in->limit_bytes;
	else if (in->usage_bytes != INCIDENT_UNKNOWN)
		most = MAX_OF(in->usage_bytes, most);
	fputs("<section>\n<h2>What memory is made of</h2>\n<div class=\"rows\">\n", out);
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		for (unsigned k = 0; k < in->n_components; k++)
			if (!strcmp(in->components[k].name, shown[i].key)) {
				row(shown[i].name, in->components[k].value, most, shown[i].class,
					out);
				fputs("</div>\n", out);
			}
	fputs("</div>\n</section>\n", out);
}

static void put_files(const struct incident *in, FILE *out)
{
	fputs("<section>\n<h2>Files of this incident</h2>\n<div class=\"cmd\">", out);
	html_put(in->path, out);
	fputs("</div>\n<div class=\"rows\">\n", out);
	for (unsigned i = 0; i < in->n_files; i++) {
		fputs("<div class=\"row\"><div class=\"top\"><span>", out);
		html_put(in->files[i].name, out);
		fprintf(out, "</span><b>%s</b></div></div>\n",
			units_human_bytes(in->files[i].bytes).s);
	}
	fputs("</div>\n</section>\n", out);
}

void render_html(const struct incident *in, FILE *out)
{
	put_head(in, out);
	put_tiles(in, out);
	put_plots(in, out);
	put_verdict(in, out);
	put_events(in, out);
	fputs("<div class=\"two\">\n<div>\n", out);
	put_processes(in, out);
	put_files(in, out);
	fputs("</div>\n<div>\n", out);
	put_components(in, out);
	fputs("</div>\n</div>\n", out);
	if (in->n_notes) {
		fputs("<section>\n<h2>What this report could not know</h2>\n<ul>\n", out);
		for (unsigned i = 0; i < in->n_notes; i++)
			element("li", in->notes[i], out);
		fputs("</ul>\n</section>\n", out);
	}
	fputs("<footer class=\"dim\">oomguard ", out);
	html_put(in->guard_version, out);
	fputs(" \xc2\xb7 ", out);
	html_put(in->name, out);
	fputs("</footer>\n</main>\n</body>\n</html>\n", out);
}
