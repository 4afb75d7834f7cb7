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

/* Those before, and this one. */
static void tell_lives(const struct incident *in, struct diagnose_facts *f)
{
	uint64_t slope = f->rises_through_life ? f->slope_bytes_per_s : 0;

	for (unsigned i = 0; i < in->log.n_lives; i++) {
		const struct flight_life *l = &in->log.lives[i];
		bool this = l->start_wall_usec == in->life->start_wall_usec;

		if (l->start_wall_usec > in->life->start_wall_usec)
			break;
		if (this)
			l = in->life;
		if (slope && (this || is_within(l->slope_bytes_per_s, slope, SAME_SLOPE_PCT)))
			f->lives_same_slope++;
		if (!ended_for_memory(l))
			continue;
		f->lives_oom++;
		f->lives_short_oom +=
			age_of(l) < SHORT_LIFE_USEC &&
			is_within(l->peak_use_bytes, in->life->peak_use_bytes, SAME_PEAK_PCT);
		if (slope && !this && l->limit_bytes < f->limit_bytes &&
			!is_within(l->limit_bytes, f->limit_bytes, SAME_LIMIT_PCT) &&
			is_within(l->slope_bytes_per_s, slope, SAME_SLOPE_PCT) &&
			ended_for_memory(in->life))
			f->raised_in_vain = true;
	}
}

/* What the kernel killed for was in use, though nobody was quick enough to see it. */
static void tell_shape(const struct incident *in, struct diagnose_facts *f)
{
	struct shape shape;
	struct shape_view v;
	const struct flight_sample *last = in->n_samples ? &in->samples[in->n_samples - 1] : NULL;
	bool met = (f->own_limit_hit || f->ancestor_hit || f->kernel == KERNEL_OWN_LIMIT ||
			   f->kernel == KERNEL_POD_LIMIT) &&
		   last;

	shape_init(&shape);
	for (unsigned i = 0; i < in->n_samples; i++)
		shape_add(&shape, in->samples[i].wall_usec, in->samples[i].use_bytes);
	if (met)
		shape_add(&shape, MAX_OF(last->wall_usec, in->life ? in->life->last_wall_usec : 0),
			f->limit_bytes);
	shape_tell(&shape, f->limit_bytes, &v);
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
