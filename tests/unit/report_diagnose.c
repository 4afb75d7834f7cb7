/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "report/diagnose.h"

#define UNKNOWN_NODE .node_available_bp = DIAGNOSE_UNKNOWN, .node_stall_bp = DIAGNOSE_UNKNOWN
#define YOUNG	     .uptime_s = 30, .samples = 30, .limit_bytes = GIB
#define SEEN	     .uptime_s = 86400, .samples = 86400, .limit_bytes = GIB

static const struct {
	const char *name;
	struct diagnose_facts facts;
	enum death death;
	enum oom_level level;
	enum cause cause;
	unsigned confidence_min, confidence_max;
	const char *evidence; /* part of a line; NULL: no line at all */
} cases[] = {
	{ "nothing", { SEEN, UNKNOWN_NODE, .use_bytes = GIB / 2 }, DEATH_NONE, OOM_LEVEL_NONE,
		CAUSE_NONE, 0, 0, NULL },
	{ "a leak suspected, alive",
		{ SEEN, UNKNOWN_NODE, .use_bytes = GIB / 2, .leak = LEAK_SUSPECTED,
			.leak_windows = 1, .leak_window_s = 21600, .slope_bytes_per_s = 10000,
			.to_limit_s = 53687 },
		DEATH_NONE, OOM_LEVEL_NONE, CAUSE_LEAK, 50, 50, "34MiB/h over 6h, limit in 15h" },
	{ "a leak confirmed, in one process, in each life",
		{ SEEN, UNKNOWN_NODE, .ended = true, .exit_signal = SIGKILL, .kernel_killed = true,
			.own_limit_hit = true, .use_bytes = GIB, .leak = LEAK_CONFIRMED,
			.leak_windows = 2, .leak_window_s = 3600, .slope_bytes_per_s = 10000,
			.growth = GROWTH_ANON, .growth_in_one_process = true,
			.lives_same_slope = 2 },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_LEAK, 95, 95, "the same slope in 2 lives" },
	{ "what grows is a tmpfs",
		{ SEEN, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .own_limit_hit = true,
			.use_bytes = GIB, .leak = LEAK_CONFIRMED, .leak_windows = 1,
			.leak_window_s = 3600, .growth = GROWTH_TMPFS },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_UNKNOWN, 0, 0, "tmpfs, not the heap" },
	{ "a spike",
		{ SEEN, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .own_limit_hit = true,
			.use_bytes = GIB, .p90_bp = 4000, .rise_bp = 5500, .rise_times = 50 },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_SPIKE, 70, 70, "rose by 55% of the limit" },
	{ "not a spike: was high before",
		{ SEEN, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .own_limit_hit = true,
			.use_bytes = GIB, .p90_bp = 7100, .rise_bp = 2500, .rise_times = 50 },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_UNKNOWN, 0, 0, NULL },
	{ "the limit is too low",
		{ SEEN, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .own_limit_hit = true,
			.use_bytes = GIB, .p90_bp = 9300, .floor_bytes = GIB / 10 * 9,
			.ceiling_bytes = GIB },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_LIMIT_TOO_LOW, 95, 95, "ceiling 1GiB is 100%" },
	{ "the pod's limit, by a neighbour",
		{ SEEN, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .use_bytes = GIB / 2 },
		DEATH_OOM, OOM_LEVEL_POD, CAUSE_UNKNOWN, 0, 0, NULL },
	{ "a pod of one container: its limit is ours",
		{ SEEN, UNKNOWN_NODE, .ended = true, .kernel_killed = true,
			.use_bytes = GIB - 8 * MIB },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_UNKNOWN, 0, 0, NULL },
	{ "the node, and requests far too low",
		{ SEEN, .ended = true, .kernel_killed = true, .use_bytes = GIB / 2,
			.working_set_bytes = GIB / 2, .request_bytes = GIB / 8,
			.node_available_bp = 200, .node_stall_bp = 4000, .node_killed = true },
		DEATH_OOM, OOM_LEVEL_NODE, CAUSE_NODE_PRESSURE, 95, 95, "request 128MiB" },
	{ "the kernel log overrides",
		{ SEEN, UNKNOWN_NODE, .ended = true, .kernel = KERNEL_NODE, .own_limit_hit = true,
			.use_bytes = GIB / 10 * 9 },
		DEATH_OOM, OOM_LEVEL_NODE, CAUSE_NODE_PRESSURE, 80, 80, "names no limit" },
	{ "SIGKILL by somebody",
		{ SEEN, UNKNOWN_NODE, .ended = true, .exit_signal = SIGKILL, .use_bytes = GIB / 2 },
		DEATH_SIGKILL, OOM_LEVEL_EXTERNAL, CAUSE_UNKNOWN, 0, 0, NULL },
	{ "asked to end",
		{ SEEN, UNKNOWN_NODE, .ended = true, .asked_to_end = true, .exit_signal = SIGKILL,
			.use_bytes = GIB },
		DEATH_ASKED, OOM_LEVEL_NONE, CAUSE_NONE, 0, 0, NULL },
	{ "unseen, full",
		{ SEEN, UNKNOWN_NODE, .ended = true, .ended_unseen = true,
			.use_bytes = GIB / 100 * 95 },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_UNKNOWN, 0, 0, NULL },
	{ "unseen, half",
		{ SEEN, UNKNOWN_NODE, .ended = true, .ended_unseen = true, .use_bytes = GIB / 2 },
		DEATH_SIGKILL, OOM_LEVEL_EXTERNAL, CAUSE_UNKNOWN, 0, 0, NULL },
	{ "unseen, half, the node was full",
		{ SEEN, .ended = true, .ended_unseen = true, .use_bytes = GIB / 2,
			.node_available_bp = 300, .node_stall_bp = DIAGNOSE_UNKNOWN },
		DEATH_OOM, OOM_LEVEL_NODE, CAUSE_NODE_PRESSURE, 70, 70, "3% of the node" },
	{ "neighbours have filled the pod",
		{ SEEN, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .ancestor_hit = true,
			.use_bytes = GIB, .own_use_bytes = GIB / 5, .own_limit_bytes = GIB,
			.rises_through_life = true, .slope_bytes_per_s = MIB },
		DEATH_OOM, OOM_LEVEL_POD, CAUSE_WRONG_REQUESTS, 70, 70, "only 205MiB are" },
	{ "the pod's limit is lower than ours, and it is we who fill it",
		{ YOUNG, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .ancestor_hit = true,
			.use_bytes = GIB, .own_use_bytes = GIB, .own_limit_bytes = 2 * GIB,
			.rises_through_life = true, .slope_bytes_per_s = MIB, .growth = GROWTH_ANON,
			.growth_in_one_process = true },
		DEATH_OOM, OOM_LEVEL_POD, CAUSE_LEAK, 20, 25, "1MiB/s" },
	{ "an even rise in two short lives",
		{ YOUNG, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .own_limit_hit = true,
			.use_bytes = GIB, .rises_through_life = true, .slope_bytes_per_s = MIB,
			.lives_same_slope = 2, .lives_short_oom = 2, .p90_bp = 9000 },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_LEAK, 24, 24, "the same slope in 2 lives" },
	{ "in one life: not yet",
		{ YOUNG, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .own_limit_hit = true,
			.use_bytes = GIB, .rises_through_life = true, .slope_bytes_per_s = MIB },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_UNKNOWN, 0, 0, "use rose evenly" },
	{ "a higher limit was filled too",
		{ YOUNG, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .own_limit_hit = true,
			.use_bytes = GIB, .rises_through_life = true, .slope_bytes_per_s = MIB,
			.lives_same_slope = 2, .raised_in_vain = true },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_LEAK, 32, 32, "filled all the same" },
	{ "a heap on its way to a ceiling above the limit",
		{ YOUNG, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .own_limit_hit = true,
			.use_bytes = GIB, .rises_through_life = true, .slope_bytes_per_s = MIB,
			.growth = GROWTH_ANON, .growth_in_one_process = true, .lives_same_slope = 2,
			.lives_short_oom = 2, .ceiling_bytes = 2 * GIB },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_LIMIT_TOO_LOW, 28, 28, "2GiB is 200%" },
	{ "a steep ramp is no jump",
		{ YOUNG, UNKNOWN_NODE, .ended = true, .kernel_killed = true, .own_limit_hit = true,
			.use_bytes = GIB, .p90_bp = 6500, .rise_bp = 3000, .rise_times = 2,
			.rise_s = 5 },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_UNKNOWN, 0, 0, NULL },
	{ "clean", { SEEN, UNKNOWN_NODE, .ended = true }, DEATH_CLEAN, OOM_LEVEL_NONE, CAUSE_NONE,
		0, 0, NULL },
	{ "crash", { SEEN, UNKNOWN_NODE, .ended = true, .exit_signal = SIGSEGV }, DEATH_CRASH,
		OOM_LEVEL_NONE, CAUSE_UNKNOWN, 0, 0, NULL },
	{ "little has been seen",
		{ UNKNOWN_NODE, .uptime_s = 600, .samples = 600, .limit_bytes = GIB, .ended = true,
			.kernel_killed = true, .own_limit_hit = true, .use_bytes = GIB,
			.p90_bp = 4000, .rise_bp = 5500, .rise_times = 50 },
		DEATH_OOM, OOM_LEVEL_OWN, CAUSE_SPIKE, 28, 30, "55%" },
};

static bool has_evidence(const struct diagnosis *d, const char *part)
{
	for (unsigned i = 0; i < d->n_evidence; i++)
		if (strstr(d->evidence[i], part))
			return true;
	return false;
}

static void facts_give_verdicts(void **state)
{
	struct diagnosis d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		diagnose(&cases[i].facts, &d);
		if (d.death != cases[i].death || d.level != cases[i].level ||
			d.cause != cases[i].cause || d.confidence_pct < cases[i].confidence_min ||
			d.confidence_pct > cases[i].confidence_max)
			fail_msg("%s: death %s, level %s, cause %s, confidence %u", cases[i].name,
				death_name(d.death), oom_level_name(d.level), cause_name(d.cause),
				d.confidence_pct);
		if (cases[i].evidence ? !has_evidence(&d, cases[i].evidence) : d.n_evidence > 0)
			fail_msg("%s: evidence \"%s\", expected \"%s\"", cases[i].name,
				d.n_evidence ? d.evidence[0] : "none",
				cases[i].evidence ? cases[i].evidence : "none");
	}
}

static void every_word_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DEATH_COUNT; i++)
		assert_non_null(death_name((enum death)i));
	for (unsigned i = 0; i < OOM_LEVEL_COUNT; i++)
		assert_non_null(oom_level_name((enum oom_level)i));
	for (unsigned i = 0; i < CAUSE_COUNT; i++)
		assert_non_null(cause_name((enum cause)i));
	for (unsigned i = 0; i < GROWTH_COUNT; i++)
		assert_non_null(growth_name((enum growth)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_give_verdicts),
		cmocka_unit_test(every_word_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
