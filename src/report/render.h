/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as text, JSON or one HTML page. All take the incident as it was loaded and write to a
 * stream; errors stay in the stream (ferror).
 *
 * JSON, "version": 1. Keys may be added within a version; none is removed or changes its meaning.
 * Numbers are bytes, seconds or counts as their names say; null: not known.
 *
 *     version, incident, path, time, level, reason
 *     verdict     {cause, detail, confidence_percent, death, oom_level, scores {CAUSE: percent},
 *                 evidence []}
 *     advice      {change, sentence, limit_bytes, request_bytes, restart_every_seconds, heap_bytes,
 *                 patch, kubectl, since_change}
 *     memory      {basis, limit_bytes, limit_source, use_bytes, usage_bytes, headroom_bytes,
 *                 growth_bytes_per_second, time_to_limit_seconds, components [{name, value}]}
 *     levels      [{name, bytes}]
 *     life        {start, last, end, exit_status, peak_use_bytes, restarts, ooms} or null
 *     samples     [{time, use_bytes, usage_bytes, limit_bytes, anon_bytes, shmem_bytes,
 *                 kernel_bytes}], at most 500: of each part of the time the highest use
 *     events      [{time, kind, value, text}], the last 200
 *     processes   [{pid, ppid, comm, command, rss_bytes, pss_bytes, swap_bytes, threads, fds,
 *                 age_seconds}]
 *     files       [{name, bytes}]
 *     notes       [what is missing or broken, in words]
 */
#ifndef OOMGUARD_REPORT_RENDER_H
#define OOMGUARD_REPORT_RENDER_H

#include <stdbool.h>
#include <stdio.h>

#include "report/incident.h"

#define RENDER_COLUMNS 80

void render_text(const struct incident *in, bool colour, FILE *out);
void render_json(const struct incident *in, FILE *out);
void render_html(const struct incident *in, FILE *out);

/*
 * `oomguard report`: format is "text" (NULL too), "json" or "html". Exit status: 0; 1 when writing
 * or reading fails; 3 when there is nothing to report; -1: no such format. What is wrong goes to
 * err.
 */
int render_report(
	const struct conf *conf, const char *format, const char *wanted, FILE *out, FILE *err);

/* For both writers: samples[] thinned to at most n, of each part of the time the highest use. */
unsigned render_thin(const struct flight_sample *samples, unsigned n_samples,
	struct flight_sample *out, unsigned n);

/* The event's text, or what its number means. */
#define RENDER_EVENT_MAX (FLIGHT_TEXT_MAX + 32)
void render_event(const struct flight_event *e, char out[RENDER_EVENT_MAX]);

/* "limit too low": a name for people. */
const char *render_cause(enum cause cause);

#endif
