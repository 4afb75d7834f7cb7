/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/plot.h"

#define BEGIN UINT64_C(1795640000000000)

static struct incident *incident; /* 100 KiB */
static struct flight_sample samples[2000];

static int set_up(void **state)
{
	(void)state;
	incident = calloc(1, sizeof(*incident));
	memset(samples, 0, sizeof(samples));
	if (incident)
		incident->samples = samples;
	return !incident;
}

static int tear_down(void **state)
{
	(void)state;
	free(incident);
	return 0;
}

static void put(unsigned n, uint64_t use, uint64_t slope, uint64_t limit)
{
	for (unsigned i = 0; i < n; i++)
		samples[i] = (struct flight_sample){ .wall_usec = BEGIN + i * USEC_PER_SEC,
			.use_bytes = use + i * slope,
			.usage_bytes = use + i * slope,
			.anon_bytes = use,
			.limit_bytes = limit };
	incident->n_samples = n;
	incident->limit_bytes = limit;
}

/* Every number in attributes of places is finite and within the drawing. */
static void check_svg(const char *svg)
{
	assert_null(strstr(svg, "nan"));
	assert_null(strstr(svg, "inf"));
	for (const char *at = svg; (at = strchr(at, '%')); at++) {
		const char *begin = at;

		while (begin > svg && strchr("0123456789.-", begin[-1]))
			begin--;
		assert_in_range((int)strtod(begin, NULL), 0, 100);
	}
	for (const char *path = svg; (path = strstr(path, " d=\"")); path++) {
		for (const char *c = path + 4; *c && *c != '"';) {
			char *end;

			if (strchr("MLZ ", *c)) {
				c++;
				continue;
			}
			assert_in_range((int)strtod(c, &end), 0, 1000);
			assert_ptr_not_equal(c, end);
			c = end;
		}
	}
}

static char *draw(const struct plot *p)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	plot_write(incident, p, out);
	fclose(out);
	check_svg(text);
	return text;
}

static void any_curve_is_drawn(void **state)
{
	static const struct {
		const char *what;
		unsigned n;
		uint64_t use, slope, limit, top_from, top_to;
	} cases[] = {
		{ "nothing", 0, 0, 0, INCIDENT_UNKNOWN, 1, MIB },
		{ "one sample", 1, 50 * MIB, 0, 64 * MIB, 64 * MIB, 70 * MIB },
		{ "constant", 100, 50 * MIB, 0, 64 * MIB, 64 * MIB, 70 * MIB },
		{ "all zero", 100, 0, 0, 0, 1, MIB },
		{ "no limit", 100, 50 * MIB, MIB, INCIDENT_UNKNOWN, 149 * MIB, 160 * MIB },
		{ "a limit far away", 100, 5 * MIB, 0, 64 * GIB, 5 * MIB, 6 * MIB },
		{ "over the limit", 100, 80 * MIB, 0, 64 * MIB, 80 * MIB, 90 * MIB },
		{ "huge", 100, UINT64_MAX - 1000, 1, UINT64_MAX - 1, GIB, UINT64_MAX },
		{ "many", 2000, 5 * MIB, 1000, 64 * MIB, 64 * MIB, 70 * MIB },
	};
	struct plot p;
	char *svg;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t to = BEGIN + (cases[i].n ? cases[i].n - 1 : 0) * USEC_PER_SEC;

		put(cases[i].n, cases[i].use, cases[i].slope, cases[i].limit);
		plot_scale(incident, BEGIN, to, &p);
		if (p.top_bytes < cases[i].top_from || p.top_bytes > cases[i].top_to)
			fail_msg("%s: the axis ends at %llu", cases[i].what,
				(unsigned long long)p.top_bytes);
		assert_true(p.to_usec > p.from_usec);
		assert_in_range(p.top_bytes / p.step_bytes, 1, 16);
		assert_in_range((p.to_usec - p.from_usec) / p.step_usec, 0, 4);
		svg = draw(&p);
		assert_true(strlen(svg) < 256 * KIB);
		free(svg);
	}
}

static void places_are_clamped_and_in_order(void **state)
{
	const struct plot p = { .from_usec = BEGIN,
		.to_usec = BEGIN + 100,
		.top_bytes = 1000,
		.step_bytes = 100,
		.step_usec = 1 };

	(void)state;
	assert_true(plot_x(&p, 0) == plot_x(&p, BEGIN));
	assert_true(plot_x(&p, UINT64_MAX) == plot_x(&p, BEGIN + 100));
	assert_true(plot_x(&p, BEGIN) < plot_x(&p, BEGIN + 1));
	assert_true(plot_y(&p, 0) > plot_y(&p, 1));
	assert_true(plot_y(&p, UINT64_MAX) == plot_y(&p, 1000));
}

static void events_that_are_close_share_a_mark(void **state)
{
	static struct flight_event events[4];
	struct plot p;
	char *svg;

	(void)state;
	put(1000, 5 * MIB, 0, 64 * MIB);
	events[0].wall_usec = BEGIN;
	events[1].wall_usec = BEGIN + 500 * USEC_PER_SEC;
	events[2].wall_usec = BEGIN + 501 * USEC_PER_SEC;
	events[3].wall_usec = BEGIN + 900 * USEC_PER_SEC;
	strcpy(events[2].text, "<script>&\"'");
	incident->events = events;
	incident->n_events = 4;
	plot_scale(incident, BEGIN, BEGIN + 999 * USEC_PER_SEC, &p);
	assert_int_equal(plot_group(incident, &p, 0), 1);
	assert_int_equal(plot_group(incident, &p, 1), 2);
	svg = draw(&p);
	assert_non_null(strstr(svg, ">2\xe2\x80\x93"
				    "3</text>"));
	assert_non_null(strstr(svg, ">4</text>"));
	assert_null(strstr(svg, "<script"));
	assert_non_null(strstr(svg, "&lt;script&gt;&amp;&quot;&#39;"));
	free(svg);
}

static void names_of_low_levels_stay_inside(void **state)
{
	struct plot p;

	(void)state;
	put(10, 60 * MIB, 0, 64 * MIB);
	for (unsigned i = 0; i < CONF_LEVELS_MAX; i++)
		incident->lines[i].name[0] = (char)('a' + i);
	incident->n_lines = CONF_LEVELS_MAX;
	plot_scale(incident, BEGIN, BEGIN + 9 * USEC_PER_SEC, &p);
	free(draw(&p));
}

static void names_of_levels_do_not_touch(void **state)
{
	double last = 0;
	struct plot p;
	char *svg;
	unsigned n = 0;

	(void)state;
	put(10, 60 * MIB, 0, 64 * MIB);
	for (unsigned i = 0; i < 5; i++) {
		incident->lines[i].bytes = 60 * MIB + i * 1000;
		incident->lines[i].name[0] = (char)('a' + i);
	}
	incident->n_lines = 5;
	plot_scale(incident, BEGIN, BEGIN + 9 * USEC_PER_SEC, &p);
	svg = draw(&p);
	for (const char *at = svg; (at = strstr(at, "class=\"name")); at++) {
		double y = strtod(strstr(at, " y=\"") + 4, NULL);

		if (strstr(at, "99.5%") > strchr(at, '>'))
			continue; /* the number of the limit is on the other side */
		assert_true(!n++ || y >= last + 4);
		last = y;
	}
	assert_int_equal(n, 6);
	free(svg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_curve_is_drawn, set_up, tear_down),
		cmocka_unit_test(places_are_clamped_and_in_order),
		cmocka_unit_test_setup_teardown(
			events_that_are_close_share_a_mark, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_of_low_levels_stay_inside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_of_levels_do_not_touch, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("report/plot", tests, NULL, NULL);
}
