/* SPDX-License-Identifier: Apache-2.0 */
#include "http/metrics.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "http/exposition.h"

/* --- one value each --- */

static const struct plain {
	struct family family;
	size_t offset; /* of a uint64_t in struct guard_view */
	enum scale scale;
} plains[] = {
#define PLAIN_OF(field) offsetof(struct guard_view, field)
	{ { "memory_usage_bytes", GAUGE, "bytes", "Charged to our cgroup, page cache included." },
		PLAIN_OF(usage_bytes), PLAIN },
	{ { "memory_working_set_bytes", GAUGE, "bytes",
		  "Usage without the inactive page cache, as Kubernetes counts." },
		PLAIN_OF(working_set_bytes), PLAIN },
	{ { "memory_nonreclaimable_bytes", GAUGE, "bytes",
		  "What the kernel cannot take back before it kills." },
		PLAIN_OF(nonreclaimable_bytes), PLAIN },
	{ { "memory_peak_bytes", GAUGE, "bytes", "Highest usage of our cgroup." },
		PLAIN_OF(peak_bytes), PLAIN },
	{ { "memory_used_bytes", GAUGE, "bytes",
		  "What counts against the limit (guard.basis), of the level that binds." },
		PLAIN_OF(use_bytes), PLAIN },
	{ { "memory_limit_bytes", GAUGE, "bytes", "Limit of the level that binds." },
		PLAIN_OF(limit_bytes), PLAIN },
	{ { "memory_high_bytes", GAUGE, "bytes", "memory.high of the level that binds." },
		PLAIN_OF(high_bytes), PLAIN },
	{ { "memory_request_bytes", GAUGE, "bytes", "The memory request, where it is known." },
		PLAIN_OF(request_bytes), PLAIN },
	{ { "memory_headroom_bytes", GAUGE, "bytes", "Left to the limit that binds." },
		PLAIN_OF(headroom_bytes), PLAIN },
	{ { "memory_nonreclaimable_ratio", GAUGE, "ratio",
		  "Share of the limit that is in use, by guard.basis." },
		PLAIN_OF(use_bp), FROM_BP },
	{ { "memory_limit_eta_seconds", GAUGE, "seconds",
		  "Time until the limit is reached; absent when not growing." },
		PLAIN_OF(eta_usec), FROM_USEC },
	{ { "node_memory_available_bytes", GAUGE, "bytes", "MemAvailable of the machine." },
		PLAIN_OF(node_available_bytes), PLAIN },
	{ { "restart_budget_remaining", GAUGE, NULL,
		  "Guarded restarts that restart.max within restart.per still allows." },
		PLAIN_OF(restarts_left), PLAIN },
	{ { "dump_duration_seconds", GAUGE, "seconds", "Of the last dump." }, PLAIN_OF(dump_usec),
		FROM_USEC },
	{ { "dump_bytes", GAUGE, "bytes", "Of the last dump that is complete." },
		PLAIN_OF(dump_bytes), PLAIN },
	{ { "diagnosis_confidence_ratio", GAUGE, "ratio",
		  "Of the present diagnosis; absent when nothing is wrong." },
		PLAIN_OF(diagnosis_pct), FROM_PCT },
	{ { "recommended_limit_bytes", GAUGE, "bytes", "The limit to set, by the last report." },
		PLAIN_OF(advised_limit_bytes), PLAIN },
	{ { "recommended_request_bytes", GAUGE, "bytes",
		  "The request to set, by the last report." },
		PLAIN_OF(advised_request_bytes), PLAIN },
	{ { "last_oom_timestamp_seconds", GAUGE, "seconds", "Of the last kill by the kernel." },
		PLAIN_OF(last_oom_wall_usec), FROM_USEC },
	{ { "last_restart_timestamp_seconds", GAUGE, "seconds", "Of the last guarded restart." },
		PLAIN_OF(last_restart_wall_usec), FROM_USEC },
	{ { "sample_interval_seconds", GAUGE, "seconds", "Pause between two looks, just now." },
		PLAIN_OF(look_interval_usec), FROM_USEC },
	{ { "sample_blind_seconds", GAUGE, "seconds",
		  "How much longer that is than it should be, because of guard.max-cpu." },
		PLAIN_OF(blind_usec), FROM_USEC },
#undef PLAIN_OF
};

static void put_plains(struct writer *w)
{
	for (unsigned i = 0; i < ARRAY_LEN(plains); i++) {
		uint64_t value;

		memcpy(&value, (const char *)w->view + plains[i].offset, sizeof(value));
		if (value == VIEW_UNKNOWN)
			continue;
		put_head(w, &plains[i].family);
		put_sample(w, &plains[i].family, NULL, NULL, value, plains[i].scale);
	}
}

/* --- one label --- */

static const struct row {
	struct family family;
	const char *label;
	size_t offset; /* of an array of struct view_named */
	unsigned n;
	enum scale scale;
} rows[] = {
#define ROW_OF(field, count) offsetof(struct guard_view, field), count
	{ { "memory_component_bytes", GAUGE, "bytes", "What usage consists of." }, "component",
		ROW_OF(components, VIEW_COMPONENTS), PLAIN },
	{ { "memory_events", COUNTER, NULL, "memory.events of our cgroup." }, "event",
		ROW_OF(events, VIEW_EVENTS), PLAIN },
	{ { "oom_kills", COUNTER, NULL,
		  "Kills by whose memory was short; external: SIGKILL by somebody else." },
		"level", ROW_OF(kills, VIEW_KILLS), PLAIN },
	{ { "preemptive_restarts", COUNTER, NULL, "Guarded restarts, by who asked." }, "reason",
		ROW_OF(restarts, VIEW_RESTARTS), PLAIN },
	{ { "app_exits", COUNTER, NULL, "How the application has ended." }, "kind",
		ROW_OF(exits, VIEW_EXITS), PLAIN },
	{ { "lives", COUNTER, NULL,
		  "Lives of the application that are over, as the flight recorder judges them." },
		"end", ROW_OF(lives, VIEW_LIVES), PLAIN },
	{ { "diagnoses", COUNTER, NULL, "Diagnoses made." }, "cause",
		ROW_OF(diagnoses, VIEW_CAUSES), PLAIN },
#undef ROW_OF
};

static void put_rows(struct writer *w)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		const void *at = (const char *)w->view + rows[i].offset;
		const struct view_named *named = at;
		bool begun = false;

		for (unsigned n = 0; n < rows[i].n && named[n].name; n++) {
			if (named[n].value == VIEW_UNKNOWN)
				continue;
			if (!begun)
				put_head(w, &rows[i].family);
			begun = true;
			put_sample(w, &rows[i].family, rows[i].label, named[n].name, named[n].value,
				rows[i].scale);
		}
	}
}

/* --- the rest, each of its own kind --- */

static void put_infos(struct writer *w)
{
	static const struct family build = { "build", INFO, NULL, "The guard itself." };
	static const struct family container = { "container", INFO, NULL,
		"What is guarded, and by which number." };
	const char *version = w->view->cgroup_version == 2   ? "2"
			      : w->view->cgroup_version == 1 ? "1"
							     : "none";

	put_head(w, &build);
	put_name(w, &build);
	put_label(w, "{", "version", w->view->version);
	put_label(w, ",", "revision", w->view->revision);
	buf_puts(w->out, "} 1\n");
	put_head(w, &container);
	put_name(w, &container);
	put_label(w, "{", "container", w->view->container);
	put_label(w, ",", "cgroup_version", version);
	put_label(w, ",", "qos", w->view->qos);
	put_label(w, ",", "basis", w->view->basis);
	put_label(w, ",", "limit_source", w->view->limit_source);
	buf_puts(w->out, "} 1\n");
}

static void put_windows(struct writer *w)
{
	static const struct family growth = { "memory_growth_bytes_per_second", GAUGE, NULL,
		"Growth of the floor of use within a window; negative when it falls." };
	static const struct family floors = { "memory_retained_floor_bytes", GAUGE, "bytes",
		"What was not given back in the last part of a window." };
	bool begun = false;

	for (unsigned i = 0; i < VIEW_WINDOWS && w->view->windows[i].name; i++) {
		if (!w->view->windows[i].moves)
			continue;
		if (!begun)
			put_head(w, &growth);
		begun = true;
		put_name(w, &growth);
		put_label(w, "{", "window", w->view->windows[i].name);
		buf_printf(w->out, "} %lld\n", (long long)w->view->windows[i].growth_bytes_per_sec);
	}
	begun = false;
	for (unsigned i = 0; i < VIEW_WINDOWS && w->view->windows[i].name; i++) {
		if (w->view->windows[i].floor_bytes == VIEW_UNKNOWN)
			continue;
		if (!begun)
			put_head(w, &floors);
		begun = true;
		put_sample(w, &floors, "window", w->view->windows[i].name,
			w->view->windows[i].floor_bytes, PLAIN);
	}
}

/*
 * One of the causes is 1. OpenMetrics wants the family's own name as the label of a state; `cause`
 * is in both formats, so that a rule does not depend on what a scraper has asked for.
 */
static void put_states(struct writer *w)
{
	static const struct family watching = { "watching", GAUGE, NULL,
		"1 while memory can be read and has a limit: only then is anything guarded." };
	static const struct family diagnosis = { "diagnosis", STATESET, NULL,
		"What is wrong: the cause by the leak test just now, else by the last report." };

	put_head(w, &watching);
	put_sample(w, &watching, NULL, NULL, w->view->watching, PLAIN);
	put_head(w, &diagnosis);
	for (unsigned i = 0; i < VIEW_CAUSES && w->view->states[i].name; i++) {
		const struct view_named *state = &w->view->states[i];

		put_name(w, &diagnosis);
		put_label(w, "{", "cause", state->name);
		if (w->format == METRICS_OPENMETRICS)
			put_label(w, ",", "oomguard_diagnosis", state->name);
		buf_puts(w->out, "}");
		put_number(w, state->value, PLAIN);
	}
}

static void put_levels(struct writer *w)
{
	static const struct family threshold = { "threshold_ratio", GAUGE, "ratio",
		"Share of the limit at which a level can fire." };
	static const struct family active = { "level_active", GAUGE, NULL,
		"1 while a level has fired and is not armed again." };
	static const struct family fired = { "level_fired", COUNTER, NULL,
		"How often a level has fired since the guard started." };
	const struct family *const families[] = { &threshold, &active, &fired };

	for (unsigned f = 0; f < ARRAY_LEN(families); f++) {
		put_head(w, families[f]);
		for (unsigned i = 0; i < w->view->n_levels; i++) {
			const struct view_level *l = &w->view->levels[i];
			uint64_t value = f == 0 ? l->at_bp : f == 1 ? l->active : l->fired_count;

			if (value == VIEW_UNKNOWN)
				continue;
			put_sample(
				w, families[f], "level", l->name, value, f == 0 ? FROM_BP : PLAIN);
		}
	}
}

static void put_pressure(struct writer *w)
{
	static const struct family stall = { "pressure_stall_seconds", COUNTER, "seconds",
		"Time in which some or all tasks waited for memory." };
	const struct {
		const char *scope;
		const struct view_named *named;
	} scopes[] = {
		{ "container", w->view->container_pressure },
		{ "node", w->view->node_pressure },
	};
	bool begun = false;

	for (unsigned s = 0; s < ARRAY_LEN(scopes); s++) {
		for (unsigned i = 0; i < VIEW_PRESSURES && scopes[s].named[i].name; i++) {
			if (!begun)
				put_head(w, &stall);
			begun = true;
			put_name(w, &stall);
			put_label(w, "{", "scope", scopes[s].scope);
			put_label(w, ",", "kind", scopes[s].named[i].name);
			buf_puts(w->out, "}");
			put_number(w, scopes[s].named[i].value, FROM_USEC);
		}
	}
}

static void put_dumps(struct writer *w)
{
	static const struct family dumps = { "dumps", COUNTER, NULL, "Dumps, by how they ended." };

	put_head(w, &dumps);
	for (unsigned i = 0; i < VIEW_DUMPS && w->view->dumps[i].kind; i++) {
		for (unsigned failed = 0; failed < 2; failed++) {
			put_name(w, &dumps);
			put_label(w, "{", "kind", w->view->dumps[i].kind);
			put_label(w, ",", "result", failed ? "failed" : "ok");
			buf_puts(w->out, "}");
			put_number(
				w, failed ? w->view->dumps[i].failed : w->view->dumps[i].ok, PLAIN);
		}
	}
}

static void put_looks(struct writer *w)
{
	static const struct family looks = { "sample_duration_seconds", HISTOGRAM, "seconds",
		"What one look at memory takes." };
	const uint64_t *bounds = view_bucket_bounds_usec();
	uint64_t sum = 0;

	put_head(w, &looks);
	for (unsigned i = 0; i < VIEW_BUCKETS; i++) {
		sum += w->view->look_buckets[i];
		/* %g is the canonical form of OpenMetrics: 1e-05, 0.0001. */
		buf_printf(w->out, "oomguard_%s_bucket{le=\"%g\"} %llu\n", looks.name,
			(double)bounds[i] / USEC_PER_SEC, (unsigned long long)sum);
	}
	buf_printf(w->out, "oomguard_%s_bucket{le=\"+Inf\"} %llu\n", looks.name,
		(unsigned long long)w->view->look_count);
	buf_printf(w->out, "oomguard_%s_sum", looks.name);
	put_number(w, w->view->look_sum_usec, FROM_USEC);
	buf_printf(w->out, "oomguard_%s_count %llu\n", looks.name,
		(unsigned long long)w->view->look_count);
}

/* In the order of the document. */
static void (*const parts[])(struct writer *w) = {
	put_infos,
	put_plains,
	put_states,
	put_windows,
	put_rows,
	put_pressure,
	put_levels,
	put_dumps,
	put_looks,
};

void metrics_print(const struct guard_view *view, enum metrics_format format, struct buf *out)
{
	struct writer w = { .view = view, .format = format, .out = out };

	buf_reset(out);
	for (unsigned i = 0; i < ARRAY_LEN(parts); i++)
		parts[i](&w);
	if (format == METRICS_OPENMETRICS)
		buf_puts(out, "# EOF\n");
}

/* The weight that an Accept header gives one of the types, in thousandths; 0: none (RFC
 * 9110, 12.5.1)
 */
static unsigned weight_of(const char *accept, const char *const *types)
{
	for (; *types; types++) {
		for (const char *at = accept; *at; at += strcspn(at, ","), at += *at == ',') {
			size_t len, type = strlen(*types);
			const char *q;

			at += strspn(at, " \t");
			len = strcspn(at, ",");
			if (strncasecmp(at, *types, type) != 0 || !strchr(" \t;,", at[type]))
				continue;
			q = memmem(at, len, "q=", 2);
			/* "q=0.75": what is no number counts as none. */
			return q ? (unsigned)(1000 * strtod(q + 2, NULL)) : 1000;
		}
	}
	return 0;
}

enum metrics_format metrics_choose(const char *accept)
{
	static const char *const open[] = { "application/openmetrics-text", NULL };
	static const char *const plain[] = { "text/plain", "text/*", "*/*", NULL };
	unsigned weight = accept ? weight_of(accept, open) : 0;

	return weight && weight >= weight_of(accept, plain) ? METRICS_OPENMETRICS
							    : METRICS_PROMETHEUS;
}

const char *metrics_content_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}

const uint64_t *view_bucket_bounds_usec(void)
{
	static const uint64_t bounds[VIEW_BUCKETS] = { 10, 20, 50, 100, 200, 500, 1000, 5000 };

	return bounds;
}
