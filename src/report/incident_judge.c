/* SPDX-License-Identifier: Apache-2.0 */
/* Verdict and advice from what has been loaded. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "report/ceiling.h"
#include "report/curve.h"
#include "report/incident.h"

/* What came so near to the limit was stopped by it, or by the guard: nobody knows how high it would
 * have gone. */
#define CUT_OFF_BP 9500u

static uint64_t known(uint64_t value)
{
	return value == INCIDENT_UNKNOWN ? 0 : value;
}

/* The highest, and of such the newest: after a kill the memory is free. */
static const struct flight_sample *top_sample(const struct incident *in)
{
	const struct flight_sample *top = &in->samples[0];

	for (unsigned i = 1; i < in->n_samples; i++)
		if (in->samples[i].use_bytes >= top->use_bytes)
			top = &in->samples[i];
	return top;
}

/* Which component has grown most since the first sample; the fifth of all growth is no cause. */
static enum growth what_grew(const struct incident *in)
{
	const struct flight_sample *first, *last;
	uint64_t by[GROWTH_COUNT] = { 0 }, all = 0;
	enum growth most = GROWTH_UNTOLD;

	if (in->n_samples < 2)
		return GROWTH_UNTOLD;
	first = &in->samples[0];
	last = top_sample(in);
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

/* One process that holds most of what is in use. */
static bool is_in_one_process(const struct incident *in)
{
	uint64_t use = known(in->use_bytes);
	const struct incident_process *p = &in->processes[0];

	return in->n_processes && use &&
	       known(p->pss_bytes == INCIDENT_UNKNOWN ? p->rss_bytes : p->pss_bytes) > use / 2;
}

/* In front of what the rules have found. */
static void tell_first(struct incident *in, const char *line)
{
	struct diagnosis *d = &in->diagnosis;

	d->n_evidence = MIN_OF(d->n_evidence, (unsigned)DIAGNOSE_EVIDENCE_MAX - 1);
	memmove(d->evidence[1], d->evidence[0], d->n_evidence * sizeof(d->evidence[0]));
	d->n_evidence++;
	/* A name that was cut inside of a character. */
	incident_clean(d->evidence[0], sizeof(d->evidence[0]), line);
}

/* Which process, of what, since when, how fast. */
static void tell_growth(struct incident *in, enum growth growth)
{
	static const char *const words[GROWTH_COUNT] = { "memory", "anonymous memory",
		"shared memory or tmpfs", "page cache", "kernel memory" };
	const struct flight_sample *first, *last;
	bool others = !strcmp(in->diagnosis.detail, "neighbour");
	char line[DIAGNOSE_LINE_MAX];
	struct buf b = BUF_ON(line);

	if (in->n_samples < 2 || in->diagnosis.cause == CAUSE_NONE)
		return;
	first = &in->samples[0];
	last = top_sample(in);
	if (last->use_bytes <= first->use_bytes || last->wall_usec <= first->wall_usec)
		return;
	buf_reset(&b);
	buf_printf(&b, "%s grew by %s in %s", others ? "all that shares the limit" : words[growth],
		units_human_bytes(last->use_bytes - first->use_bytes).s,
		units_human_duration(last->wall_usec - first->wall_usec).s);
	if (in->growth_bytes_per_s > 0)
		buf_printf(&b, ", at the end by %s/s",
			units_human_bytes((uint64_t)in->growth_bytes_per_s).s);
	if (in->n_processes && !others)
		buf_printf(&b, "; the largest process is %.32s (pid %" PRId64 ")",
			in->processes[0].comm, in->processes[0].pid);
	tell_first(in, line);
}

/* What the kernel itself says, in its own numbers. */
static void tell_kernel(struct incident *in)
{
	const struct kernlog_facts *k = &in->kernel_kill;
	char line[DIAGNOSE_LINE_MAX];
	struct buf b = BUF_ON(line);

	if (!in->has_kernel_kill)
		return;
	buf_reset(&b);
	buf_printf(&b, "the kernel killed %.20s", k->text[KERNLOG_COMM]);
	if (k->told[KERNLOG_ANON_RSS_KB])
		buf_printf(&b, ", anon-rss %" PRId64 "kB", k->number[KERNLOG_ANON_RSS_KB]);
	if (k->scope == KERNLOG_SCOPE_GLOBAL)
		buf_puts(&b, ", because the node was out of memory");
	else if (k->told[KERNLOG_LIMIT_KB])
		buf_printf(&b, ", limit %" PRId64 "kB", k->number[KERNLOG_LIMIT_KB]);
	if (k->scope != KERNLOG_SCOPE_GLOBAL && k->text[KERNLOG_OOM_MEMCG][0])
		buf_printf(&b, " of %.64s", k->text[KERNLOG_OOM_MEMCG]);
	tell_first(in, line);
}

/* Has the last change of the limit helped? Lives are kept, and their limits with them. */
static void tell_change(struct incident *in)
{
	const struct flight_life *now = in->life, *before = NULL;
	struct buf b = BUF_ON(in->since_change);
	uint64_t was, age;
	bool over;

	for (unsigned i = 0; now && i < in->log.n_lives; i++) {
		const struct flight_life *l = &in->log.lives[i];

		if (l->start_wall_usec < now->start_wall_usec && l->limit_bytes &&
			l->limit_bytes != UINT64_MAX)
			before = l->limit_bytes + l->limit_bytes / 100 < now->limit_bytes ||
						 now->limit_bytes + now->limit_bytes / 100 <
							 l->limit_bytes
					 ? l
					 : before;
	}
	buf_reset(&b);
	if (!before || !now->limit_bytes || now->limit_bytes == UINT64_MAX)
		return;
	was = before->last_wall_usec - MIN_OF(before->start_wall_usec, before->last_wall_usec);
	age = now->last_wall_usec - MIN_OF(now->start_wall_usec, now->last_wall_usec);
	over = in->diagnosis.death == DEATH_OOM || now->end == FLIGHT_END_GUARDED;
	buf_printf(&b,
		"The limit was changed from %s to %s: ", units_human_bytes(before->limit_bytes).s,
		units_human_bytes(now->limit_bytes).s);
	if (over)
		buf_printf(&b, "it did not help, that was filled too (after %s, before after %s).",
			units_human_duration(age).s, units_human_duration(was).s);
	else
		buf_printf(&b, "so far it helps (%s, peak %u%%; before %s).",
			units_human_duration(age).s,
			units_share_bp(now->peak_use_bytes, now->limit_bytes) / 100,
			units_human_duration(was).s);
}

static void tell_curve(const struct incident *in, struct diagnose_facts *f, uint64_t *peak)
{
	auto_free struct curve *curve = malloc(sizeof(*curve));
	uint64_t limit = f->limit_bytes;

	if (!curve || !in->n_samples || !limit)
		return;
	curve_init(curve);
	for (unsigned i = 0; i < in->n_samples; i++) {
		curve_add(curve, in->samples[i].wall_usec, in->samples[i].use_bytes,
			known(in->samples[i].limit_bytes));
		*peak = MAX_OF(*peak, in->samples[i].use_bytes);
	}
	leaktest_finish(&curve->leaktest);
	curve_tell(curve, f);
	f->limit_bytes = limit;
}

static void set_advice(struct incident *in, const struct diagnose_facts *f, uint64_t peak)
{
	const struct diagnosis *d = &in->diagnosis;
	struct advise_facts a = {
		.cause = d->cause,
		.wrong_requests = d->wrong_requests,
		.out_of_memory = (d->death == DEATH_OOM && d->level != OOM_LEVEL_NODE) ||
				 units_share_bp(peak, f->limit_bytes) >= CUT_OFF_BP,
		.pod_level = d->level == OOM_LEVEL_POD || !strcmp(d->detail, "neighbour"),
		.limit_bytes = f->limit_bytes,
		.request_bytes = f->request_bytes,
		.peak_bytes = peak,
		.floor_bytes = f->floor_bytes,
		.slope_bytes_per_s = f->slope_bytes_per_s,
		.usual_bytes = units_of_share(f->limit_bytes, f->p90_bp),
		.high_bytes = MAX_OF(f->own_use_bytes, f->use_bytes),
		.ceiling_bytes = f->ceiling_bytes,
		.own_use_bytes = f->own_use_bytes,
	};

	if (in->n_samples)
		a.floor_bytes = MIN_OF(a.floor_bytes, in->samples[0].use_bytes);
	for (unsigned i = 0; i < in->n_processes && !a.outside_heap_bytes; i++)
		a.outside_heap_bytes = ceiling_beside(in->processes[i].command);
	if (f->limit_bytes)
		advise(&a, &in->advice);
}

void incident_judge(struct incident *in, const struct conf *conf)
{
	struct diagnose_facts f = {
		.node_available_bp = DIAGNOSE_UNKNOWN,
		.node_stall_bp = DIAGNOSE_UNKNOWN,
		.limit_bytes = known(in->limit_bytes),
		.use_bytes = known(in->use_bytes),
		.request_bytes = conf->guard.request_bytes,
	};
	uint64_t peak = known(in->use_bytes);

	tell_curve(in, &f, &peak);
	f.use_bytes = MAX_OF(f.use_bytes, known(in->use_bytes));
	f.usage_bytes = known(in->usage_bytes);
	f.growth = what_grew(in);
	f.growth_in_one_process = is_in_one_process(in);
	incident_tell_facts(in, &f);
	f.working_set_bytes = f.own_use_bytes ? f.own_use_bytes : f.use_bytes;
	diagnose(&f, &in->diagnosis);
	/* A level was passed: that is not nothing. */
	if (in->diagnosis.cause == CAUSE_NONE && (in->level[0] || f.kernel_killed))
		in->diagnosis.cause = CAUSE_UNKNOWN;
	tell_growth(in, f.growth);
	tell_kernel(in);
	tell_change(in);
	set_advice(in, &f, peak);
}
