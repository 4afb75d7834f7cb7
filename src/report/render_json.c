/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/units.h"
#include "report/render.h"

#define FORMAT_VERSION 1
#define SAMPLES_MAX    500u
#define EVENTS_MAX     200u
/* 500 samples of 220 bytes, 200 events and 200 processes of at most 1.3 KiB, escaped six times. */
#define ROOM (4 * MIB)

static void put_known(struct json *j, const char *key, uint64_t value)
{
	if (value == INCIDENT_UNKNOWN)
		json_null(j, key);
	else
		json_uint(j, key, value);
}

static void put_text(struct json *j, const char *key, const char *text)
{
	if (text[0])
		json_string(j, key, text);
	else
		json_null(j, key);
}

static void put_time(struct json *j, const char *key, uint64_t wall_usec)
{
	char text[CLOCK_TEXT_MAX];

	clock_print_rfc3339(text, wall_usec);
	put_text(j, key, wall_usec ? text : "");
}

static void put_verdict(struct json *j, const struct incident *in)
{
	const struct diagnosis *d = &in->diagnosis;

	json_open_object(j, "verdict");
	json_string(j, "cause", cause_name(d->cause));
	put_text(j, "detail", d->detail);
	json_uint(j, "confidence_percent", d->confidence_pct);
	json_string(j, "death", death_name(d->death));
	json_string(j, "oom_level", oom_level_name(d->level));
	json_open_object(j, "scores");
	for (unsigned c = CAUSE_LEAK; c < CAUSE_COUNT; c++)
		json_uint(j, cause_name((enum cause)c), d->score_pct[c]);
	json_close_object(j);
	json_open_array(j, "evidence");
	for (unsigned i = 0; i < d->n_evidence; i++)
		json_string(j, NULL, d->evidence[i]);
	json_close_array(j);
	json_close_object(j);
}

static void put_advice(struct json *j, const struct incident *in)
{
	const struct advice *a = &in->advice;

	json_open_object(j, "advice");
	json_bool(j, "change", a->change);
	put_text(j, "sentence", a->sentence);
	put_known(j, "limit_bytes", a->limit_bytes ? a->limit_bytes : INCIDENT_UNKNOWN);
	put_known(j, "request_bytes", a->request_bytes ? a->request_bytes : INCIDENT_UNKNOWN);
	put_known(j, "restart_every_seconds",
		a->restart_every_s ? a->restart_every_s : INCIDENT_UNKNOWN);
	put_known(j, "heap_bytes", a->heap_bytes ? a->heap_bytes : INCIDENT_UNKNOWN);
	put_text(j, "patch", a->patch);
	put_text(j, "kubectl", a->kubectl);
	put_text(j, "since_change", in->since_change);
	json_close_object(j);
}

/* Keys of the writer are literals; these came from a file, so they are values here. */
static void put_components(struct json *j, const struct incident *in)
{
	json_open_array(j, "components");
	for (unsigned i = 0; i < in->n_components; i++) {
		json_open_object(j, NULL);
		json_string(j, "name", in->components[i].name);
		json_uint(j, "value", in->components[i].value);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_memory(struct json *j, const struct incident *in)
{
	json_open_object(j, "memory");
	put_text(j, "basis", in->basis);
	put_known(j, "limit_bytes", in->limit_bytes);
	put_text(j, "limit_source", in->limit_source);
	put_known(j, "use_bytes", in->use_bytes);
	put_known(j, "usage_bytes", in->usage_bytes);
	put_known(j, "headroom_bytes", in->headroom_bytes);
	json_int(j, "growth_bytes_per_second", in->growth_bytes_per_s);
	if (in->eta_msec == INCIDENT_UNKNOWN)
		json_null(j, "time_to_limit_seconds");
	else
		json_milli(j, "time_to_limit_seconds", (int64_t)in->eta_msec);
	put_components(j, in);
	json_close_object(j);
	json_open_array(j, "levels");
	for (unsigned i = 0; i < in->n_lines; i++) {
		json_open_object(j, NULL);
		json_string(j, "name", in->lines[i].name);
		json_uint(j, "bytes", in->lines[i].bytes);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_life(struct json *j, const struct flight_life *life)
{
	if (!life) {
		json_null(j, "life");
		return;
	}
	json_open_object(j, "life");
	put_time(j, "start", life->start_wall_usec);
	put_time(j, "last", life->last_wall_usec);
	json_string(j, "end",
		flight_end_name((enum flight_end)(life->end < FLIGHT_ENDS ? life->end : 0)));
	json_int(j, "exit_status", life->exit_status);
	json_uint(j, "peak_use_bytes", life->peak_use_bytes);
	json_uint(j, "restarts", life->restarts);
	json_uint(j, "ooms", life->ooms);
	json_close_object(j);
}

static void put_samples(struct json *j, const struct incident *in)
{
	auto_free struct flight_sample *thin = calloc(SAMPLES_MAX, sizeof(*thin));
	unsigned n = thin ? render_thin(in->samples, in->n_samples, thin, SAMPLES_MAX) : 0;

	json_open_array(j, "samples");
	for (unsigned i = 0; i < n; i++) {
		json_open_object(j, NULL);
		put_time(j, "time", thin[i].wall_usec);
		json_uint(j, "use_bytes", thin[i].use_bytes);
		put_known(j, "usage_bytes", thin[i].usage_bytes);
		put_known(j, "limit_bytes", thin[i].limit_bytes);
		put_known(j, "anon_bytes", thin[i].anon_bytes);
		put_known(j, "shmem_bytes", thin[i].shmem_bytes);
		put_known(j, "kernel_bytes", thin[i].kernel_bytes);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_events(struct json *j, const struct incident *in)
{
	json_open_array(j, "events");
	for (unsigned i = in->n_events - MIN_OF(in->n_events, EVENTS_MAX); i < in->n_events; i++) {
		const struct flight_event *e = &in->events[i];

		if (e->kind >= FLIGHT_KINDS)
			continue;
		json_open_object(j, NULL);
		put_time(j, "time", e->wall_usec);
		json_string(j, "kind", flight_kind_name((enum flight_kind)e->kind));
		json_int(j, "value", e->value);
		json_string(j, "text", e->text);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_processes(struct json *j, const struct incident *in)
{
	json_open_array(j, "processes");
	for (unsigned i = 0; i < in->n_processes; i++) {
		const struct incident_process *p = &in->processes[i];

		json_open_object(j, NULL);
		json_int(j, "pid", p->pid);
		json_int(j, "ppid", p->ppid);
		json_string(j, "comm", p->comm);
		json_string(j, "command", p->command);
		put_known(j, "rss_bytes", p->rss_bytes);
		put_known(j, "pss_bytes", p->pss_bytes);
		put_known(j, "swap_bytes", p->swap_bytes);
		put_known(j, "threads", p->threads);
		put_known(j, "fds", p->fds);
		put_known(j, "age_seconds", p->age_s);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_files(struct json *j, const struct incident *in)
{
	json_open_array(j, "files");
	for (unsigned i = 0; i < in->n_files; i++) {
		json_open_object(j, NULL);
		json_string(j, "name", in->files[i].name);
		json_uint(j, "bytes", in->files[i].bytes);
		json_close_object(j);
	}
	json_close_array(j);
	json_open_array(j, "notes");
	for (unsigned i = 0; i < in->n_notes; i++)
		json_string(j, NULL, in->notes[i]);
	json_close_array(j);
}

void render_json(const struct incident *in, FILE *out)
{
	auto_free char *room = malloc(ROOM);
	struct buf b = { .data = room, .size = ROOM };
	struct json j = { .out = &b };

	if (!room) {
		fputs("{\"version\": 1, \"incident\": null}\n", out);
		return;
	}
	buf_reset(&b);
	json_open_object(&j, NULL);
	json_uint(&j, "version", FORMAT_VERSION);
	json_string(&j, "incident", in->name);
	put_text(&j, "path", in->path);
	if (in->time[0])
		json_string(&j, "time", in->time);
	else
		put_time(&j, "time", in->wall_usec);
	put_text(&j, "level", in->level);
	put_text(&j, "reason", in->reason);
	put_verdict(&j, in);
	put_advice(&j, in);
	put_memory(&j, in);
	put_life(&j, in->life);
	put_samples(&j, in);
	put_events(&j, in);
	put_processes(&j, in);
	put_files(&j, in);
	json_close_object(&j);
	buf_puts(&b, "\n");
	fwrite(b.data, 1, b.len, out);
}
