/* SPDX-License-Identifier: Apache-2.0 */
#include "report/advise.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"

#define ROUND_TO	(16 * MIB)
#define FLOOR_BYTES	(32 * MIB)
#define STEP_MIN	(100 * MIB)
#define LEAK_FILLS_PCT	90
#define WEEK_S		(7 * 24 * 3600)
#define REQUEST_PCT	115
#define HEAP_MARGIN_PCT 10

/*
 * Per cause: the margin over the peak, the least step after the limit cut a peak off, and which of
 * the two numbers may change.
 */
static const struct policy {
	unsigned margin_pct, censored_pct;
	bool limit, request;
} policies[CAUSE_COUNT] = {
	[CAUSE_NONE] = { 115, 120, false, false },
	[CAUSE_UNKNOWN] = { 115, 120, true, true },
	[CAUSE_LEAK] = { 0, 0, false, false },
	[CAUSE_SPIKE] = { 125, 150, true, false },
	[CAUSE_LIMIT_TOO_LOW] = { 115, 120, true, true },
	[CAUSE_WRONG_REQUESTS] = { 0, 0, false, true },
	[CAUSE_NODE_PRESSURE] = { 0, 0, false, true },
};

static uint64_t times_pct(uint64_t bytes, unsigned pct)
{
	return bytes / 100 * pct + bytes % 100 * pct / 100;
}

static uint64_t round_up(uint64_t bytes)
{
	bytes = MAX_OF(bytes, FLOOR_BYTES);
	return (bytes + ROUND_TO - 1) / ROUND_TO * ROUND_TO;
}

static uint64_t limit_for(const struct advise_facts *f, const struct policy *p)
{
	uint64_t limit = times_pct(f->peak_bytes, p->margin_pct) + f->dump_bytes;

	if (f->out_of_memory)
		limit = MAX_OF(limit, MAX_OF(times_pct(f->limit_bytes, p->censored_pct),
					      f->limit_bytes + STEP_MIN));
	/* A heap below its ceiling goes on growing. */
	if (f->cause == CAUSE_LIMIT_TOO_LOW)
		limit = MAX_OF(limit, times_pct(f->ceiling_bytes, 100 + HEAP_MARGIN_PCT));
	if (f->limit_bytes)
		limit = MIN_OF(limit, 2 * f->limit_bytes);
	limit = round_up(limit);
	/* What a peak does not ask for is not taken away here: shrinking is for quiet times. */
	return MAX_OF(limit, f->limit_bytes);
}

static uint64_t request_for(const struct advise_facts *f, uint64_t limit_bytes)
{
	bool node = f->cause == CAUSE_NODE_PRESSURE || f->cause == CAUSE_WRONG_REQUESTS ||
		    f->wrong_requests;
	uint64_t seen = node && f->high_bytes ? f->high_bytes : f->usual_bytes;
	uint64_t request;

	if (!seen)
		return f->request_bytes;
	request = round_up(times_pct(seen, REQUEST_PCT));
	if (f->request_bytes)
		request = MAX_OF(request, f->request_bytes);
	return limit_bytes ? MIN_OF(request, limit_bytes) : request;
}

static void advise_leak(const struct advise_facts *f, struct advice *a)
{
	uint64_t full = times_pct(f->limit_bytes, LEAK_FILLS_PCT);
	uint64_t wanted = f->wanted_uptime_s ? f->wanted_uptime_s : WEEK_S;
	unsigned __int128 need;

	if (!f->slope_bytes_per_s)
		return;
	if (full > f->floor_bytes)
		a->restart_every_s = (full - f->floor_bytes) / f->slope_bytes_per_s;
	need = ((unsigned __int128)f->slope_bytes_per_s * wanted + f->floor_bytes) * 100 /
	       LEAK_FILLS_PCT;
	if (need < UINT64_MAX / 2)
		a->uptime_limit_bytes = round_up((uint64_t)need);
}

/* Kubernetes' own notation; what we advise is a multiple of 16 MiB, what we keep may be odd. */
static struct units_text quantity(uint64_t bytes)
{
	struct units_text t;
	struct buf b = BUF_ON(t.s);

	buf_reset(&b);
	if (bytes % MIB == 0)
		buf_printf(&b, "%" PRIu64 "Mi", bytes / MIB);
	else
		buf_printf(&b, "%" PRIu64, bytes);
	return t;
}

static const char *or_placeholder(const char *name, const char *placeholder)
{
	return name && *name ? name : placeholder;
}

static void say_leak(const struct advise_facts *f, const struct advice *a, struct buf *b)
{
	buf_puts(b, "Memory leaks: a higher limit only puts off the end; ");
	if (f->limit_bytes)
		buf_printf(b, "keep %s", units_human_bytes(f->limit_bytes).s);
	else
		buf_puts(b, "set none higher");
	if (a->restart_every_s)
		buf_printf(b, ", restart every %s until it is fixed",
			units_human_duration(a->restart_every_s * USEC_PER_SEC).s);
	if (a->uptime_limit_bytes)
		buf_printf(b, " (%s between restarts would take a limit of %s)",
			units_human_duration(
				(f->wanted_uptime_s ? f->wanted_uptime_s : WEEK_S) * USEC_PER_SEC)
				.s,
			units_human_bytes(a->uptime_limit_bytes).s);
	buf_puts(b, ".");
}

/* Others have filled what is shared: our own limit is not the matter. */
static void say_neighbour(const struct advise_facts *f, const struct advice *a, struct buf *b)
{
	buf_printf(b,
		"The limit of %s that this container shares with its neighbours was filled by "
		"them (here %s are in use): give the neighbour a limit, or raise the pod's to %s, "
		"then watch, and repeat if need be.",
		units_human_bytes(f->limit_bytes).s, units_human_bytes(f->own_use_bytes).s,
		units_human_bytes(a->limit_bytes).s);
}

static void say_change(const struct advise_facts *f, const struct advice *a, struct buf *b)
{
	if (!a->change) {
		buf_puts(b, "Keep request and limit as they are.");
	} else if (a->limit_bytes != f->limit_bytes) {
		buf_printf(b, "Set the %smemory limit to %s", f->pod_level ? "pod's " : "",
			units_human_bytes(a->limit_bytes).s);
		if (a->request_bytes != f->request_bytes)
			buf_printf(
				b, " and the request to %s", units_human_bytes(a->request_bytes).s);
		buf_printf(b, " (peak %s%s), then watch, and repeat if need be.",
			units_human_bytes(f->peak_bytes).s,
			f->out_of_memory ? ", cut off by the limit" : "");
	} else {
		buf_printf(b, "Set the memory request to %s and keep the limit.",
			units_human_bytes(a->request_bytes).s);
	}
	if (a->heap_bytes)
		buf_printf(b, " The runtime's heap may then be %s at most.",
			units_human_bytes(a->heap_bytes).s);
}

/* Resources of the pod as a whole (Kubernetes 1.34 and later), in the field beside containers. */
static void print_pod_patch(const struct advice *a, struct buf *b)
{
	buf_printf(b,
		"spec:\n  template:\n    spec:\n      resources:\n        limits:\n"
		"          memory: %s\n",
		quantity(a->limit_bytes).s);
}

/* `kubectl set resources` knows containers only. */
static void print_pod_kubectl(const struct advise_facts *f, struct buf *b)
{
	buf_printf(b, "kubectl patch %s/%s --patch-file limit.yaml",
		or_placeholder(f->kind, "deployment"), or_placeholder(f->name, "NAME"));
}

static void print_patch(const struct advise_facts *f, const struct advice *a, struct buf *b)
{
	buf_puts(b, "spec:\n  template:\n    spec:\n      containers:\n");
	buf_printf(b, "      - name: %s\n        resources:\n",
		or_placeholder(f->container, "CONTAINER"));
	if (a->request_bytes)
		buf_printf(b, "          requests:\n            memory: %s\n",
			quantity(a->request_bytes).s);
	if (a->limit_bytes)
		buf_printf(b, "          limits:\n            memory: %s\n",
			quantity(a->limit_bytes).s);
}

static void print_kubectl(const struct advise_facts *f, const struct advice *a, struct buf *b)
{
	buf_printf(b, "kubectl set resources %s/%s -c %s", or_placeholder(f->kind, "deployment"),
		or_placeholder(f->name, "NAME"), or_placeholder(f->container, "CONTAINER"));
	if (a->request_bytes)
		buf_printf(b, " --requests=memory=%s", quantity(a->request_bytes).s);
	if (a->limit_bytes)
		buf_printf(b, " --limits=memory=%s", quantity(a->limit_bytes).s);
}

static bool is_neighbour(const struct advise_facts *f)
{
	return f->cause == CAUSE_WRONG_REQUESTS && f->pod_level;
}

static void print_change(
	const struct advise_facts *f, const struct advice *a, struct buf *patch, struct buf *line)
{
	if (f->pod_level && a->limit_bytes != f->limit_bytes) {
		print_pod_patch(a, patch);
		print_pod_kubectl(f, line);
	} else {
		print_patch(f, a, patch);
		print_kubectl(f, a, line);
	}
}

void advise(const struct advise_facts *f, struct advice *ret)
{
	const struct policy *p = &policies[is_neighbour(f) ? CAUSE_LIMIT_TOO_LOW : f->cause];
	struct advice a = { .limit_bytes = f->limit_bytes, .request_bytes = f->request_bytes };
	struct buf sentence = BUF_ON(a.sentence), patch = BUF_ON(a.patch), line = BUF_ON(a.kubectl);
	uint64_t margin;

	buf_reset(&sentence);
	buf_reset(&patch);
	buf_reset(&line);
	if (p->limit && (f->peak_bytes || f->out_of_memory))
		a.limit_bytes = limit_for(f, p);
	if ((p->request || f->wrong_requests) && !f->pod_level)
		a.request_bytes = request_for(f, a.limit_bytes);
	margin = times_pct(a.limit_bytes, HEAP_MARGIN_PCT) + f->outside_heap_bytes;
	if (f->outside_heap_bytes && a.limit_bytes > margin)
		a.heap_bytes = a.limit_bytes - margin;
	a.change = a.limit_bytes != f->limit_bytes || a.request_bytes != f->request_bytes;
	if (f->cause == CAUSE_LEAK) {
		advise_leak(f, &a);
		say_leak(f, &a, &sentence);
	} else if (is_neighbour(f) && a.change) {
		say_neighbour(f, &a, &sentence);
	} else {
		say_change(f, &a, &sentence);
	}
	if (a.change)
		print_change(f, &a, &patch, &line);
	*ret = a;
}
