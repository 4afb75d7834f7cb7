/* SPDX-License-Identifier: Apache-2.0 */
#include "report/diagnose.h"

#include <signal.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "report/diagnose_rules.h"

/* Judgement, not measured (the leak test is); all in one place. */
#define OOM_FROM_BP	   9000 /* an unseen end above this share of the limit was for memory */
#define LIMIT_REACHED_BP   9500
#define LIMIT_SLACK	   (4 * MIB) /* counters lag behind by as much */
#define NODE_LOW_BP	   500
#define WINS_FROM_PCT	   50
#define WINS_AHEAD_PCT	   15
#define CONFIDENCE_MAX_PCT 95
#define FULL_DATA_S	   (6 * 3600)
#define FULL_DATA_SAMPLES  3600
#define SAME_LIMIT_PCT	   101

static const char *const death_names[] = { "none", "clean", "asked", "oom", "sigkill", "crash",
	"unknown" };
static const char *const level_names[] = { "none", "own", "pod", "node", "external" };
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

static bool node_is_short(const struct diagnose_facts *f)
{
	return (f->node_available_bp != DIAGNOSE_UNKNOWN && f->node_available_bp < NODE_LOW_BP) ||
	       (f->node_stall_bp != DIAGNOSE_UNKNOWN && f->node_stall_bp > DIAGNOSE_NODE_STALL_BP);
}

static enum death death_of(const struct diagnose_facts *f)
{
	uint64_t most = MAX_OF(f->use_bytes, f->usage_bytes);

	if (!f->ended)
		return DEATH_NONE;
	if (f->kernel_killed || f->kernel != KERNEL_SILENT)
		return DEATH_OOM;
	if (f->asked_to_end)
		return DEATH_ASKED;
	if (f->ended_unseen)
		return diagnose_share_bp(f, most) >= OOM_FROM_BP || node_is_short(f)
			       ? DEATH_OOM
			       : DEATH_SIGKILL;
	if (f->exit_signal == SIGKILL)
		return DEATH_SIGKILL;
	return f->exit_signal || f->exit_status ? DEATH_CRASH : DEATH_CLEAN;
}

/*
 * The kubelet gives a pod of one container the container's own limit, and the pod's is reached
 * first: a kill at the limit that our own cgroup did not count is that.
 */
static enum oom_level level_of_ancestor(const struct diagnose_facts *f)
{
	uint64_t own = f->own_limit_bytes;

	if (diagnose_filled_by_others(f))
		return OOM_LEVEL_POD;
	if (!own || own == UINT64_MAX)
		return OOM_LEVEL_OWN;
	return own <= f->limit_bytes / 100 * SAME_LIMIT_PCT ? OOM_LEVEL_OWN : OOM_LEVEL_POD;
}

static enum oom_level level_of(const struct diagnose_facts *f, enum death death)
{
	static const enum oom_level word[] = {
		[KERNEL_OWN_LIMIT] = OOM_LEVEL_OWN,
		[KERNEL_POD_LIMIT] = OOM_LEVEL_POD,
		[KERNEL_NODE] = OOM_LEVEL_NODE,
	};
	uint64_t usage = MAX_OF(f->use_bytes, f->usage_bytes) + LIMIT_SLACK;
	bool full = usage >= units_of_share(f->limit_bytes,
				     f->ended_unseen ? OOM_FROM_BP : LIMIT_REACHED_BP);

	if (death == DEATH_SIGKILL)
		return node_is_short(f) ? OOM_LEVEL_NODE : OOM_LEVEL_EXTERNAL;
	if (death != DEATH_OOM)
		return OOM_LEVEL_NONE;
	if (f->kernel != KERNEL_SILENT)
		return word[f->kernel];
	if (f->own_limit_hit)
		return OOM_LEVEL_OWN;
	if (f->ancestor_hit || full)
		return level_of_ancestor(f);
	return node_is_short(f) ? OOM_LEVEL_NODE : OOM_LEVEL_POD;
}

/* A curve that others drew says nothing of us. */
static bool is_others_curve(
	const struct diagnose_facts *f, const struct diagnosis *d, enum cause cause)
{
	return (cause == CAUSE_LEAK || cause == CAUSE_SPIKE || cause == CAUSE_LIMIT_TOO_LOW) &&
	       (d->level == OOM_LEVEL_POD || d->level == OOM_LEVEL_NONE) &&
	       diagnose_filled_by_others(f);
}

static void apply_rules(const struct diagnose_facts *f, struct diagnosis *d, bool held[])
{
	char text[DIAGNOSE_LINE_MAX];
	struct buf line = BUF_ON(text);
	unsigned n;
	const struct diagnose_rule *rules = diagnose_rules(&n);

	for (unsigned i = 0; i < n; i++) {
		int score = (int)d->score_pct[rules[i].cause] + rules[i].points;

		buf_reset(&line);
		held[i] = rules[i].holds(f, d, &line) && !is_others_curve(f, d, rules[i].cause);
		if (held[i])
			d->score_pct[rules[i].cause] = (unsigned)MIN_OF(MAX_OF(score, 0), 100);
	}
}

/*
 * Requests that made us the victim explain a kill on a short node rather than compete with it, so
 * they are told beside it. In a pod that others have filled they are the cause.
 */
static enum cause winner_of(const struct diagnosis *d, unsigned *ret_best)
{
	enum cause best = CAUSE_UNKNOWN;
	unsigned first = 0, second = 0;

	for (unsigned c = CAUSE_LEAK; c < CAUSE_COUNT; c++) {
		unsigned score = d->score_pct[c];

		if (c == CAUSE_WRONG_REQUESTS && d->level == OOM_LEVEL_NODE)
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
	unsigned n;
	const struct diagnose_rule *rules = diagnose_rules(&n);

	for (unsigned i = 0; i < n && d->n_evidence < DIAGNOSE_EVIDENCE_MAX; i++) {
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

/* Sub-causes, the first that holds. */
static const char *detail_of(const struct diagnose_facts *f, const struct diagnosis *d)
{
	const struct {
		bool holds;
		const char *name;
	} details[] = {
		{ d->cause == CAUSE_NONE, "" },
		{ d->level == OOM_LEVEL_POD && diagnose_filled_by_others(f), "neighbour" },
		{ d->cause == CAUSE_LIMIT_TOO_LOW && d->score_pct[CAUSE_LIMIT_TOO_LOW] &&
				f->ceiling_bytes &&
				diagnose_share_bp(f, f->ceiling_bytes) > DIAGNOSE_CEILING_HIGH_BP,
			"heap-ceiling" },
		{ f->growth == GROWTH_TMPFS, "tmpfs" },
		{ f->growth == GROWTH_FILE, "page-cache" },
		{ f->growth == GROWTH_KERNEL, "kernel-memory" },
		{ d->cause == CAUSE_LEAK && f->growth_in_one_process, "one-process" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(details); i++)
		if (details[i].holds)
			return details[i].name;
	return "";
}

void diagnose(const struct diagnose_facts *f, struct diagnosis *ret)
{
	bool held[DIAGNOSE_RULES_MAX] = { false };
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
	buf_copy(d.detail, sizeof(d.detail), detail_of(f, &d));
	*ret = d;
}
