/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "report/advise.h"

static void sizes_follow_the_rules(void **state)
{
	static const struct {
		const char *name;
		struct advise_facts facts;
		uint64_t limit_mib, request_mib;
		bool change;
	} cases[] = {
		{ "nothing is wrong",
			{ .cause = CAUSE_NONE,
				.limit_bytes = 512 * MIB,
				.request_bytes = 256 * MIB,
				.peak_bytes = 500 * MIB },
			512, 256, false },
		{ "a peak that was cut off is raised by a fifth",
			{ .cause = CAUSE_LIMIT_TOO_LOW,
				.out_of_memory = true,
				.limit_bytes = 1000 * MIB,
				.peak_bytes = 1000 * MIB },
			1200, 0, true },
		{ "by 100 MiB at least",
			{ .cause = CAUSE_LIMIT_TOO_LOW,
				.out_of_memory = true,
				.limit_bytes = 256 * MIB,
				.peak_bytes = 256 * MIB },
			368, 0, true },
		{ "to twice the limit at most",
			{ .cause = CAUSE_LIMIT_TOO_LOW,
				.out_of_memory = true,
				.limit_bytes = 64 * MIB,
				.peak_bytes = 64 * MIB },
			128, 0, true },
		{ "a spike gets half more, its request stays",
			{ .cause = CAUSE_SPIKE,
				.out_of_memory = true,
				.limit_bytes = GIB,
				.request_bytes = 512 * MIB,
				.usual_bytes = 800 * MIB,
				.peak_bytes = GIB },
			1536, 512, true },
		{ "a dump inside of the limit needs its room",
			{ .cause = CAUSE_LIMIT_TOO_LOW,
				.limit_bytes = GIB,
				.peak_bytes = 1000 * MIB,
				.dump_bytes = 200 * MIB },
			1360, 0, true },
		{ "the usual use gives the request",
			{ .cause = CAUSE_LIMIT_TOO_LOW,
				.out_of_memory = true,
				.limit_bytes = GIB,
				.request_bytes = 256 * MIB,
				.usual_bytes = 800 * MIB,
				.peak_bytes = GIB },
			1232, 928, true },
		{ "a leak keeps its limit",
			{ .cause = CAUSE_LEAK,
				.out_of_memory = true,
				.limit_bytes = GIB,
				.peak_bytes = GIB,
				.floor_bytes = 256 * MIB,
				.slope_bytes_per_s = 10000 },
			1024, 0, false },
		{ "a short node changes the request alone",
			{ .cause = CAUSE_NODE_PRESSURE,
				.out_of_memory = true,
				.limit_bytes = GIB,
				.request_bytes = 128 * MIB,
				.high_bytes = 600 * MIB,
				.peak_bytes = 700 * MIB },
			1024, 704, true },
		{ "a request is never above the limit",
			{ .cause = CAUSE_WRONG_REQUESTS,
				.limit_bytes = 640 * MIB,
				.request_bytes = 128 * MIB,
				.high_bytes = 600 * MIB },
			640, 640, true },
		{ "little is rounded up to 32 MiB",
			{ .cause = CAUSE_LIMIT_TOO_LOW,
				.limit_bytes = 20 * MIB,
				.peak_bytes = 19 * MIB },
			32, 0, true },
		{ "without a limit the peak alone counts",
			{ .cause = CAUSE_UNKNOWN, .peak_bytes = 100 * MIB }, 128, 0, true },
	};
	struct advice a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		advise(&cases[i].facts, &a);
		if (a.limit_bytes != cases[i].limit_mib * MIB ||
			a.request_bytes != cases[i].request_mib * MIB ||
			a.change != cases[i].change)
			fail_msg("%s: limit %llu MiB, request %llu MiB, %s", cases[i].name,
				(unsigned long long)(a.limit_bytes / MIB),
				(unsigned long long)(a.request_bytes / MIB), a.sentence);
	}
}

static void a_leak_is_told_as_time(void **state)
{
	struct advise_facts facts = {
		.cause = CAUSE_LEAK,
		.limit_bytes = 1000 * MIB,
		.floor_bytes = 180 * MIB,
		.slope_bytes_per_s = MIB / 60,
		.wanted_uptime_s = 48 * 3600,
	};
	struct advice a;

	(void)state;
	advise(&facts, &a);
	/* 720 MiB at a MiB a minute. */
	assert_in_range(a.restart_every_s, 720 * 60, 720 * 60 + 10);
	/* (2880 + 180) / 0.9 = 3400, in steps of 16. */
	assert_int_equal(a.uptime_limit_bytes, 3408 * MIB);
	assert_non_null(strstr(a.sentence, "restart every 12h"));
	assert_string_equal(a.patch, "");
	assert_string_equal(a.kubectl, "");
	facts.slope_bytes_per_s = 0;
	advise(&facts, &a);
	assert_int_equal(a.restart_every_s, 0);
}

static void texts_can_be_pasted(void **state)
{
	const struct advise_facts facts = {
		.cause = CAUSE_LIMIT_TOO_LOW,
		.out_of_memory = true,
		.limit_bytes = 512 * MIB,
		.request_bytes = 300 * 1000 * 1000,
		.peak_bytes = 512 * MIB,
		.outside_heap_bytes = 100 * MIB,
		.kind = "statefulset",
		.name = "shop",
		.container = "app",
	};
	struct advice a;

	(void)state;
	advise(&facts, &a);
	assert_string_equal(a.kubectl,
		"kubectl set resources statefulset/shop -c app --requests=memory=300000000 "
		"--limits=memory=624Mi");
	assert_string_equal(a.patch, "spec:\n"
				     "  template:\n"
				     "    spec:\n"
				     "      containers:\n"
				     "      - name: app\n"
				     "        resources:\n"
				     "          requests:\n"
				     "            memory: 300000000\n"
				     "          limits:\n"
				     "            memory: 624Mi\n");
	assert_string_equal(a.sentence,
		"Set the memory limit to 624MiB (peak 512MiB, cut off by the limit), then watch, "
		"and repeat if need be. The runtime's heap may then be 462MiB at most.");
	assert_in_range(a.heap_bytes, 461 * MIB, 462 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_follow_the_rules),
		cmocka_unit_test(a_leak_is_told_as_time),
		cmocka_unit_test(texts_can_be_pasted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
