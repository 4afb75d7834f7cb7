/* SPDX-License-Identifier: Apache-2.0 */
/* From what was recorded to the facts that diagnosis and advice are made of. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "report/curve.h"
#include "report/incident.h"

/* Which component has grown most since the first sample; the fifth of all growth is no cause. */
static enum growth what_grew(const struct incident *in)
{
	const struct flight_sample *first, *last;
	uint64_t by[GROWTH_COUNT] = { 0 }, all = 0;
	enum growth most = GROWTH_UNTOLD;

	if (in->n_samples < 2)
		return GROWTH_UNTOLD;
	first = &in->samples[0];
	last = &in->samples[in->n_samples - 1];
	by[GROWTH_ANON] = last->anon_bytes - MIN_OF(first->anon_bytes, last->anon_bytes);
	by[GROWTH_TMPFS] = last->shmem_bytes - MIN_OF(first->shmem_bytes, last->shmem_bytes);
	by[GROWTH_KERNEL] = last->kernel_bytes - MIN_OF(first->kernel_bytes, last->kernel_bytes);
	for (unsigned g = 0; g < GROWTH_COUNT; g++) {
		all += by[g];
		if (by[g] > by[most])
			most = (enum growth)g;
	}
	return by[most] > all / 2 ? most : GROWTH_UNTOLD;
}

static void tell_end(const struct incident *in, struct diagnose_facts *f)
{
	uint32_t end = in->life ? in->life->end : FLIGHT_END_UNKNOWN;
	int status = in->life ? in->life->exit_status : 0;

	f->ended = end == FLIGHT_END_CLEAN || end == FLIGHT_END_OOM || end == FLIGHT_END_CRASH ||
		   end == FLIGHT_END_OOM_GROUP || end == FLIGHT_END_KILLED;
	f->kernel_killed = end == FLIGHT_END_OOM || end == FLIGHT_END_OOM_GROUP;
	f->own_limit_hit = f->kernel_killed;
	f->ended_unseen = end == FLIGHT_END_KILLED || end == FLIGHT_END_OOM_GROUP;
	f->exit_status = end == FLIGHT_END_CRASH ? MAX_OF(status, 1) : status;
	for (unsigned i = 0; i < in->n_events; i++)
		f->asked_to_end |= in->events[i].kind == FLIGHT_SIGNAL;
}

static void tell_lives(const struct incident *in, struct diagnose_facts *f)
{
	for (unsigned i = 0; i < in->log.n_lives; i++) {
		const struct flight_life *life = &in->log.lives[i];

		if (life == in->life)
			break;
		if (!life->ooms && life->end != FLIGHT_END_OOM && life->end != FLIGHT_END_OOM_GROUP)
			continue;
		f->lives_oom++;
		f->lives_short_oom +=
			life->last_wall_usec - MIN_OF(life->start_wall_usec, life->last_wall_usec) <
			600 * USEC_PER_SEC;
	}
}

static void tell_node(const struct incident *in, struct diagnose_facts *f)
{
	f->node_available_bp = f->node_stall_bp = DIAGNOSE_UNKNOWN;
	if (in->node_total_bytes != INCIDENT_UNKNOWN && in->node_total_bytes &&
		in->node_available_bytes != INCIDENT_UNKNOWN)
		f->node_available_bp =
			units_share_bp(in->node_available_bytes, in->node_total_bytes);
}

static uint64_t known(uint64_t value)
{
	return value == INCIDENT_UNKNOWN ? 0 : value;
}

/* One process that holds most of what is in use, among several. */
static bool is_in_one_process(const struct incident *in)
{
	uint64_t use = known(in->use_bytes);
	const struct incident_process *p = &in->processes[0];

	return in->n_processes > 1 && use &&
	       known(p->pss_bytes == INCIDENT_UNKNOWN ? p->rss_bytes : p->pss_bytes) > use / 2;
}

/* Which process, of what, since when, how fast: in front of what the rules have found. */
static void tell_growth(struct incident *in, enum growth growth)
{
	static const char *const words[GROWTH_COUNT] = { "memory", "anonymous memory",
		"shared memory or tmpfs", "page cache", "kernel memory" };
	struct diagnosis *d = &in->diagnosis;
	const struct flight_sample *first, *last;
	char line[DIAGNOSE_LINE_MAX];
	struct buf b = BUF_ON(line);

	if (in->n_samples < 2 || d->cause == CAUSE_NONE)
		return;
	first = &in->samples[0];
	last = &in->samples[in->n_samples - 1];
	if (last->use_bytes <= first->use_bytes || last->wall_usec <= first->wall_usec)
		return;
	d->n_evidence = MIN_OF(d->n_evidence, (unsigned)DIAGNOSE_EVIDENCE_MAX - 1);
	memmove(d->evidence[1], d->evidence[0], d->n_evidence * sizeof(d->evidence[0]));
	d->n_evidence++;
	buf_reset(&b);
	buf_printf(&b, "%s grew by %s in %s", words[growth],
		units_human_bytes(last->use_bytes - first->use_bytes).s,
		units_human_duration(last->wall_usec - first->wall_usec).s);
	if (in->growth_bytes_per_s > 0)
		buf_printf(&b, ", at the end by %s/s",
			units_human_bytes((uint64_t)in->growth_bytes_per_s).s);
	if (in->n_processes)
		buf_printf(&b, "; the largest process is %.32s (pid %" PRId64 ")",
			in->processes[0].comm, in->processes[0].pid);
	/* A name that was cut inside of a character. */
	incident_clean(d->evidence[0], sizeof(d->evidence[0]), line);
}

void incident_judge(struct incident *in, const struct conf *conf)
{
	auto_free struct curve *curve = malloc(sizeof(*curve));
	struct diagnose_facts f = { 0 };
	struct advise_facts a = { 0 };
	uint64_t peak = known(in->use_bytes);

	tell_node(in, &f);
	f.limit_bytes = known(in->limit_bytes);
	f.use_bytes = known(in->use_bytes);
	if (curve && in->n_samples && f.limit_bytes) {
		curve_init(curve);
		for (unsigned i = 0; i < in->n_samples; i++) {
			curve_add(curve, in->samples[i].wall_usec, in->samples[i].use_bytes,
				known(in->samples[i].limit_bytes));
			peak = MAX_OF(peak, in->samples[i].use_bytes);
		}
		leaktest_finish(&curve->leaktest);
		curve_tell(curve, &f);
		f.limit_bytes = known(in->limit_bytes);
	}
	f.usage_bytes = known(in->usage_bytes);
	f.request_bytes = conf->guard.request_bytes;
	f.growth = what_grew(in);
	f.growth_in_one_process = is_in_one_process(in);
	tell_end(in, &f);
	tell_lives(in, &f);
	diagnose(&f, &in->diagnosis);
	/* A level was passed: that is not nothing. */
	if (in->diagnosis.cause == CAUSE_NONE && (in->level[0] || f.kernel_killed))
		in->diagnosis.cause = CAUSE_UNKNOWN;
	tell_growth(in, f.growth);
	a.cause = in->diagnosis.cause;
	a.wrong_requests = in->diagnosis.wrong_requests;
	a.out_of_memory = in->diagnosis.death == DEATH_OOM;
	a.limit_bytes = f.limit_bytes;
	a.request_bytes = f.request_bytes;
	a.peak_bytes = peak;
	a.floor_bytes = f.floor_bytes;
	a.slope_bytes_per_s = f.slope_bytes_per_s;
	a.usual_bytes = units_of_share(f.limit_bytes, f.p90_bp);
	if (f.limit_bytes)
		advise(&a, &in->advice);
}
