/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fixture.h"
#include "http/metrics.h"

/* One of everything; what is left at VIEW_UNKNOWN must not appear. */
static void fill(struct guard_view *v)
{
	*v = (struct guard_view){
		.version = "1.2.3",
		.revision = "0123abcd",
		.qos = "Burstable",
		.container = "web",
		.watching = true,
		.cgroup_version = 2,
		.basis = "nonreclaimable",
		.limit_source = "/sys/fs/cgroup/a\"b\\c\nd/memory.max",
		.usage_bytes = 200,
		.working_set_bytes = 180,
		.nonreclaimable_bytes = 150,
		.peak_bytes = VIEW_UNKNOWN,
		.use_bytes = 160,
		.limit_bytes = UINT64_C(1) << 40,
		.high_bytes = VIEW_UNKNOWN,
		.request_bytes = VIEW_UNKNOWN,
		.headroom_bytes = 96,
		.use_bp = 6250,
		.eta_usec = 12345678,
		.growth_bytes_per_sec = -5,
		.node_available_bytes = 1,
		.dump_usec = VIEW_UNKNOWN,
		.dump_bytes = VIEW_UNKNOWN,
		.diagnosis_pct = 70,
		.advised_limit_bytes = 512,
		.advised_request_bytes = VIEW_UNKNOWN,
		.diagnoses = { { "unknown", 1 }, { "leak", 2 } },
		.states = { { "none", 0 }, { "leak", 1 }, { "spike", 0 } },
		.windows = { { "10s", true, -5, VIEW_UNKNOWN }, { "2m", false, 7, VIEW_UNKNOWN },
			{ "1h", true, 9, 90 } },
		.last_oom_wall_usec = UINT64_C(1732570000123456),
		.last_restart_wall_usec = VIEW_UNKNOWN,
		.restarts_left = 3,
		.look_interval_usec = 250000,
		.look_buckets = { 1, 2, 3, 0, 0, 0, 0, 0, 4 },
		.look_count = 10,
		.look_sum_usec = 1000,
		.components = { { "anon", 100 }, { "shmem", VIEW_UNKNOWN }, { "file", 50 } },
		.events = { { "low", VIEW_UNKNOWN }, { "max", 7 } },
		.container_pressure = { { "some", 1500000 }, { "full", 500 } },
		.levels = { { .name = "warn", .active = true, .at_bp = 7500, .fired_count = 2 },
			{ .name = "odd", .at_bp = VIEW_UNKNOWN } },
		.n_levels = 2,
		.kills = { { "own", 1 }, { "pod", 0 }, { "node", 0 }, { "external", 0 } },
		.restarts = { { "level", 2 } },
		.exits = { { "ok", 4 } },
		.lives = { { "clean", 3 }, { "external-kill", 2 } },
	};
	v->dumps[0].kind = "heap-dump";
	v->dumps[0].ok = 5;
	v->dumps[0].failed = 1;
}

static void check_golden(enum metrics_format format, const char *name)
{
	static struct guard_view view;
	static char text[METRICS_TEXT_MAX], wanted[METRICS_TEXT_MAX];
	char path[FIXTURE_PATH_MAX];
	struct buf b = BUF_ON(text);
	ssize_t n;
	int fd;

	fill(&view);
	metrics_print(&view, format, &b);
	assert_false(b.truncated);
	fixture_path(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("no fixture %s", path);
	n = read(fd, wanted, sizeof(wanted) - 1);
	close(fd);
	assert_true(n > 0);
	wanted[n] = '\0';
	assert_string_equal(text, wanted);
}

static void the_Prometheus_format(void **state)
{
	(void)state;
	check_golden(METRICS_PROMETHEUS, "http/metrics.prom");
}

static void the_OpenMetrics_format(void **state)
{
	(void)state;
	check_golden(METRICS_OPENMETRICS, "http/metrics.openmetrics");
}

static void which_format_is_wanted(void **state)
{
	static const struct {
		const char *accept;
		enum metrics_format format;
	} cases[] = {
		{ NULL, METRICS_PROMETHEUS },
		{ "", METRICS_PROMETHEUS },
		{ "*/*", METRICS_PROMETHEUS },
		{ "text/plain;version=0.0.4", METRICS_PROMETHEUS },
		{ " application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		  "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
			METRICS_OPENMETRICS },
		{ "Application/OpenMetrics-Text", METRICS_OPENMETRICS },
		{ "application/openmetrics-text;q=0, text/plain", METRICS_PROMETHEUS },
		{ "application/openmetrics-text;q=0.0", METRICS_PROMETHEUS },
		{ "application/openmetrics-text;q=0.5", METRICS_OPENMETRICS },
		{ "application/openmetrics-text; q=0.5, text/plain;q=0.4", METRICS_OPENMETRICS },
		{ "text/plain, application/openmetrics-text;q=0.9", METRICS_PROMETHEUS },
		{ "text/plain;q=0.9,application/openmetrics-text", METRICS_OPENMETRICS },
		{ "text/*;q=0.3,application/openmetrics-text;q=0.2", METRICS_PROMETHEUS },
		{ "*/*;q=0.2, application/openmetrics-text;version=1.0.0;q=0.3",
			METRICS_OPENMETRICS },
		{ "x/application/openmetrics-text", METRICS_PROMETHEUS },
		{ "application/openmetrics-textual", METRICS_PROMETHEUS },
		{ "application/openmetrics-text;q=x", METRICS_PROMETHEUS },
		{ ",,;q=,application/openmetrics-text", METRICS_OPENMETRICS },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		if (metrics_choose(cases[i].accept) != cases[i].format)
			fail_msg("%s", cases[i].accept ? cases[i].accept : "no Accept");
}

static void the_longest_document_fits(void **state)
{
	static struct guard_view v;
	static char text[METRICS_TEXT_MAX];
	struct buf b = BUF_ON(text);

	(void)state;
	fill(&v);
	memset(v.limit_source, '"', sizeof(v.limit_source) - 1);
	v.n_levels = CONF_LEVELS_MAX;
	for (unsigned i = 0; i < CONF_LEVELS_MAX; i++) {
		memset(v.levels[i].name, 'x', sizeof(v.levels[i].name) - 1);
		v.levels[i].at_bp = v.levels[i].fired_count = UINT64_MAX - 1;
	}
	metrics_print(&v, METRICS_OPENMETRICS, &b);
	assert_false(b.truncated);
	assert_string_equal(text + b.len - 6, "# EOF\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_Prometheus_format),
		cmocka_unit_test(the_OpenMetrics_format),
		cmocka_unit_test(which_format_is_wanted),
		cmocka_unit_test(the_longest_document_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
