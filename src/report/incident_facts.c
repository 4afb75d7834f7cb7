/* SPDX-License-Identifier: Apache-2.0 */
/* From what the recorder and the kernel's log have of a life to the facts of the diagnosis. */
#include <signal.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "report/ceiling.h"
#include "report/incident.h"
#include "report/shape.h"

#define SHORT_LIFE_USEC (600 * USEC_PER_SEC)
#define SAME_LIMIT_PCT	1  /* limits that differ by less are the same */
#define SAME_SLOPE_PCT	50 /* slopes that differ by less are the same */
#define AFTER_KILL_USEC (3 * USEC_PER_SEC)
#define TOP_FROM_BP	9500u /* of the limit */
#define SAME_PEAK_PCT	15
/* From here on what the leak test and the minute's window say is worth more than the shape. */
#define LONG_LIFE_S 600

static uint64_t known(uint64_t value)
{
	return value == INCIDENT_UNKNOWN ? 0 : value;
}

static bool is_within(uint64_t a, uint64_t b, unsigned pct)
{
	uint64_t more = MAX_OF(a, b), less = MIN_OF(a, b);

	return more && (more - less) <= more / 100 * pct;
}

static uint64_t age_of(const struct flight_life *life)
{
	return life->last_wall_usec - MIN_OF(life->start_wall_usec, life->last_wall_usec);
}

/* Out of memory, or restarted by us before it came to that. */
static bool ended_for_memory(const struct flight_life *life)
{
	return life->ooms || life->end == FLIGHT_END_OOM || life->end == FLIGHT_END_OOM_GROUP ||
	       (life->end == FLIGHT_END_GUARDED && life->restarts);
}

static void tell_end(const struct incident *in, struct diagnose_facts *f)
{
	const struct flight_life *life = in->life;
	uint32_t end = life->end;

	f->ended = end == FLIGHT_END_CLEAN || end == FLIGHT_END_OOM || end == FLIGHT_END_CRASH ||
		   end == FLIGHT_END_OOM_GROUP || end == FLIGHT_END_KILLED;
	f->kernel_killed = end == FLIGHT_END_OOM;
	f->own_limit_hit = f->kernel_killed && life->hit == FLIGHT_HIT_OWN;
	f->ancestor_hit = f->kernel_killed && life->hit == FLIGHT_HIT_ANCESTOR;
	f->ended_unseen = end == FLIGHT_END_KILLED || end == FLIGHT_END_OOM_GROUP;
	f->exit_status = end == FLIGHT_END_CRASH ? MAX_OF(life->exit_status, 1) : life->exit_status;
	if (end == FLIGHT_END_CRASH && life->exit_status > 128)
		f->exit_signal = life->exit_status - 128;
	for (unsigned i = 0; i < in->n_events; i++)
		f->asked_to_end |= in->events[i].kind == FLIGHT_SIGNAL;
}

/* The kernel names the cgroup that it met the limit of, and the victim's. */
static void tell_kernel(const struct incident *in, struct diagnose_facts *f)
{
	const struct kernlog_facts *k = &in->kernel_kill;
	const char *limit = k->text[KERNLOG_OOM_MEMCG], *task = k->text[KERNLOG_TASK_MEMCG];
	uint64_t bytes, own = in->life ? in->life->own_limit_bytes : 0;

	if (!in->has_kernel_kill)
		return;
	f->ended = true;
	if (k->scope == KERNLOG_SCOPE_GLOBAL)
		f->kernel = KERNEL_NODE;
	if (k->scope != KERNLOG_SCOPE_MEMCG)
		return;
	f->kernel = KERNEL_OWN_LIMIT;
	if (!limit[0] || !task[0] || !strcmp(limit, task))
		return;
	/* An ancestor with our own limit, as in a pod of one container, or around an inner cgroup
	 * without one that holds all of it. */
	f->kernel = KERNEL_POD_LIMIT;
	if (f->own_use_bytes && !is_within(f->own_use_bytes, f->use_bytes, SAME_PEAK_PCT))
		return;
	bytes = k->told[KERNLOG_LIMIT_KB] ? (uint64_t)k->number[KERNLOG_LIMIT_KB] * KIB : 0;
	if (own == UINT64_MAX || (bytes && is_within(bytes, own, SAME_LIMIT_PCT)))
		f->kernel = KERNEL_OWN_LIMIT;
}

static void tell_life(const struct incident *in, struct diagnose_facts *f)
{
	const struct flight_life *life = in->life;
	uint64_t bytes;

	f->node_stall_bp = life->node_stall_bp;
	if (life->node_total_bytes && life->node_available_bytes)
		f->node_available_bp =
			units_share_bp(life->node_available_bytes, life->node_total_bytes);
	f->own_limit_bytes = life->own_limit_bytes;
	/* Both of one look, which need not be that of the incident. */
	if (in->own_use_bytes != INCIDENT_UNKNOWN)
		f->own_use_bytes = in->own_use_bytes;
	else if (life->last_use_bytes)
		f->own_use_bytes = (uint64_t)((unsigned __int128)f->use_bytes *
					      life->own_use_bytes / life->last_use_bytes);
	f->best_effort = life->best_effort;
	if (!f->request_bytes)
		f->request_bytes = life->request_bytes;
	f->ceiling_bytes = life->ceiling_bytes;
	for (unsigned i = 0; i < in->n_processes; i++) {
		bytes = ceiling_of_text(in->processes[i].command, f->limit_bytes);
		f->ceiling_bytes = MAX_OF(f->ceiling_bytes, bytes);
	}
}

/* A look between the kill and its news sees the memory that it has freed. */
static unsigned end_at_peak(const struct flight_sample *all, unsigned first, unsigned end)
{
	unsigned peak = first;

	for (unsigned i = first; i < end; i++)
		if (all[i].use_bytes >= all[peak].use_bytes)
			peak = i;
	return peak < end && all[end - 1].wall_usec - all[peak].wall_usec < AFTER_KILL_USEC
		       ? peak + 1
		       : end;
}

/*
 * The shape of the samples from..to. At the top the guard holds the application back, for seconds
 * at times, which is none of its own doing: what comes after the last arrival there is left out,
 * where the life was not spent there. What the kernel killed for was in use, though nobody was
 * quick enough to see it: met_bytes, 0 where nothing was met.
 */
static struct shape_view shape_between(const struct incident *in, uint64_t from, uint64_t to,
	uint64_t limit_bytes, uint64_t met_bytes)
{
	const struct flight_sample *all = in->log.samples, *s;
	unsigned first = 0, end = in->log.n_samples, top;
	struct shape shape;
	struct shape_view v;

	while (first < end && all[first].wall_usec < from)
		first++;
	while (end > first && all[end - 1].wall_usec > to)
		end--;
	if (met_bytes)
		end = end_at_peak(all, first, end);
	for (top = end; top > first + 1 &&
			units_share_bp(all[top - 2].use_bytes, limit_bytes) >= TOP_FROM_BP;)
		top--;
	if (top < end && (all[end - 1].wall_usec - all[top - 1].wall_usec) * 2 <=
				 all[end - 1].wall_usec - all[first].wall_usec)
		end = top;
	shape_init(&shape);
	for (s = all + first; s < all + end; s++)
		shape_add(&shape, s->wall_usec, s->use_bytes);
	if (met_bytes && end > first)
		shape_add(&shape, all[end - 1].wall_usec + USEC_PER_MSEC, met_bytes);
	shape_tell(&shape, limit_bytes, &v);
	return v;
}

/* Of a life before this one; what the recorder has forgotten of it the guard has noted itself. */
static uint64_t slope_of(const struct incident *in, const struct flight_life *life)
{
	struct shape_view v = shape_between(
		in, life->start_wall_usec, life->last_wall_usec, life->limit_bytes, 0);

	return v.known && v.steady ? v.slope_bytes_per_s : life->slope_bytes_per_s;
}

static void tell_shape(const struct incident *in, struct diagnose_facts *f)
{
	bool met = f->own_limit_hit || f->ancestor_hit || f->kernel == KERNEL_OWN_LIMIT ||
		   f->kernel == KERNEL_POD_LIMIT;
	struct shape_view v;

	if (!in->n_samples)
		return;
	v = shape_between(in, in->samples[0].wall_usec, in->samples[in->n_samples - 1].wall_usec,
		f->limit_bytes, met ? f->limit_bytes : 0);
	if (!v.known)
		return;
	f->rises_through_life = v.steady;
	if (v.steady && f->leak == LEAK_NONE)
		f->slope_bytes_per_s = v.slope_bytes_per_s;
	if (f->uptime_s >= LONG_LIFE_S)
		return;
	f->floor_bytes = v.floor_bytes;
	f->median_bp = v.median_bp;
	f->p90_bp = v.p90_bp;
	f->rise_bp = v.rise_bp;
	f->rise_s = v.rise_s;
	f->rise_times = v.rise_times;
}

/* Those before, and this one. */
static void tell_lives(const struct incident *in, struct diagnose_facts *f)
{
	uint64_t slope = f->rises_through_life ? f->slope_bytes_per_s : 0;

	for (unsigned i = 0; i < in->log.n_lives; i++) {
		const struct flight_life *l = &in->log.lives[i];
		bool alike, this = l->start_wall_usec == in->life->start_wall_usec;

		if (l->start_wall_usec > in->life->start_wall_usec)
			break;
		if (this)
			l = in->life;
		alike = slope && (this || is_within(slope_of(in, l), slope, SAME_SLOPE_PCT));
		f->lives_same_slope += alike;
		if (!ended_for_memory(l))
			continue;
		f->lives_oom++;
		f->lives_short_oom +=
			age_of(l) < SHORT_LIFE_USEC &&
			is_within(l->peak_use_bytes, in->life->peak_use_bytes, SAME_PEAK_PCT);
		if (alike && !this && l->limit_bytes < f->limit_bytes &&
			!is_within(l->limit_bytes, f->limit_bytes, SAME_LIMIT_PCT) &&
			ended_for_memory(in->life))
			f->raised_in_vain = true;
	}
}

void incident_tell_facts(const struct incident *in, struct diagnose_facts *f)
{
	if (known(in->node_total_bytes) && in->node_available_bytes != INCIDENT_UNKNOWN)
		f->node_available_bp =
			units_share_bp(in->node_available_bytes, in->node_total_bytes);
	if (in->life) {
		tell_end(in, f);
		tell_life(in, f);
	}
	tell_kernel(in, f);
	tell_shape(in, f);
	if (in->life)
		tell_lives(in, f);
}
