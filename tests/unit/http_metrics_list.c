/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is served is what dashboards and rules are written against: every family by name, type, unit
 * and labels, in both formats, and none that is not in the list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "http/metrics.h"

#define LINE_MAX_ 1024

/* name: as the older format has it. unit: that of OpenMetrics, NULL none. labels: in order. */
static const struct wanted {
	const char *name, *type, *open_type, *unit, *labels;
} list[] = {
	{ "build_info", "gauge", "info", NULL, "version,revision" },
	{ "container_info", "gauge", "info", NULL,
		"container,cgroup_version,qos,basis,limit_source" },
	{ "memory_usage_bytes", "gauge", "gauge", "bytes", "" },
	{ "memory_working_set_bytes", "gauge", "gauge", "bytes", "" },
	{ "memory_nonreclaimable_bytes", "gauge", "gauge", "bytes", "" },
	{ "memory_component_bytes", "gauge", "gauge", "bytes", "component" },
	{ "memory_peak_bytes", "gauge", "gauge", "bytes", "" },
	{ "memory_used_bytes", "gauge", "gauge", "bytes", "" },
	{ "memory_headroom_bytes", "gauge", "gauge", "bytes", "" },
	{ "memory_limit_bytes", "gauge", "gauge", "bytes", "" },
	{ "memory_request_bytes", "gauge", "gauge", "bytes", "" },
	{ "memory_high_bytes", "gauge", "gauge", "bytes", "" },
	{ "memory_nonreclaimable_ratio", "gauge", "gauge", "ratio", "" },
	{ "memory_growth_bytes_per_second", "gauge", "gauge", NULL, "window" },
	{ "memory_retained_floor_bytes", "gauge", "gauge", "bytes", "window" },
	{ "memory_limit_eta_seconds", "gauge", "gauge", "seconds", "" },
	{ "memory_events_total", "counter", "counter", NULL, "event" },
	{ "pressure_stall_seconds_total", "counter", "counter", "seconds", "scope,kind" },
	{ "node_memory_available_bytes", "gauge", "gauge", "bytes", "" },
	{ "oom_kills_total", "counter", "counter", NULL, "level" },
	{ "diagnosis", "gauge", "stateset", NULL, "cause" },
	{ "diagnosis_confidence_ratio", "gauge", "gauge", "ratio", "" },
	{ "diagnoses_total", "counter", "counter", NULL, "cause" },
	{ "recommended_limit_bytes", "gauge", "gauge", "bytes", "" },
	{ "recommended_request_bytes", "gauge", "gauge", "bytes", "" },
	{ "preemptive_restarts_total", "counter", "counter", NULL, "reason" },
	{ "app_exits_total", "counter", "counter", NULL, "kind" },
	{ "lives_total", "counter", "counter", NULL, "end" },
	{ "dumps_total", "counter", "counter", NULL, "kind,result" },
	{ "dump_duration_seconds", "gauge", "gauge", "seconds", "" },
	{ "dump_bytes", "gauge", "gauge", "bytes", "" },
	{ "last_oom_timestamp_seconds", "gauge", "gauge", "seconds", "" },
	{ "last_restart_timestamp_seconds", "gauge", "gauge", "seconds", "" },
	{ "sample_duration_seconds", "histogram", "histogram", "seconds", "" },
	{ "sample_interval_seconds", "gauge", "gauge", "seconds", "" },
	{ "sample_blind_seconds", "gauge", "gauge", "seconds", "" },
	{ "threshold_ratio", "gauge", "gauge", "ratio", "level" },
	{ "level_active", "gauge", "gauge", NULL, "level" },
	{ "level_fired_total", "counter", "counter", NULL, "level" },
	{ "restart_budget_remaining", "gauge", "gauge", NULL, "" },
	{ "watching", "gauge", "gauge", NULL, "" },
};

/* Everything is known: no number is VIEW_UNKNOWN, every row has one entry. */
static void fill(struct guard_view *v)
{
	static const struct view_named one[] = { { "one", 1 } };

	*v = (struct guard_view){
		.version = "1",
		.revision = "2",
		.basis = "usage",
		.qos = "Burstable",
		.container = "web",
		.n_levels = 1,
		.levels = { { .name = "warn" } },
		.windows = { { "10s", true, 1, 1 } },
	};
	memcpy(v->components, one, sizeof(one));
	memcpy(v->events, one, sizeof(one));
	memcpy(v->container_pressure, one, sizeof(one));
	memcpy(v->restarts, one, sizeof(one));
	memcpy(v->exits, one, sizeof(one));
	memcpy(v->lives, one, sizeof(one));
	memcpy(v->kills, one, sizeof(one));
	memcpy(v->diagnoses, one, sizeof(one));
	memcpy(v->states, one, sizeof(one));
	v->dumps[0].kind = "core";
}

static void document(enum metrics_format format, char text[METRICS_TEXT_MAX])
{
	static struct guard_view view;
	struct buf b = { .data = text, .size = METRICS_TEXT_MAX };

	fill(&view);
	metrics_print(&view, format, &b);
	assert_false(b.truncated);
}

/* The line of the document that begins so, "" when there is none. Static. */
static const char *line_of(const char *text, const char *begin)
{
	static char line[LINE_MAX_];
	const char *at = text;

	while (*at && strncmp(at, begin, strlen(begin)) != 0) {
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

/* "name{a="x",b="y"} 1" gives "a,b". */
static void labels_of(const char *sample, char *out, size_t size)
{
	struct buf b = { .data = out, .size = size };
	const char *at = strchr(sample, '{');

	buf_reset(&b);
	while (at && *at && *at != '}') {
		size_t len = strcspn(++at, "=");

		buf_printf(&b, "%s%.*s", b.len ? "," : "", (int)len, at);
		at = strchr(at + len + 2, '"');
		at = at ? at + 1 : NULL;
	}
}

/* OpenMetrics names a family without the suffix of its samples. */
static void family_name(const struct wanted *w, bool open, char out[LINE_MAX_])
{
	const char *suffix = !strcmp(w->open_type, "counter") ? "_total"
			     : !strcmp(w->open_type, "info")  ? "_info"
							      : "";

	snprintf(out, LINE_MAX_, "oomguard_%.*s",
		(int)(strlen(w->name) - (open ? strlen(suffix) : 0)), w->name);
}

static void check_one(const char *text, const struct wanted *w, bool open)
{
	char name[LINE_MAX_], begin[LINE_MAX_ + 16], labels[256], wanted[256];
	const char *type = open ? w->open_type : w->type;
	const char *line;

	family_name(w, open, name);
	snprintf(begin, sizeof(begin), "# TYPE %s ", name);
	line = line_of(text, begin);
	if (!line[0])
		fail_msg("%s is not there", name);
	assert_string_equal(line + strlen(begin), type);
	snprintf(begin, sizeof(begin), "# HELP %s ", name);
	assert_true(strlen(line_of(text, begin)) > strlen(begin));
	snprintf(begin, sizeof(begin), "# UNIT %s ", name);
	line = line_of(text, begin);
	assert_string_equal(line[0] ? line + strlen(begin) : "", open && w->unit ? w->unit : "");
	if (!strcmp(w->type, "histogram"))
		return;
	snprintf(begin, sizeof(begin), "oomguard_%s%s", w->name, w->labels[0] ? "{" : " ");
	line = line_of(text, begin);
	if (!line[0])
		fail_msg("%s has no sample as wanted", w->name);
	labels_of(line, labels, sizeof(labels));
	snprintf(wanted, sizeof(wanted), "%s%s", w->labels,
		!strcmp(type, "stateset") ? ",oomguard_diagnosis" : "");
	assert_string_equal(labels, wanted);
}

static unsigned count(const char *text, const char *begin)
{
	unsigned n = 0;

	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n')
		n += !strncmp(at, begin, strlen(begin));
	return n;
}

static void check_all(enum metrics_format format)
{
	static char text[METRICS_TEXT_MAX];

	document(format, text);
	for (unsigned i = 0; i < ARRAY_LEN(list); i++)
		check_one(text, &list[i], format == METRICS_OPENMETRICS);
	/* And no other, and none twice. */
	assert_int_equal(count(text, "# TYPE "), ARRAY_LEN(list));
	assert_int_equal(count(text, "# HELP "), ARRAY_LEN(list));
}

static void every_metric_is_in_the_Prometheus_format(void **state)
{
	(void)state;
	check_all(METRICS_PROMETHEUS);
}

static void every_metric_is_in_OpenMetrics(void **state)
{
	(void)state;
	check_all(METRICS_OPENMETRICS);
}

/* A family is in one piece: its samples follow its head and no other comes between. */
static void families_are_in_one_piece(void **state)
{
	static char text[METRICS_TEXT_MAX];
	char family[LINE_MAX_] = "";

	(void)state;
	document(METRICS_OPENMETRICS, text);
	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		if (!strncmp(at, "# HELP ", 7))
			snprintf(family, sizeof(family), "%.*s", (int)strcspn(at + 7, " "), at + 7);
		else if (*at != '#' && strncmp(at, family, strlen(family)) != 0)
			fail_msg("a sample after the head of %s: %.40s", family, at);
	}
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_metric_is_in_the_Prometheus_format),
		cmocka_unit_test(every_metric_is_in_OpenMetrics),
		cmocka_unit_test(families_are_in_one_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
