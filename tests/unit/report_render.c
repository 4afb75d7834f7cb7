/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/render.h"

#define WALL_USEC UINT64_C(1795640324123000)

static struct incident *in;
static struct flight_sample samples[60];
static struct flight_event events[2];

static int set_up(void **state)
{
	(void)state;
	in = calloc(1, sizeof(*in));
	if (!in)
		return -1;
	strcpy(in->name, "20261125T205844.123Z-dump");
	strcpy(in->path, "/var/lib/oomguard/incidents/20261125T205844.123Z-dump");
	in->wall_usec = WALL_USEC;
	in->has_snapshot = true;
	strcpy(in->level, "dump");
	strcpy(in->reason, "dump level: 88% of 64MiB in use (anon 55MiB), growing by 2MiB/s, the "
			   "limit in 3.9s");
	in->limit_bytes = 64 * MIB;
	in->use_bytes = 56 * MIB;
	in->usage_bytes = 58 * MIB;
	in->eta_msec = 3900;
	in->growth_bytes_per_s = 2 * MIB;
	in->n_components = 1;
	strcpy(in->components[0].name, "anon");
	in->components[0].value = 55 * MIB;
	in->n_processes = 1;
	in->processes[0] = (struct incident_process){ .pid = 7,
		.rss_bytes = 54 * MIB,
		.pss_bytes = INCIDENT_UNKNOWN,
		.threads = 3,
		.comm = "leak",
		.command = "/usr/bin/leak --with so many arguments that they do not fit" };
	in->n_files = 1;
	strcpy(in->files[0].name, "snapshot.json");
	in->files[0].bytes = 2048;
	in->diagnosis.cause = CAUSE_LEAK;
	in->diagnosis.confidence_pct = 70;
	in->diagnosis.score_pct[CAUSE_LEAK] = 70;
	in->diagnosis.n_evidence = 1;
	strcpy(in->diagnosis.evidence[0], "the retained floor rises by 2MiB/s");
	strcpy(in->advice.sentence, "Keep 64MiB, restart every 5m until it is fixed.");
	events[0] = (struct flight_event){ .wall_usec = WALL_USEC, .kind = FLIGHT_LEVEL };
	strcpy(events[0].text, "dump level");
	events[1] = (struct flight_event){
		.wall_usec = WALL_USEC + 1000, .kind = FLIGHT_EXIT, .value = 9
	};
	in->events = events;
	in->n_events = 2;
	for (unsigned i = 0; i < 60; i++)
		samples[i] =
			(struct flight_sample){ .wall_usec = WALL_USEC - (60 - i) * USEC_PER_SEC,
				.use_bytes = i * MIB,
				.usage_bytes = i * MIB,
				.anon_bytes = i * MIB,
				.limit_bytes = 64 * MIB };
	in->samples = samples;
	in->n_samples = 60;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(in);
	return 0;
}

static char *render(void (*how)(const struct incident *incident, FILE *out))
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	how(in, out);
	fclose(out);
	return text;
}

static void plain(const struct incident *incident, FILE *out)
{
	render_text(incident, false, out);
}

static void coloured(const struct incident *incident, FILE *out)
{
	render_text(incident, true, out);
}

static const char golden[] =
	"Incident 20261125T205844.123Z-dump\n"
	"  2026-11-25T20:58:44.123Z, level dump\n"
	"  dump level: 88% of 64MiB in use (anon 55MiB), growing by 2MiB/s, the limit in\n"
	"  3.9s\n"
	"\n"
	"VERDICT\n"
	"  memory leak, 70 % sure\n"
	"  - the retained floor rises by 2MiB/s\n"
	"\n"
	"ADVICE\n"
	"  Keep 64MiB, restart every 5m until it is fixed.\n"
	"\n"
	"MEMORY\n"
	"  [###################################.....] 56MiB of 64MiB, 87 %\n"
	"  all usage           58MiB\n"
	"  anonymous           55MiB\n"
	"  growth               2MiB/s, the limit in 3.9s\n"
	"\n"
	"PROCESSES\n"
	"      PID        PSS        RSS  THREADS  COMMAND\n"
	"        7          ?      54MiB        3  leak --with so many arguments that...\n"
	"\n"
	"EVENTS\n"
	"  20:58:44.123 level    dump level\n"
	"  20:58:44.124 exit     killed by signal 9\n"
	"\n"
	"FILES\n"
	"  /var/lib/oomguard/incidents/20261125T205844.123Z-dump\n"
	"        2KiB  snapshot.json\n";

static void text_is_as_expected(void **state)
{
	char *text = render(plain);

	(void)state;
	assert_string_equal(text, golden);
	free(text);
}

/* The widest line, without what colours it. */
static unsigned width(const char *text)
{
	unsigned widest = 0, n = 0;

	for (const char *c = text; *c; c++) {
		if (*c == '\033') {
			c += strcspn(c, "m");
			continue;
		}
		n = *c == '\n' ? 0 : n + ((*c & 0xc0) != 0x80);
		widest = n > widest ? n : widest;
	}
	return widest;
}

static void make_long(char *out, size_t size)
{
	for (size_t i = 0; i + 1 < size; i++)
		out[i] = i % 9 ? 'x' : i % 7 ? '/' : ' ';
	out[size - 1] = '\0';
}

static void text_fits_80_columns_whatever_comes(void **state)
{
	char *text;

	(void)state;
	make_long(in->name, sizeof(in->name));
	make_long(in->path, sizeof(in->path));
	make_long(in->reason, sizeof(in->reason));
	make_long(in->processes[0].command, sizeof(in->processes[0].command));
	make_long(in->files[0].name, sizeof(in->files[0].name));
	make_long(in->diagnosis.evidence[0], sizeof(in->diagnosis.evidence[0]));
	make_long(in->advice.sentence, sizeof(in->advice.sentence));
	make_long(in->advice.kubectl, sizeof(in->advice.kubectl));
	make_long(events[0].text, sizeof(events[0].text));
	memset(in->notes[0], 'y', sizeof(in->notes[0]) - 1);
	in->n_notes = 1;
	in->processes[0].pid = 4194304;
	in->processes[0].threads = UINT64_MAX - 1;
	text = render(plain);
	assert_in_range(width(text), 40, RENDER_COLUMNS);
	assert_null(strchr(text, '\033'));
	free(text);
	text = render(coloured);
	assert_in_range(width(text), 40, RENDER_COLUMNS);
	assert_non_null(strchr(text, '\033'));
	free(text);
}

static const char hostile[] = "</title><script>alert(1)</script>&amp;\"'><!--";

static void put_hostile(void)
{
	strcpy(in->name, hostile);
	strcpy(in->path, hostile);
	strcpy(in->reason, hostile);
	strcpy(in->level, "<b>");
	strcpy(in->processes[0].comm, hostile);
	strcpy(in->processes[0].command, hostile);
	strcpy(in->files[0].name, hostile);
	strcpy(in->components[0].name, "<i>\"");
	strcpy(in->lines[0].name, "<u>\"");
	in->lines[0].bytes = MIB;
	in->n_lines = 1;
	strcpy(events[0].text, hostile);
	strcpy(in->notes[0], hostile);
	in->n_notes = 1;
	strcpy(in->diagnosis.evidence[0], hostile);
	strcpy(in->advice.sentence, hostile);
	strcpy(in->advice.patch, hostile);
	strcpy(in->advice.kubectl, hostile);
	strcpy(in->guard_version, "<s>");
	in->wall_usec = 0; /* the directory was renamed: the snapshot's own time is shown */
	strcpy(in->time, "<script>2026");
}

static void json_is_valid_and_complete(void **state)
{
	static const char *const keys[] = { "version", "incident", "path", "time", "level",
		"reason", "verdict", "advice", "memory", "levels", "life", "samples", "events",
		"processes", "files", "notes" };

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		char *text;
		json_t *root;

		if (round == 1)
			put_hostile();
		if (round == 2)
			memset(in, 0, sizeof(*in));
		text = render(render_json);
		root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(root);
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			assert_non_null(json_object_get(root, keys[i]));
		assert_int_equal(json_object_size(root), sizeof(keys) / sizeof(keys[0]));
		assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
		if (round == 1)
			assert_string_equal(
				json_string_value(json_object_get(root, "reason")), hostile);
		if (round < 2)
			assert_int_equal(json_array_size(json_object_get(root, "samples")), 60);
		json_decref(root);
		free(text);
	}
}

/* Every element is closed by its own end; the text between may hold no '<'. */
static void check_nesting(const char *text)
{
	char open[32][24];
	unsigned depth = 0;

	assert_int_equal(strncmp(text, "<!DOCTYPE html>", 15), 0);
	for (const char *at = text + 15; (at = strchr(at, '<')); at++) {
		size_t len = strcspn(at, ">");
		char name[24] = "";

		assert_int_equal(at[len], '>');
		assert_int_equal(strcspn(at + 1, "<") >= len, 1);
		sscanf(at + (at[1] == '/' ? 2 : 1), "%23[a-z0-9]", name);
		assert_true(name[0]);
		if (at[1] == '/') {
			assert_true(depth > 0);
			assert_string_equal(name, open[--depth]);
		} else if (at[len - 1] != '/') {
			assert_true(depth < 32);
			strcpy(open[depth++], name);
		}
	}
	assert_int_equal(depth, 0);
}

static void html_is_well_formed(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		char *text;

		if (round == 1)
			put_hostile();
		if (round == 2)
			samples[0].wall_usec -= 7200 * USEC_PER_SEC; /* a second plot */
		if (round == 3)
			memset(in, 0, sizeof(*in));
		text = render(render_html);
		check_nesting(text);
		assert_null(strstr(text, "<script"));
		assert_null(strstr(text, "http://www.w3.org/1999"));
		assert_null(strstr(text, "https:"));
		if (round == 1)
			assert_non_null(
				strstr(text, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"
					     "&quot;&#39;&gt;&lt;!--"));
		if (round == 2)
			assert_non_null(strstr(text, "The last minutes"));
		free(text);
	}
}

static void samples_are_thinned_to_the_highest(void **state)
{
	struct flight_sample many[1000], out[10];
	unsigned n;

	(void)state;
	memset(many, 0, sizeof(many));
	for (unsigned i = 0; i < 1000; i++)
		many[i].wall_usec = WALL_USEC + i * 1000;
	many[555].use_bytes = 7;
	n = render_thin(many, 1000, out, 10);
	assert_in_range(n, 9, 10);
	assert_int_equal(out[n - 1].wall_usec, many[999].wall_usec);
	uint64_t most = 0;

	for (unsigned i = 0; i < n; i++)
		most = out[i].use_bytes > most ? out[i].use_bytes : most;
	assert_int_equal(most, 7);
	assert_int_equal(render_thin(many, 1, out, 10), 1);
	assert_int_equal(render_thin(many, 0, out, 10), 0);
}

static void an_unknown_format_is_refused_and_nothing_is_3(void **state)
{
	static struct conf conf;
	FILE *null = fopen("/dev/null", "we");

	(void)state;
	conf_defaults(&conf);
	strcpy(conf.guard.state_dir, "/nonexistent");
	assert_int_equal(render_report(&conf, "pdf", NULL, null, null), -1);
	assert_int_equal(render_report(&conf, "json", "no-such-incident", null, null), 3);
	fclose(null);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_is_as_expected),
		TEST(text_fits_80_columns_whatever_comes),
		TEST(json_is_valid_and_complete),
		TEST(html_is_well_formed),
		cmocka_unit_test(samples_are_thinned_to_the_highest),
		cmocka_unit_test(an_unknown_format_is_refused_and_nothing_is_3),
	};

	return cmocka_run_group_tests_name("report/render", tests, NULL, NULL);
}
