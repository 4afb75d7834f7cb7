/* SPDX-License-Identifier: Apache-2.0 */
/* For a terminal of 80 columns. */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "report/render.h"

#define PROCESSES_MAX 10u
#define EVENTS_MAX    12u
#define BAR_COLUMNS   40u

enum look { LOOK_HEAD, LOOK_BAD, LOOK_DIM, LOOKS };

struct page {
	FILE *out;
	bool colour;
};

static void put_look(const struct page *p, enum look look, const char *text)
{
	static const char *const codes[LOOKS] = { "\033[1m", "\033[1;31m", "\033[2m" };

	fprintf(p->out, "%s%s%s", p->colour ? codes[look] : "", text, p->colour ? "\033[0m" : "");
}

static void put_title(const struct page *p, const char *title)
{
	fputc('\n', p->out);
	put_look(p, LOOK_HEAD, title);
	fputc('\n', p->out);
}

/* Characters, not bytes; a wide one counts as one. */
static unsigned columns(const char *text, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Bytes of at most that many columns. */
static size_t bytes_of(const char *text, unsigned n)
{
	size_t len = 0;

	while (text[len] && (n || ((unsigned char)text[len] & 0xc0) == 0x80)) {
		n -= ((unsigned char)text[len] & 0xc0) != 0x80;
		len++;
	}
	return len;
}

/* Bytes of the words that fit into that many columns; a word that is too long is broken. */
static size_t line_of(const char *text, unsigned room)
{
	size_t fits = bytes_of(text, room), len = fits;

	if (!text[fits])
		return fits;
	while (len && text[len] != ' ')
		len--;
	return len ? len : fits;
}

/*
 * Words from column `indent` to 80, further lines `hang` deeper. `more` ends a line that goes on.
 */
static void put_wrapped(
	const struct page *p, unsigned indent, unsigned hang, const char *text, const char *more)
{
	unsigned room = RENDER_COLUMNS - indent - (unsigned)strlen(more);

	while (*text) {
		size_t len = line_of(text, room);

		fprintf(p->out, "%*s%.*s%s\n", (int)indent, "", (int)len, text,
			text[len] ? more : "");
		text += len;
		text += strspn(text, " ");
		indent += hang;
		room -= hang;
		hang = 0;
	}
}

/* The same where something stands already in front of the first line. */
static void put_rest(const struct page *p, unsigned indent, const char *text)
{
	size_t len = line_of(text, RENDER_COLUMNS - indent);

	fprintf(p->out, "%.*s\n", (int)len, text);
	put_wrapped(p, indent, 0, text + len + strspn(text + len, " "), "");
}

static void put_first(const struct page *p, const struct incident *in)
{
	char when[CLOCK_TEXT_MAX] = "";

	if (in->wall_usec)
		clock_print_rfc3339(when, in->wall_usec);
	put_look(p, LOOK_HEAD, "Incident ");
	fprintf(p->out, "%.*s\n", (int)bytes_of(in->name, 70), in->name);
	fprintf(p->out, "  %s", in->wall_usec ? when : in->time[0] ? in->time : "time not known");
	if (in->level[0])
		fprintf(p->out, ", level %s", in->level);
	fputc('\n', p->out);
	put_wrapped(p, 2, 0, in->reason, "");
}

static void put_verdict(const struct page *p, const struct incident *in)
{
	const struct diagnosis *d = &in->diagnosis;
	bool calm = d->cause == CAUSE_NONE || d->cause == CAUSE_UNKNOWN;

	put_title(p, "VERDICT");
	fputs("  ", p->out);
	put_look(p, calm ? LOOK_HEAD : LOOK_BAD, render_cause(d->cause));
	if (d->detail[0])
		fprintf(p->out, " (%s)", d->detail);
	if (d->confidence_pct)
		fprintf(p->out, ", %u %% sure", d->confidence_pct);
	if (d->death != DEATH_NONE)
		fprintf(p->out, "; end: %s", death_name(d->death));
	if (d->level != OOM_LEVEL_NONE)
		fprintf(p->out, ", limit: %s", oom_level_name(d->level));
	fputc('\n', p->out);
	for (unsigned i = 0; i < d->n_evidence; i++) {
		fputs("  - ", p->out);
		put_rest(p, 4, d->evidence[i]);
	}
}

/* As it is: it is to be copied. */
static void put_patch(const struct page *p, const char *patch)
{
	for (size_t len; *patch; patch += len + (patch[len] == '\n')) {
		len = strcspn(patch, "\n");
		fprintf(p->out, "    %.*s\n", (int)MIN_OF(len, bytes_of(patch, RENDER_COLUMNS - 4)),
			patch);
	}
}

static void put_advice(const struct page *p, const struct incident *in)
{
	if (!in->advice.sentence[0])
		return;
	put_title(p, "ADVICE");
	put_wrapped(p, 2, 0, in->advice.sentence, "");
	if (in->since_change[0])
		put_wrapped(p, 2, 0, in->since_change, "");
	if (in->advice.patch[0]) {
		fputc('\n', p->out);
		put_patch(p, in->advice.patch);
	}
	if (in->advice.kubectl[0]) {
		fputc('\n', p->out);
		put_wrapped(p, 2, 4, in->advice.kubectl, " \\");
	}
}

static void put_bar(const struct page *p, uint64_t part, uint64_t whole)
{
	unsigned full = (unsigned)(units_share_bp(part, whole) / (10000u / BAR_COLUMNS));
	char bar[BAR_COLUMNS + 1];

	memset(bar, '.', BAR_COLUMNS);
	memset(bar, '#', MIN_OF(full, BAR_COLUMNS));
	bar[BAR_COLUMNS] = '\0';
	fprintf(p->out, "  [%s]", bar);
}

static void put_amount(const struct page *p, const char *name, uint64_t bytes)
{
	if (bytes != INCIDENT_UNKNOWN)
		fprintf(p->out, "  %-14s %10s\n", name, units_human_bytes(bytes).s);
}

static void put_memory(const struct page *p, const struct incident *in)
{
	static const struct {
		const char *key, *name;
	} shown[] = {
		{ "anon", "anonymous" },
		{ "shmem", "shared memory" },
		{ "file", "page cache" },
		{ "kernel", "kernel" },
		{ "swap", "swap" },
	};
	bool has_limit = in->limit_bytes && in->limit_bytes != INCIDENT_UNKNOWN;
	uint64_t growth = in->growth_bytes_per_s < 0 ? 0 - (uint64_t)in->growth_bytes_per_s
						     : (uint64_t)in->growth_bytes_per_s;

	put_title(p, "MEMORY");
	if (has_limit && in->use_bytes != INCIDENT_UNKNOWN) {
		put_bar(p, in->use_bytes, in->limit_bytes);
		fprintf(p->out, " %s of %s, %u %%\n", units_human_bytes(in->use_bytes).s,
			units_human_bytes(in->limit_bytes).s,
			units_share_bp(in->use_bytes, in->limit_bytes) / 100);
	} else {
		put_amount(p, "in use", in->use_bytes);
	}
	put_amount(p, "all usage", in->usage_bytes);
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		for (unsigned k = 0; k < in->n_components; k++)
			if (!strcmp(in->components[k].name, shown[i].key))
				put_amount(p, shown[i].name, in->components[k].value);
	if (in->has_snapshot)
		fprintf(p->out, "  %-14s %10s/s",
			in->growth_bytes_per_s < 0 ? "shrinking by" : "growth",
			units_human_bytes(growth).s);
	if (in->has_snapshot && in->eta_msec < UINT64_MAX / USEC_PER_MSEC)
		fprintf(p->out, ", the limit in %s",
			units_human_duration(in->eta_msec * USEC_PER_MSEC).s);
	if (in->has_snapshot)
		fputc('\n', p->out);
}

/* The directories of a command's first word: there is no room for them. */
static const char *without_path(const char *command)
{
	const char *name = command;

	for (size_t i = 0; command[i] && command[i] != ' '; i++)
		if (command[i] == '/' && command[i + 1] && command[i + 1] != ' ')
			name = command + i + 1;
	return name;
}

static void put_processes(const struct page *p, const struct incident *in)
{
	unsigned n = MIN_OF(in->n_processes, PROCESSES_MAX);

	if (!n)
		return;
	put_title(p, "PROCESSES");
	put_look(p, LOOK_DIM, "      PID        PSS        RSS  THREADS  COMMAND\n");
	for (unsigned i = 0; i < n; i++) {
		const struct incident_process *e = &in->processes[i];
		const char *command = without_path(e->command[0] ? e->command : e->comm);
		bool cut = columns(command, strlen(command)) > 37;

		fprintf(p->out, "%9" PRId64 " %10s %10s ", e->pid,
			e->pss_bytes == INCIDENT_UNKNOWN ? "?" : units_human_bytes(e->pss_bytes).s,
			e->rss_bytes == INCIDENT_UNKNOWN ? "?" : units_human_bytes(e->rss_bytes).s);
		if (e->threads == INCIDENT_UNKNOWN)
			fprintf(p->out, "%8s", "?");
		else
			fprintf(p->out, "%8" PRIu64, MIN_OF(e->threads, UINT64_C(99999999)));
		fprintf(p->out, "  %.*s%s\n", (int)bytes_of(command, cut ? 34 : 37), command,
			cut ? "..." : "");
	}
	if (in->n_processes - n + in->rest_processes)
		fprintf(p->out, "          and %" PRIu64 " more\n",
			in->n_processes - n + in->rest_processes);
}

static void put_events(const struct page *p, const struct incident *in)
{
	char when[CLOCK_TEXT_MAX], text[RENDER_EVENT_MAX];

	if (!in->n_events)
		return;
	put_title(p, "EVENTS");
	for (unsigned i = in->n_events - MIN_OF(in->n_events, EVENTS_MAX); i < in->n_events; i++) {
		const struct flight_event *e = &in->events[i];

		clock_print_rfc3339(when, e->wall_usec);
		when[23] = '\0';
		render_event(e, text);
		fprintf(p->out, "  %s %-8s ", when + 11,
			e->kind < FLIGHT_KINDS ? flight_kind_name((enum flight_kind)e->kind) : "?");
		put_rest(p, 24, text);
	}
}

static void put_files(const struct page *p, const struct incident *in)
{
	put_title(p, "FILES");
	put_wrapped(p, 2, 0, in->path, "");
	for (unsigned i = 0; i < in->n_files; i++)
		fprintf(p->out, "  %10s  %.*s\n", units_human_bytes(in->files[i].bytes).s,
			(int)bytes_of(in->files[i].name, RENDER_COLUMNS - 14), in->files[i].name);
	if (!in->n_notes)
		return;
	put_title(p, "NOTES");
	for (unsigned i = 0; i < in->n_notes; i++)
		put_wrapped(p, 2, 2, in->notes[i], "");
}

void render_text(const struct incident *in, bool colour, FILE *out)
{
	const struct page p = { .out = out, .colour = colour };

	put_first(&p, in);
	put_verdict(&p, in);
	put_advice(&p, in);
	put_memory(&p, in);
	put_processes(&p, in);
	put_events(&p, in);
	put_files(&p, in);
}
