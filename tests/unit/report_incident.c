/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "report/incident.h"
#include "report/render.h"

#define NAME	  "20261125T205844.123Z-dump"
#define WALL_USEC UINT64_C(1795640324123000)

static char dir[64];
static struct conf conf;
static int statefd, incidents, incident_fd;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/oomguard-incident.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	conf_defaults(&conf);
	strcpy(conf.guard.state_dir, dir);
	statefd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(statefd, "incidents", 0700);
	incidents = openat(statefd, "incidents", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(incidents, NAME, 0700);
	incident_fd = openat(incidents, NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return incident_fd < 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "snapshot.json", "heap.bin", "a\033[31m",
		"incident.json", "report.txt" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(incident_fd, files[i], 0);
	close(incident_fd);
	unlinkat(incidents, NAME, AT_REMOVEDIR);
	unlinkat(incidents, "20261125T205845.123Z-warn", AT_REMOVEDIR);
	unlinkat(incidents, "notes", AT_REMOVEDIR);
	close(incidents);
	unlinkat(statefd, "incidents", AT_REMOVEDIR);
	unlinkat(statefd, "instance-2/incidents/20261125T205846.123Z-brink", AT_REMOVEDIR);
	unlinkat(statefd, "instance-2/incidents", AT_REMOVEDIR);
	unlinkat(statefd, "instance-2", AT_REMOVEDIR);
	unlinkat(statefd, FLIGHT_NAME, 0);
	close(statefd);
	return rmdir(dir);
}

static void write_file(const char *name, const char *text)
{
	assert_int_equal(file_write_whole(incident_fd, name, text, strlen(text), 0), 0);
}

static struct incident *load(const char *wanted)
{
	struct incident_place place;
	struct incident *in = NULL;

	assert_int_equal(incident_find(&conf, wanted, &place), 0);
	assert_int_equal(incident_load(&place, &conf, &in), 0);
	incident_place_close(&place);
	return in;
}

static bool noted(const struct incident *in, const char *text)
{
	for (unsigned i = 0; i < in->n_notes; i++)
		if (strstr(in->notes[i], text))
			return true;
	return false;
}

static const char good[] =
	"{\"version\":1,\"time\":\"2026-11-25T20:58:44.123Z\",\"level\":\"dump\","
	"\"reason\":\"dump level: 88% \\u001b[31mred\\u001b[0m\",\"guard\":{\"version\":\"0.1\"},"
	"\"limit\":{\"bytes\":67108864,\"source\":\"memory.max\"},"
	"\"memory\":{\"basis\":\"nonreclaimable\",\"use_bytes\":60000000,\"usage_bytes\":61000000,"
	"\"headroom_bytes\":7000000,\"growth_bytes_per_second\":-12,"
	"\"time_to_limit_seconds\":1.5,\"components\":{\"anon\":50000000,\"file\":null}},"
	"\"events\":{\"oom_kill\":2},\"application\":{\"pid\":1,\"age_seconds\":61.5},"
	"\"processes\":[{\"pid\":7,\"ppid\":1,\"comm\":\"<b>\\u202eevil\",\"command\":\"a\\nb\","
	"\"rss_bytes\":5,\"pss_bytes\":null,\"threads\":3}],"
	"\"processes_rest\":{\"count\":4,\"rss_bytes\":9},\"complete\":true}\n";

static void a_snapshot_is_read(void **state)
{
	struct incident *in;

	(void)state;
	write_file("snapshot.json", good);
	in = load(NULL);
	assert_string_equal(in->name, NAME);
	assert_int_equal(in->wall_usec, WALL_USEC);
	assert_true(in->has_snapshot && in->snapshot_complete);
	assert_int_equal(in->limit_bytes, 67108864);
	assert_int_equal(in->use_bytes, 60000000);
	assert_int_equal(in->growth_bytes_per_s, -12);
	assert_int_equal(in->eta_msec, 1500);
	assert_int_equal(in->age_s, 61);
	assert_int_equal(in->oom_kills, 2);
	assert_int_equal(in->n_components, 1);
	assert_string_equal(in->components[0].name, "anon");
	assert_int_equal(in->n_processes, 1);
	assert_int_equal(in->processes[0].threads, 3);
	assert_true(in->processes[0].pss_bytes == INCIDENT_UNKNOWN);
	assert_int_equal(in->rest_processes, 4);
	/* What would control a terminal is gone. */
	assert_string_equal(in->reason, "dump level: 88% ?[31mred?[0m");
	assert_string_equal(in->processes[0].comm, "<b>?evil");
	assert_string_equal(in->processes[0].command, "a?b");
	assert_true(noted(in, "flight.rec: there is none"));
	assert_false(noted(in, "snapshot"));
	/* The levels of the configuration, lowest first. */
	assert_int_equal(in->n_lines, 6);
	assert_string_equal(in->lines[0].name, "warn");
	assert_int_equal(in->lines[0].bytes, 67108864 / 4 * 3);
	incident_free(in);
}

static void what_is_broken_becomes_a_note(void **state)
{
	static const struct {
		const char *text, *note;
	} cases[] = {
		{ NULL, "snapshot.json: there is none" },
		{ "", "snapshot.json: is not what" },
		{ "{\"time\":", "snapshot.json: is not what" },
		{ "[1]", "snapshot.json: is not what" },
		{ "\xff\xfe", "snapshot.json: is not what" },
		{ "{}", "snapshot.json: was cut" },
		{ "{\"limit\":5,\"memory\":[],\"processes\":{\"a\":1},\"time\":[],\"level\":{}}",
			"snapshot.json: was cut" },
		{ "{\"limit\":{\"bytes\":-5},\"memory\":{\"use_bytes\":1e300,"
		  "\"time_to_limit_seconds\":1e300,\"components\":{\"\":1,\"x\":\"y\"}},"
		  "\"processes\":[1,null,{}]}",
			"snapshot.json: was cut" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct incident *in;

		if (cases[i].text)
			write_file("snapshot.json", cases[i].text);
		in = load(NULL);
		if (!noted(in, cases[i].note))
			fail_msg("case %zu: no note '%s'", i, cases[i].note);
		assert_true(in->limit_bytes == INCIDENT_UNKNOWN);
		assert_true(in->use_bytes == INCIDENT_UNKNOWN);
		assert_true(in->eta_msec == INCIDENT_UNKNOWN);
		incident_free(in);
	}
}

static void the_newest_of_all_places_is_found(void **state)
{
	struct incident_place place;
	char path[128];

	(void)state;
	assert_int_equal(incident_find(&conf, NULL, &place), 0);
	assert_string_equal(place.name, NAME);
	incident_place_close(&place);
	mkdirat(incidents, "20261125T205845.123Z-warn", 0700);
	mkdirat(incidents, "notes", 0700); /* not ours */
	assert_int_equal(incident_find(&conf, NULL, &place), 0);
	assert_string_equal(place.name, "20261125T205845.123Z-warn");
	incident_place_close(&place);
	mkdirat(statefd, "instance-2", 0700);
	mkdirat(statefd, "instance-2/incidents", 0700);
	mkdirat(statefd, "instance-2/incidents/20261125T205846.123Z-brink", 0700);
	assert_int_equal(incident_find(&conf, NULL, &place), 0);
	assert_string_equal(place.name, "20261125T205846.123Z-brink");
	incident_place_close(&place);
	assert_int_equal(incident_find(&conf, NAME, &place), 0);
	assert_string_equal(place.name, NAME);
	incident_place_close(&place);
	snprintf(path, sizeof(path), "%s/incidents/%s/", dir, NAME);
	assert_int_equal(incident_find(&conf, path, &place), 0);
	assert_string_equal(place.name, NAME);
	assert_true(place.statefd >= 0);
	incident_place_close(&place);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct incident_place place;

	(void)state;
	assert_int_equal(incident_find(&conf, "20200101T000000.000Z-x", &place), -ENOENT);
	assert_int_equal(incident_find(&conf, "/nonexistent/x", &place), -ENOENT);
	assert_int_equal(incident_find(&conf, "..", &place), -ENOENT);
	strcpy(conf.guard.state_dir, "/nonexistent");
	assert_int_equal(incident_find(&conf, NAME, &place), -ENOENT);
}

static void put_curve(uint64_t from_usec, unsigned n, uint64_t use)
{
	static struct flight *shared;
	struct flight_file file;
	const struct flight_life life = { .start_wall_usec = from_usec,
		.last_wall_usec = from_usec + n * USEC_PER_SEC,
		.limit_bytes = 64 * MIB,
		.end = FLIGHT_END_GUARDED };

	shared = flight_map();
	assert_non_null(shared);
	assert_int_equal(flight_file_open(&file, statefd, MIB, MIB), 0);
	flight_put_life(shared, &life);
	for (unsigned i = 0; i < n; i++) {
		const struct flight_sample s = { .wall_usec = from_usec + i * USEC_PER_SEC,
			.use_bytes = use + i,
			.limit_bytes = 64 * MIB };

		flight_put_sample(shared, &s, true);
	}
	flight_put_event(shared, FLIGHT_LEVEL, 0, "evil \033[2J event");
	assert_int_equal(flight_file_flush(&file, shared), 0);
	close(file.fd);
}

static void the_curve_is_that_of_its_own_life(void **state)
{
	struct incident *in;

	(void)state;
	write_file("snapshot.json", good);
	put_curve(WALL_USEC - 7200 * USEC_PER_SEC, 20, 1000);
	put_curve(WALL_USEC - 30 * USEC_PER_SEC, 30, 2000);
	put_curve(WALL_USEC + 10 * USEC_PER_SEC, 20, 3000);
	in = load(NULL);
	assert_int_equal(in->log.n_lives, 3);
	assert_ptr_equal(in->life, &in->log.lives[1]);
	assert_true(in->n_samples >= 30);
	assert_in_range(in->samples[0].use_bytes, 2000, 2029);
	for (unsigned i = 0; i < in->n_samples; i++)
		assert_true(in->samples[i].use_bytes < 3000 ||
			    in->samples[i].wall_usec == WALL_USEC + 10 * USEC_PER_SEC);
	assert_null(strchr(in->log.events[0].text, '\033'));
	incident_free(in);
}

static void a_foreign_recorder_is_told(void **state)
{
	struct incident *in;

	(void)state;
	assert_int_equal(file_write_whole(statefd, FLIGHT_NAME, "hello", 5, 0), 0);
	in = load(NULL);
	assert_true(noted(in, "flight.rec: is not what"));
	assert_int_equal(in->n_samples, 0);
	incident_free(in);
}

static void files_are_listed_and_links_are_not(void **state)
{
	struct incident *in;

	(void)state;
	write_file("heap.bin", "12345");
	write_file("a\033[31m", "1");
	assert_int_equal(symlinkat("/etc/passwd", incident_fd, "snapshot.json"), 0);
	in = load(NULL);
	assert_int_equal(in->n_files, 2);
	assert_string_equal(in->files[0].name, "a?[31m");
	assert_string_equal(in->files[1].name, "heap.bin");
	assert_int_equal(in->files[1].bytes, 5);
	assert_true(noted(in, "snapshot.json"));
	incident_free(in);
}

static void texts_are_cleaned(void **state)
{
	static const struct {
		const char *in, *out;
		size_t size;
	} cases[] = {
		{ "plain", "plain", 64 },
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
			"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 64 },
		{ "\x1b[31m\x07\r\n\t\x7f", "?[31m?????", 64 },
		{ "\xc2\x9b\x33", "?3", 64 }, /* C1: CSI */
		{ "\xe2\x80\xae"
		  "abc",
			"?abc", 64 },			      /* right-to-left override */
		{ "\xff\xc0\xaf\xed\xa0\x80", "??????", 64 }, /* never, overlong, surrogate */
		{ "\xe2\x82", "??", 64 },		      /* cut */
		{ "abcdef", "abc", 4 },
		{ "ab\xe2\x82\xac", "ab", 4 }, /* not inside of a character */
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		incident_clean(out, cases[i].size, cases[i].in);
		assert_string_equal(out, cases[i].out);
	}
}

static void names_tell_the_time(void **state)
{
	static const struct {
		const char *name;
		uint64_t wall_usec;
	} cases[] = {
		{ NAME, WALL_USEC },
		{ "19700101T000000.000Z-a", 0 },
		{ "20240229T120000.500Z-warn", UINT64_C(1709208000500000) },
		{ "20241329T120000.500Z-warn", 0 },
		{ "notes", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(incident_time_of(cases[i].name), cases[i].wall_usec);
}

static void the_files_of_a_report_are_written(void **state)
{
	struct incident_verdict verdict = { .confidence_pct = 101 };
	struct stat st;
	json_t *root;
	int fd;

	(void)state;
	write_file("snapshot.json", good);
	assert_int_equal(
		incident_write_files(incident_fd, -1, NAME, &conf, NULL, &verdict, NULL), 0);
	assert_true(verdict.confidence_pct <= 100);
	fd = openat(incident_fd, "incident.json", O_RDONLY | O_CLOEXEC);
	root = json_loadfd(fd, 0, NULL);
	close(fd);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "incident")), NAME);
	json_decref(root);
	assert_int_equal(fstatat(incident_fd, "report.txt", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(st.st_size > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_snapshot_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_broken_becomes_a_note, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_newest_of_all_places_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_not_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_curve_is_that_of_its_own_life, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_foreign_recorder_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			files_are_listed_and_links_are_not, set_up, tear_down),
		cmocka_unit_test(texts_are_cleaned),
		cmocka_unit_test(names_tell_the_time),
		cmocka_unit_test_setup_teardown(
			the_files_of_a_report_are_written, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("report/incident", tests, NULL, NULL);
}
