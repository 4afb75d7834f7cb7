/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with this application? The leak test goes on while it runs, so that a leak of days
 * is told before any level fires; a report of an incident judges by more facts and is remembered.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "guard.h"
#include "report/advise.h"
#include "report/incident.h"

/* Half of the shortest window: what the test says of less is about a start. */
#define SPEAKS_FROM_USEC (1800 * USEC_PER_SEC)
#define KEPT_USEC	 (24 * 3600 * USEC_PER_SEC)
/* An evaluation on the edge of a rule is no recovery: gone is what has not been seen for so long.
 */
#define HELD_USEC (3600 * USEC_PER_SEC)

/* The causes that a curve alone can show; a spike is over when it is looked at. */
static bool is_lasting(enum cause cause)
{
	return cause == CAUSE_LEAK || cause == CAUSE_LIMIT_TOO_LOW;
}

static void say_change(struct guard *g, const struct diagnosis *d, enum cause before)
{
	struct verdict *v = &g->verdict;

	if ((enum cause)v->live.cause == before)
		return;
	if (!v->live.cause) {
		log_notice("verdict: not %s any more", cause_name(before));
		return;
	}
	count_diagnosis(g, &v->live);
	log_notice("verdict: %s, confidence %u%%: %s", cause_name(d->cause), d->confidence_pct,
		d->n_evidence ? d->evidence[0] : "");
}

static void evaluate(struct guard *g)
{
	struct verdict *v = &g->verdict;
	enum cause before = (enum cause)v->live.cause;
	struct diagnose_facts f = {
		.request_bytes = g->conf->guard.request_bytes,
		.node_available_bp = DIAGNOSE_UNKNOWN,
		.node_stall_bp = DIAGNOSE_UNKNOWN,
	};
	struct advise_facts a = { 0 };
	struct diagnosis d;
	struct advice advice;

	curve_tell(&v->curve, &f);
	diagnose(&f, &d);
	if (is_lasting(d.cause))
		v->seen_usec = v->curve.last_usec;
	else if (before && v->curve.last_usec - v->seen_usec < HELD_USEC)
		return;
	else
		d.cause = CAUSE_NONE;
	a.cause = d.cause;
	a.limit_bytes = f.limit_bytes;
	a.request_bytes = f.request_bytes;
	a.peak_bytes = v->curve.peak_bytes;
	a.usual_bytes = units_of_share(f.limit_bytes, f.p90_bp);
	a.floor_bytes = f.floor_bytes;
	a.slope_bytes_per_s = f.slope_bytes_per_s;
	advise(&a, &advice);
	v->live = (struct tally_verdict){
		.cause = d.cause,
		.confidence_pct = d.cause ? d.confidence_pct : 0,
		.limit_bytes = advice.limit_bytes,
		.request_bytes = advice.request_bytes,
		.wall_usec = clock_wall_usec(),
	};
	say_change(g, &d, before);
}

void verdict_sample(struct guard *g)
{
	struct verdict *v = &g->verdict;
	const struct cgroup_sample *s = &g->watch.sample;

	if (!s->detailed || s->time_usec < v->next_usec)
		return;
	if (!v->next_usec)
		curve_init(&v->curve);
	v->next_usec = s->time_usec + USEC_PER_SEC;
	if (curve_add(&v->curve, s->time_usec, s->use_bytes, s->limit_bytes) &&
		s->time_usec - v->curve.first_usec >= SPEAKS_FROM_USEC)
		evaluate(g);
}

void verdict_new_life(struct guard *g)
{
	g->verdict.next_usec = 0; /* the curve begins anew with the next sample */
	g->verdict.live = (struct tally_verdict){ 0 };
}

void verdict_tell(const struct incident_verdict *v, int result_fd)
{
	helper_tell(result_fd, "verdict %u %u %" PRIu64 " %" PRIu64, (unsigned)v->cause,
		v->confidence_pct, v->limit_bytes, v->request_bytes);
}

void verdict_reported(struct guard *g, const char *line)
{
	struct tally_verdict v = { .wall_usec = clock_wall_usec() };

	if (sscanf(line, "verdict %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &v.cause,
		    &v.confidence_pct, &v.limit_bytes, &v.request_bytes) == 4 &&
		v.cause < CAUSE_COUNT)
		count_diagnosis(g, &v);
}

struct tally_verdict verdict_now(const struct guard *g)
{
	const struct tally_verdict *live = &g->verdict.live, *last = &g->tally.verdict;
	uint64_t now = clock_wall_usec();

	if (live->cause || !last->wall_usec || now - last->wall_usec > KEPT_USEC)
		return *live;
	return *last;
}
