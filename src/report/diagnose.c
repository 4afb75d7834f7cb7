/* SPDX-License-Identifier: Apache-2.0 */
#include "report/diagnose.h"

#include <signal.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"

/* Judgement, not measured (the leak test is); all in one place. */
#define OOM_FROM_BP	   9000 /* an unseen end above this share of the limit was for memory */
#define LIMIT_REACHED_BP   9500
#define LIMIT_SLACK	   (4 * MIB) /* counters lag behind by as much */
#define NODE_LOW_BP	   500
#define NODE_STALL_BP	   1000
#define WINS_FROM_PCT	   50
#define WINS_AHEAD_PCT	   15
#define CONFIDENCE_MAX_PCT 95
#define FULL_DATA_S	   (6 * 3600)
#define FULL_DATA_SAMPLES  3600
#define OVER_REQUEST_PCT   110

static const char *const death_names[] = { "none", "clean", "asked", "oom", "sigkill", "crash",
	"unknown" };
static const char *const level_names[] = { "none", "own", "pod", "node" };
static const char *const cause_names[] = { "none", "unknown", "leak", "spike", "limit-too-low",
	"wrong-requests", "node-pressure" };
static const char *const growth_names[] = { "unknown", "anon", "tmpfs", "file", "kernel" };

const char *death_name(enum death death)
{
	return death_names[death];
}

const char *oom_level_name(enum oom_level level)
{
	return level_names[level];
}

const char *cause_name(enum cause cause)
{
	return cause_names[cause];
}

const char *growth_name(enum growth growth)
{
	return growth_names[growth];
}

static uint32_t share(const struct diagnose_facts *f, uint64_t bytes)
{
	return units_share_bp(bytes, f->limit_bytes);
}

static enum death death_of(const struct diagnose_facts *f)
{
	if (!f->ended)
		return DEATH_NONE;
	if (f->kernel_killed || f->kernel != KERNEL_SILENT)
		return DEATH_OOM;
	if (f->asked_to_end)
		return DEATH_ASKED;
	if (f->ended_unseen)
		return share(f, MAX_OF(f->use_bytes, f->usage_bytes)) >= OOM_FROM_BP
			       ? DEATH_OOM
			       : DEATH_UNKNOWN;
	if (f->exit_signal == SIGKILL)
		return DEATH_SIGKILL;
	return f->exit_signal || f->exit_status ? DEATH_CRASH : DEATH_CLEAN;
}

static bool node_is_short(const struct diagnose_facts *f)
{
	return f->node_killed ||
	       (f->node_available_bp != DIAGNOSE_UNKNOWN && f->node_available_bp < NODE_LOW_BP) ||
	       (f->node_stall_bp != DIAGNOSE_UNKNOWN && f->node_stall_bp > NODE_STALL_BP);
}

/*
 * The kubelet gives a pod of one container the container's own limit, and the pod's is reached
 * first: a kill at the limit that our own cgroup did not count is that.
 */
static enum oom_level level_of(const struct diagnose_facts *f, enum death death)
{
	static const enum oom_level word[] = {
		[KERNEL_OWN_LIMIT] = OOM_LEVEL_OWN,
		[KERNEL_POD_LIMIT] = OOM_LEVEL_POD,
		[KERNEL_NODE] = OOM_LEVEL_NODE,
	};
	uint64_t usage = MAX_OF(f->use_bytes, f->usage_bytes) + LIMIT_SLACK;

	if (death != DEATH_OOM)
		return OOM_LEVEL_NONE;
	if (f->kernel != KERNEL_SILENT)
		return word[f->kernel];
	if (f->own_limit_hit || f->ended_unseen)
		return OOM_LEVEL_OWN;
	if (usage >= units_of_share(f->limit_bytes, LIMIT_REACHED_BP))
		return OOM_LEVEL_OWN;
	return node_is_short(f) ? OOM_LEVEL_NODE : OOM_LEVEL_POD;
}

static bool is_over_request(const struct diagnose_facts *f)
{
	return f->request_bytes && f->working_set_bytes > f->request_bytes / 100 * OVER_REQUEST_PCT;
}

/*
 * The rules. Each sees the facts and what is known so far; true when it holds, with its line of
 * evidence (an empty line tells nothing).
 */
typedef bool rule_fn(const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line);

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
	(void)d;
	buf_puts(line, "it is anonymous memory of one process");
	return f->leak && f->growth == GROWTH_ANON && f->growth_in_one_process;
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
	buf_printf(line, "rose by %u%% of the limit within a minute, from %u%% (P90 before)",
		f->rise_bp / 100, f->p90_bp / 100);
	return f->samples > 1 && f->p90_bp <= 7000 && f->rise_bp >= 2500;
}

static bool jumped_unusually(
	const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_printf(line, "%u times the usual change in a minute", f->rise_times);
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
		share(f, f->floor_bytes) / 100);
	return f->leak == LEAK_NONE && f->floor_bytes && share(f, f->floor_bytes) >= 7000;
}

static bool use_is_high(const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	(void)d;
	buf_printf(line, "P90 of use is %u%% of the limit", f->p90_bp / 100);
	return f->p90_bp >= 8500;
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
		units_human_bytes(f->ceiling_bytes).s, share(f, f->ceiling_bytes) / 100);
	return f->ceiling_bytes && share(f, f->ceiling_bytes) > 9500;
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
	buf_printf(line, "only %u%% of the limit was in use", share(f, f->use_bytes) / 100);
	return d->level == OOM_LEVEL_NODE && share(f, f->use_bytes) < 8000;
}

static bool node_stalls(const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line)
{
	buf_printf(line, "the node stalls for memory %u%% of the time", f->node_stall_bp / 100);
	return d->level == OOM_LEVEL_NODE && f->node_stall_bp != DIAGNOSE_UNKNOWN &&
	       f->node_stall_bp > NODE_STALL_BP;
}

/* Rules that build on another stand below it. */
static const struct rule {
	enum cause cause;
	int points;
	rule_fn *holds;
} rules[] = {
	{ CAUSE_LEAK, 50, floor_rises },
	{ CAUSE_LEAK, 20, floor_goes_on },
	{ CAUSE_LEAK, 20, lives_leak_alike },
	{ CAUSE_LEAK, 10, one_process_grows },
	{ CAUSE_LEAK, -30, growth_is_no_heap },
	{ CAUSE_LEAK, -20, seen_too_shortly },
	{ CAUSE_SPIKE, 50, jumped },
	{ CAUSE_SPIKE, 20, jumped_unusually },
	{ CAUSE_SPIKE, 10, spiked_before },
	{ CAUSE_LIMIT_TOO_LOW, 40, base_is_high },
	{ CAUSE_LIMIT_TOO_LOW, 20, use_is_high },
	{ CAUSE_LIMIT_TOO_LOW, 20, lives_end_early },
	{ CAUSE_LIMIT_TOO_LOW, 20, ceiling_is_high },
	{ CAUSE_NODE_PRESSURE, 60, node_ran_out },
	{ CAUSE_NODE_PRESSURE, 20, node_log_says_so },
	{ CAUSE_NODE_PRESSURE, 10, was_below_limit },
	{ CAUSE_NODE_PRESSURE, 10, node_stalls },
	{ CAUSE_WRONG_REQUESTS, 60, exceeds_request },
};

static void apply_rules(const struct diagnose_facts *f, struct diagnosis *d, bool held[])
{
	char text[DIAGNOSE_LINE_MAX];
	struct buf line = BUF_ON(text);

	for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
		int score = (int)d->score_pct[rules[i].cause] + rules[i].points;

		buf_reset(&line);
		held[i] = rules[i].holds(f, d, &line);
		if (held[i])
			d->score_pct[rules[i].cause] = (unsigned)MIN_OF(MAX_OF(score, 0), 100);
	}
}

/*
 * Requests that made us the victim explain a kill on a short node rather than compete with it, so
 * they are told beside it.
 */
static enum cause winner_of(const struct diagnosis *d, unsigned *ret_best)
{
	enum cause best = CAUSE_UNKNOWN;
	unsigned first = 0, second = 0;

	for (unsigned c = CAUSE_LEAK; c < CAUSE_COUNT; c++) {
		unsigned score = d->score_pct[c];

		if (c == CAUSE_WRONG_REQUESTS)
			continue;
		if (score > first) {
			second = first;
			first = score;
			best = (enum cause)c;
		} else if (score > second) {
			second = score;
		}
	}
	*ret_best = first;
	return first >= WINS_FROM_PCT && first - second >= WINS_AHEAD_PCT ? best : CAUSE_UNKNOWN;
}

static unsigned data_factor_pct(const struct diagnose_facts *f)
{
	uint64_t by_time = MIN_OF(f->uptime_s, (uint64_t)FULL_DATA_S) * 100 / FULL_DATA_S;
	uint64_t by_count =
		MIN_OF(f->samples, (uint64_t)FULL_DATA_SAMPLES) * 100 / FULL_DATA_SAMPLES;

	return 40 + (unsigned)(60 * MIN_OF(by_time, by_count) / 100);
}

static void tell_evidence(const struct diagnose_facts *f, struct diagnosis *d, const bool held[])
{
	for (unsigned i = 0; i < ARRAY_LEN(rules) && d->n_evidence < DIAGNOSE_EVIDENCE_MAX; i++) {
		struct buf line = BUF_ON(d->evidence[d->n_evidence]);

		if (!held[i] || (d->cause != CAUSE_UNKNOWN && rules[i].cause != d->cause &&
					rules[i].cause != CAUSE_WRONG_REQUESTS))
			continue;
		buf_reset(&line);
		rules[i].holds(f, d, &line);
		if (line.len)
			d->n_evidence++;
	}
}

void diagnose(const struct diagnose_facts *f, struct diagnosis *ret)
{
	bool held[ARRAY_LEN(rules)];
	struct diagnosis d = { 0 };
	unsigned best;

	d.death = death_of(f);
	d.level = level_of(f, d.death);
	apply_rules(f, &d, held);
	d.wrong_requests = d.score_pct[CAUSE_WRONG_REQUESTS] > 0;
	d.cause = winner_of(&d, &best);
	/* A program that lives and shows nothing has nothing. */
	if (d.cause == CAUSE_UNKNOWN && d.death <= DEATH_ASKED && best < WINS_FROM_PCT && !f->leak)
		d.cause = CAUSE_NONE;
	if (d.cause != CAUSE_NONE) {
		if (d.cause != CAUSE_UNKNOWN)
			d.confidence_pct =
				MIN_OF(best * data_factor_pct(f) / 100, CONFIDENCE_MAX_PCT);
		tell_evidence(f, &d, held);
	}
	*ret = d;
}
