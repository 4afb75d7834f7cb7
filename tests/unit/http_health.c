/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "http/health.h"

static void who_is_ready_and_alive(void **state)
{
	static const struct {
		const char *life_state;
		uint64_t child;
		bool draining;
		int ready, live;
	} cases[] = {
		{ "running", 7, false, 200, 200 },
		{ "running", 7, true, 503, 200 },
		{ "running", 0, false, 503, 200 },
		{ "pre-stop", 7, false, 503, 200 },
		{ "stopping", 7, false, 503, 200 },
		{ "back-off", 0, false, 503, 200 },
		{ "over", 0, false, 503, 503 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct guard_view v = {
			.life_state = cases[i].life_state,
			.child = cases[i].child,
			.draining = cases[i].draining,
		};

		if (health_ready(&v).code != cases[i].ready ||
			health_live(&v).code != cases[i].live)
			fail_msg("%s, child %d", cases[i].life_state, (int)cases[i].child);
		assert_non_null(health_ready(&v).text);
	}
}

/* A probe must not kill the container in mid-dump, but a dump must not excuse for ever. */
static void a_dump_excuses_for_a_time(void **state)
{
	struct guard_view v = { .life_state = "running", .busy_until_usec = 1000, .now_usec = 999 };

	(void)state;
	assert_false(health_excuses(&v));
	v.busy = true;
	assert_true(health_excuses(&v));
	v.now_usec = 1000;
	assert_false(health_excuses(&v));
	v.life_state = "stopping";
	assert_true(health_excuses(&v));
}

static void status_is_JSON_and_says_what_is_not_known(void **state)
{
	static struct guard_view v = { .version = "1\"", .basis = "anon", .life_state = "running" };
	static char text[HEALTH_TEXT_MAX];
	struct buf b = BUF_ON(text);
	json_t *status, *memory, *diagnosis;

	(void)state;
	v.pid = 1;
	v.child = 7;
	v.n_levels = 1;
	strcpy(v.levels[0].name, "warn");
	v.levels[0].active = true;
	v.limit_bytes = VIEW_UNKNOWN;
	v.use_bp = 8765;
	v.eta_usec = 1500000;
	v.states[0] = (struct view_named){ "none", 0 };
	v.states[1] = (struct view_named){ "leak", 1 };
	v.diagnosis_pct = 70;
	v.advised_limit_bytes = 512;
	v.advised_request_bytes = VIEW_UNKNOWN;
	buf_reset(&b);
	health_print_status(&v, &b);
	assert_false(b.truncated);
	assert_null(strchr(text, '\n'));
	status = json_loads(text, 0, NULL);
	assert_non_null(status);
	memory = json_object_get(status, "memory");
	assert_true(json_is_null(json_object_get(memory, "limit_bytes")));
	assert_true(json_real_value(json_object_get(memory, "ratio")) > 0.875);
	assert_true(json_real_value(json_object_get(memory, "time_to_limit_seconds")) == 1.5);
	assert_true(json_is_true(
		json_object_get(json_array_get(json_object_get(status, "levels"), 0), "active")));
	assert_string_equal(json_string_value(json_object_get(status, "version")), "1\"");
	diagnosis = json_object_get(status, "diagnosis");
	assert_string_equal(json_string_value(json_object_get(diagnosis, "cause")), "leak");
	assert_true(json_real_value(json_object_get(diagnosis, "confidence")) == 0.7);
	assert_int_equal(
		json_integer_value(json_object_get(diagnosis, "recommended_limit_bytes")), 512);
	assert_true(json_is_null(json_object_get(diagnosis, "recommended_request_bytes")));
	json_decref(status);
}

/* Everything at its longest fits into HEALTH_TEXT_MAX. */
static void the_longest_status_fits(void **state)
{
	static struct guard_view v;
	static char text[HEALTH_TEXT_MAX];
	struct buf b = BUF_ON(text);

	(void)state;
	v = (struct guard_view){ .version = "1", .basis = "nonreclaimable", .life_state = "over" };
	memset(v.limit_source, 'x', sizeof(v.limit_source) - 1);
	memset(v.summary, 'x', sizeof(v.summary) - 1);
	v.n_levels = CONF_LEVELS_MAX;
	for (unsigned i = 0; i < CONF_LEVELS_MAX; i++)
		memset(v.levels[i].name, 'x', sizeof(v.levels[i].name) - 1);
	for (unsigned i = 0; i < VIEW_COMPONENTS; i++)
		v.components[i] = (struct view_named){ "slab_unreclaimable", UINT64_MAX - 1 };
	for (unsigned i = 0; i < VIEW_DUMPS; i++) {
		v.dumps[i].kind = "terminate-largest";
		v.dumps[i].ok = v.dumps[i].failed = UINT64_MAX;
	}
	buf_reset(&b);
	health_print_status(&v, &b);
	assert_false(b.truncated);
	assert_true(b.len > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_ready_and_alive),
		cmocka_unit_test(a_dump_excuses_for_a_time),
		cmocka_unit_test(status_is_JSON_and_says_what_is_not_known),
		cmocka_unit_test(the_longest_status_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
