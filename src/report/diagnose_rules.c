/* SPDX-License-Identifier: Apache-2.0 */
#include "report/diagnose_rules.h"

#include "base/cleanup.h"
#include "base/units.h"

#define OVER_REQUEST_PCT 110
#define OURS_FROM_PCT	 80 /* of what fills an ancestor's limit: then it is we who fill it */
#define JUMP_MIN_TIMES	 3  /* a steep ramp is no jump */
#define YOUNG_S		 (6 * 3600) /* from here on the leak test knows better than one slope */

uint32_t diagnose_share_bp(const struct diagnose_facts *f, uint64_t bytes)
{
	return units_share_bp(bytes, f->limit_bytes);
}

bool diagnose_filled_by_others(const struct diagnose_facts *f)
{
	return f->own_use_bytes &&
	       f->own_use_bytes / OURS_FROM_PCT * 100 < MAX_OF(f->use_bytes, f->own_use_bytes);
}

static bool is_over_request(const struct diagnose_facts *f)
{
	return f->request_bytes && f->working_set_bytes > f->request_bytes / 100 * OVER_REQUEST_PCT;
}

static bool floor_rises(const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(line, "the retained floor rises by %s/h over %s",
		units_human_bytes(f->slope_bytes_per_s * 3600).s,
		units_human_duration(f->leak_window_s * USEC_PER_SEC).s);
	if (f->to_limit_s != UINT64_MAX && f->to_limit_s < UINT64_MAX / USEC_PER_SEC)
		buf_printf(line, ", limit in %s",
			units_human_duration(f->to_limit_s * USEC_PER_SEC).s);
	return f->leak >= LEAK_SUSPECTED;
}

/* A short life shows no more than that; after hours the leak test knows better. */
static bool rises_all_along(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(line, "use rose evenly through the whole life of %s, by %s/s",
		units_human_duration(f->uptime_s * USEC_PER_SEC).s,
		units_human_bytes(f->slope_bytes_per_s).s);
	return f->leak == LEAK_NONE && f->rises_through_life && f->uptime_s < YOUNG_S;
}

static bool raised_in_vain(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_puts(line, "a higher limit than in a life before was filled all the same");
	return d->score_pct[CAUSE_LEAK] && f->raised_in_vain;
}

/* A heap below its ceiling may grow: that is no leak yet. */
static bool grows_below_ceiling(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	(void)line;
	return f->leak == LEAK_NONE && f->ceiling_bytes &&
	       diagnose_share_bp(f, f->ceiling_bytes) > DIAGNOSE_CEILING_HIGH_BP;
}

static bool floor_goes_on(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_puts(line, f->leak_windows > 1 ? "seen on more than one time scale"
					   : "confirmed: it has gone on rising");
	return f->leak == LEAK_CONFIRMED || f->leak_windows > 1;
}

static bool lives_leak_alike(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(line, "the same slope in %u lives", f->lives_same_slope);
	return f->lives_same_slope >= 2;
}

static bool one_process_grows(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_puts(line, "it is anonymous memory of one process");
	return d->score_pct[CAUSE_LEAK] && f->growth == GROWTH_ANON && f->growth_in_one_process;
}

static bool growth_is_no_heap(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(line, "what grows is %s, not the heap", growth_name(f->growth));
	return f->growth == GROWTH_TMPFS || f->growth == GROWTH_FILE || f->growth == GROWTH_KERNEL;
}

static bool seen_too_shortly(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	(void)line;
	return f->leak && f->leak != LEAK_CONFIRMED && f->uptime_s < 2 * f->leak_window_s;
}

static bool jumped(const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(line, "rose by %u%% of the limit within %s, from %u%% (P90 before)",
		f->rise_bp / 100,
		f->rise_s ? units_human_duration(f->rise_s * USEC_PER_SEC).s : "a minute",
		f->p90_bp / 100);
	return f->samples > 1 && f->p90_bp <= 7000 && f->rise_bp >= 2500 &&
	       (!f->rise_s || f->rise_times >= JUMP_MIN_TIMES);
}

static bool jumped_unusually(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_printf(line, "%u times the usual change in that time", f->rise_times);
	return d->score_pct[CAUSE_SPIKE] && f->rise_times >= 10;
}

static bool spiked_before(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_printf(line, "%u spikes before fell back by themselves", f->spikes_before);
	return d->score_pct[CAUSE_SPIKE] && f->spikes_before;
}

static bool base_is_high(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(line, "the retained floor is %u%% of the limit and does not rise",
		diagnose_share_bp(f, f->floor_bytes) / 100);
	return f->leak == LEAK_NONE && !f->rises_through_life && f->floor_bytes &&
	       diagnose_share_bp(f, f->floor_bytes) >= 7000;
}

static bool use_is_high(const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(line, "P90 of use is %u%% of the limit", f->p90_bp / 100);
	return f->p90_bp >= 8500 && !f->rises_through_life;
}

static bool lives_end_early(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(
		line, "%u lives ran out of memory within 10 min of the start", f->lives_short_oom);
	return f->lives_short_oom >= 2;
}

static bool ceiling_is_high(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(line, "the runtime's own ceiling %s is %u%% of the limit",
		units_human_bytes(f->ceiling_bytes).s,
		diagnose_share_bp(f, f->ceiling_bytes) / 100);
	return f->ceiling_bytes &&
	       diagnose_share_bp(f, f->ceiling_bytes) > DIAGNOSE_CEILING_HIGH_BP;
}

static bool others_fill_the_pod(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_printf(line,
		"a limit of %s above the container was reached: %s in use, of which only %s are "
		"this container's",
		units_human_bytes(f->limit_bytes).s, units_human_bytes(f->use_bytes).s,
		units_human_bytes(f->own_use_bytes).s);
	return diagnose_filled_by_others(f) &&
	       (d->level == OOM_LEVEL_POD ||
		       (d->level == OOM_LEVEL_NONE && diagnose_share_bp(f, f->use_bytes) >= 7000));
}

static bool pod_log_says_so(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_puts(line, "the kernel log names the limit above the container's");
	return f->kernel == KERNEL_POD_LIMIT;
}

static bool exceeds_request(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_printf(line, "working set %s, request %s: the first to go when the node is short",
		units_human_bytes(f->working_set_bytes).s,
		f->best_effort ? "none" : units_human_bytes(f->request_bytes).s);
	return d->level == OOM_LEVEL_NODE && (f->best_effort || is_over_request(f));
}

static bool node_ran_out(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_puts(line, "the node ran out of memory, not the container");
	if (f->node_available_bp != DIAGNOSE_UNKNOWN)
		buf_printf(line, " (%u%% of the node's available)", f->node_available_bp / 100);
	return d->level == OOM_LEVEL_NODE;
}

static bool node_log_says_so(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_puts(line, f->kernel == KERNEL_NODE
			       ? "the kernel log names no limit"
			       : "the node's kernel killed within the last minute");
	return f->kernel == KERNEL_NODE || f->node_killed;
}

static bool was_below_limit(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_printf(line, "only %u%% of the limit was in use",
		diagnose_share_bp(f, f->use_bytes) / 100);
	return d->level == OOM_LEVEL_NODE && diagnose_share_bp(f, f->use_bytes) < 8000;
}

static bool node_stalls(const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_printf(line, "the node stalls for memory %u%% of the time", f->node_stall_bp / 100);
	return d->level == OOM_LEVEL_NODE && f->node_stall_bp != DIAGNOSE_UNKNOWN &&
	       f->node_stall_bp > DIAGNOSE_NODE_STALL_BP;
}

static const struct diagnose_rule rules[] = {
	{ CAUSE_LEAK, 50, floor_rises },
	{ CAUSE_LEAK, 40, rises_all_along },
	{ CAUSE_LEAK, 20, floor_goes_on },
	{ CAUSE_LEAK, 20, lives_leak_alike },
	{ CAUSE_LEAK, 10, one_process_grows },
	{ CAUSE_LEAK, 20, raised_in_vain },
	{ CAUSE_LEAK, -30, grows_below_ceiling },
	{ CAUSE_LEAK, -30, growth_is_no_heap },
	{ CAUSE_LEAK, -20, seen_too_shortly },
	{ CAUSE_SPIKE, 50, jumped },
	{ CAUSE_SPIKE, 20, jumped_unusually },
	{ CAUSE_SPIKE, 10, spiked_before },
	{ CAUSE_LIMIT_TOO_LOW, 40, base_is_high },
	{ CAUSE_LIMIT_TOO_LOW, 20, use_is_high },
	{ CAUSE_LIMIT_TOO_LOW, 20, lives_end_early },
	{ CAUSE_LIMIT_TOO_LOW, 50, ceiling_is_high },
	{ CAUSE_NODE_PRESSURE, 60, node_ran_out },
	{ CAUSE_NODE_PRESSURE, 20, node_log_says_so },
	{ CAUSE_NODE_PRESSURE, 10, was_below_limit },
	{ CAUSE_NODE_PRESSURE, 10, node_stalls },
	{ CAUSE_WRONG_REQUESTS, 60, exceeds_request },
	{ CAUSE_WRONG_REQUESTS, 70, others_fill_the_pod },
	{ CAUSE_WRONG_REQUESTS, 20, pod_log_says_so },
};

const struct diagnose_rule *diagnose_rules(unsigned *ret_n)
{
	_Static_assert(ARRAY_LEN(rules) <= DIAGNOSE_RULES_MAX, "held[] of its users");
	*ret_n = ARRAY_LEN(rules);
	return rules;
}
