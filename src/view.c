/* SPDX-License-Identifier: Apache-2.0 */
/* What others can see: the values for metrics, probes and status, taken from struct guard. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "cgroup/node.h"
#include "cgroup/qos.h"
#include "guard.h"
#include "http/http.h"
#include "live.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif
#ifndef PACKAGE_REVISION
#define PACKAGE_REVISION "unknown"
#endif

static uint64_t read_peak(const struct cgroup_level *own)
{
	unsigned long long bytes;
	char text[32];

	if (own->fd.peak < 0 || file_pread_text(own->fd.peak, text, sizeof(text)) < 0)
		return VIEW_UNKNOWN;
	errno = 0;
	bytes = strtoull(text, NULL, 10);
	return errno ? VIEW_UNKNOWN : bytes;
}

static void fill_own(const struct cgroup_level *own, struct guard_view *v)
{
	const struct cgroup_stat *st = &own->stat;
	const uint64_t components[VIEW_COMPONENTS] = { st->anon, st->shmem, st->file, st->kernel,
		st->slab_unreclaimable, own->last.swap_bytes };

	for (unsigned i = 0; i < VIEW_COMPONENTS; i++)
		v->components[i] = (struct view_named){ live_component_name(i), components[i] };
	v->usage_bytes = own->last.usage_bytes;
	v->working_set_bytes = cgroup_use_of(BASIS_WORKING_SET, own->last.usage_bytes, st);
	v->nonreclaimable_bytes = cgroup_use_of(BASIS_NONRECLAIMABLE, own->last.usage_bytes, st);
}

/* Where memory cannot be read all of it is left out: old numbers would look like new ones. */
static void fill_memory(const struct guard *g, struct guard_view *v)
{
	const struct watch *w = &g->watch;
	const struct cgroup_sample *s = &w->sample;
	const struct forecast *f = &w->trigger.forecast;
	uint64_t eta = MIN_OF(f->eta_usec, f->burst_eta_usec);

	if (!w->cgroup.n_levels || !w->can_look)
		return;
	fill_own(&w->cgroup.levels[0], v);
	v->use_bytes = s->use_bytes;
	v->limit_bytes = s->limit_bytes; /* CGROUP_NO_LIMIT is VIEW_UNKNOWN */
	v->headroom_bytes = s->headroom_bytes;
	v->high_bytes = w->cgroup.levels[s->binding].last.high_bytes;
	if (w->has_limit) {
		v->use_bp = units_share_bp(s->use_bytes, s->limit_bytes);
		cgroup_limit_source(&w->cgroup, s, v->limit_source, sizeof(v->limit_source));
	}
	v->growth_bytes_per_sec = f->growth_bytes_per_sec;
	v->eta_usec = f->growing ? eta : VIEW_UNKNOWN;
	watch_describe(g, v->summary, sizeof(v->summary));
}

/*
 * Growth within two windows: from the floor of one half of the time to that of the other, in
 * buckets of a ring of the history; within the others: of the retained floor, by the leak test.
 */
static void fill_windows(const struct guard *g, struct guard_view *v)
{
	static const struct {
		const char *name;
		unsigned ring, n;
	} short_ones[] = { { "10s", 0, 20 }, { "2m", 1, 15 } };
	static const char *const long_ones[LEAKTEST_WINDOWS] = { "1h", "6h", "24h" };
	const struct history *h = &g->watch.trigger.history;
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(short_ones); i++, n++) {
		uint64_t now, before, own;
		double half = (double)history_width_usec(short_ones[i].ring) * short_ones[i].n /
			      (double)USEC_PER_SEC;

		v->windows[n] = (struct view_window){ .name = short_ones[i].name,
			.floor_bytes = VIEW_UNKNOWN };
		if (!history_floor(h, short_ones[i].ring, short_ones[i].n, 0, &now, &own))
			continue;
		v->windows[n].floor_bytes = own;
		if (!history_floor(h, short_ones[i].ring, short_ones[i].n, 1, &before, &own))
			continue;
		v->windows[n].moves = true;
		v->windows[n].growth_bytes_per_sec =
			(int64_t)(((double)now - (double)before) / half);
	}
	for (unsigned i = 0; i < LEAKTEST_WINDOWS; i++, n++) {
		const struct leaktest_view *view = &g->verdict.curve.leaktest.window[i].view;

		v->windows[n] = (struct view_window){
			.name = long_ones[i],
			.moves = view->known,
			.growth_bytes_per_sec = (int64_t)view->slope_bytes_per_s,
			.floor_bytes = view->known ? view->floor_bytes : VIEW_UNKNOWN,
		};
	}
}

static void fill_verdict(const struct guard *g, struct guard_view *v)
{
	struct tally_verdict now = verdict_now(g);

	for (unsigned i = 0; i < VIEW_CAUSES; i++)
		v->states[i] = (struct view_named){ tally_cause_name(i), i == now.cause };
	if (now.cause)
		v->diagnosis_pct = now.confidence_pct;
	if (now.limit_bytes)
		v->advised_limit_bytes = now.limit_bytes;
	if (now.request_bytes)
		v->advised_request_bytes = now.request_bytes;
}

static void fill_pressure(const struct cgroup_pressure *p, struct view_named out[VIEW_PRESSURES])
{
	if (!p->known)
		return;
	out[0] = (struct view_named){ "some", p->some_total_usec };
	out[1] = (struct view_named){ "full", p->full_total_usec };
}

static void fill_events(const struct guard *g, struct guard_view *v)
{
	struct cgroup_events all, local;
	struct cgroup_pressure pressure = { .known = false };
	struct node node;

	if (g->watch.cgroup.n_levels && !cgroup_read_events(&g->watch.cgroup, &all, &local)) {
		const struct view_named events[VIEW_EVENTS] = {
			{ "low", all.low },
			{ "high", all.high },
			{ "max", all.max },
			{ "oom", all.oom },
			{ "oom_kill", all.oom_kill },
			{ "oom_group_kill", all.oom_group_kill },
		};

		memcpy(v->events, events, sizeof(events));
	}
	if (g->watch.cgroup.n_levels)
		cgroup_read_pressure(&g->watch.cgroup, &pressure);
	fill_pressure(&pressure, v->container_pressure);
	if (g->procfd < 0 || node_read(g->procfd, &node) < 0)
		return;
	fill_pressure(&node.pressure, v->node_pressure);
	if (node.mem_available_bytes)
		v->node_available_bytes = node.mem_available_bytes;
	if (v->request_bytes == VIEW_UNKNOWN && qos_request_bytes(g->oom_score_adj, 1000))
		v->request_bytes = qos_request_bytes(g->oom_score_adj, node.mem_total_bytes);
}

static uint64_t share_of(const struct conf_amount *at, uint64_t limit_bytes)
{
	if (at->set && at->is_share)
		return at->share_bp;
	if (at->set && limit_bytes != CGROUP_NO_LIMIT)
		return units_share_bp(at->bytes, limit_bytes);
	return VIEW_UNKNOWN;
}

static uint64_t threshold_of(const struct conf_level *level, uint64_t limit_bytes)
{
	uint64_t bytes;

	if (!level->free.set)
		return share_of(&level->at, limit_bytes);
	if (limit_bytes == CGROUP_NO_LIMIT)
		return VIEW_UNKNOWN;
	bytes = trigger_free_bytes(&level->free, limit_bytes);
	return bytes < limit_bytes ? units_share_bp(limit_bytes - bytes, limit_bytes) : 0;
}

static void fill_levels(const struct guard *g, struct guard_view *v)
{
	v->n_levels = g->conf->n_levels;
	for (unsigned i = 0; i < v->n_levels; i++) {
		const struct conf_level *level = &g->conf->levels[i];

		buf_copy(v->levels[i].name, sizeof(v->levels[i].name), level->name);
		v->levels[i].active = g->watch.trigger.level[i].fired;
		v->levels[i].fired_count = g->tally.fired[i];
		v->levels[i].at_bp = threshold_of(level, g->watch.sample.limit_bytes);
	}
}

static void fill_named(
	struct view_named *out, unsigned n, const char *(*name)(unsigned), const uint64_t *values)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = (struct view_named){ name(i), values[i] };
}

/* Nothing is not diagnosed. */
static const char *cause_after_none(unsigned i)
{
	return tally_cause_name(i + 1);
}

static void fill_counts(const struct guard *g, struct guard_view *v)
{
	const struct tally *t = &g->tally;
	const struct budget *b = &g->budget;

	fill_named(v->restarts, VIEW_RESTARTS, tally_restart_name, t->restarts);
	fill_named(v->exits, VIEW_EXITS, tally_exit_name, t->exits);
	fill_named(v->kills, VIEW_KILLS, tally_kill_name, t->kills);
	fill_named(v->lives, VIEW_LIVES, tally_life_name, t->lives);
	fill_named(v->diagnoses, VIEW_CAUSES - 1, cause_after_none, t->diagnoses + 1);
	for (unsigned i = 0; i < VIEW_DUMPS; i++) {
		v->dumps[i].kind = tally_dump_name(i);
		v->dumps[i].ok = t->dumps[i][0];
		v->dumps[i].failed = t->dumps[i][1];
	}
	if (t->dump_usec)
		v->dump_usec = t->dump_usec;
	if (t->dump_bytes)
		v->dump_bytes = t->dump_bytes;
	if (t->last_oom_wall_usec)
		v->last_oom_wall_usec = t->last_oom_wall_usec;
	if (b->n_times)
		v->last_restart_wall_usec = b->times_wall_usec[b->n_times - 1];
	v->restarts_left = budget_left(b, g->conf, clock_wall_usec());
	memcpy(v->look_buckets, t->look_buckets, sizeof(v->look_buckets));
	v->look_count = t->look_count;
	v->look_sum_usec = t->look_sum_usec;
	v->look_interval_usec = t->pause_usec;
	v->blind_usec = g->watch.pace.blind_usec;
}

/* Every number that may stay unknown. */
static void forget_numbers(struct guard_view *v)
{
	uint64_t *const numbers[] = { &v->usage_bytes, &v->working_set_bytes,
		&v->nonreclaimable_bytes, &v->peak_bytes, &v->use_bytes, &v->limit_bytes,
		&v->high_bytes, &v->request_bytes, &v->headroom_bytes, &v->use_bp, &v->eta_usec,
		&v->node_available_bytes, &v->dump_usec, &v->dump_bytes, &v->last_oom_wall_usec,
		&v->last_restart_wall_usec, &v->diagnosis_pct, &v->advised_limit_bytes,
		&v->advised_request_bytes };

	for (unsigned i = 0; i < ARRAY_LEN(numbers); i++)
		*numbers[i] = VIEW_UNKNOWN;
}

void view_fill_known(const struct guard *g, struct guard_view *v)
{
	*v = (struct guard_view){
		.version = PACKAGE_VERSION,
		.revision = PACKAGE_REVISION,
		.qos = qos_name(g->oom_score_adj),
		.container = g->conf->guard.container,
		.pid = (uint64_t)g->self,
		.child = (uint64_t)g->keeper.child,
		.cgroup_version = g->watch.cgroup.version == CGROUP_V2	 ? 2
				  : g->watch.cgroup.version == CGROUP_V1 ? 1
									 : 0,
		.basis = conf_basis_name(g->conf->guard.basis),
		.life_state = life_state_name(g->keeper.life.state),
		.watching = g->watch.can_look && g->watch.has_limit,
		.draining = drain_is_on(g),
		.busy = g->lists.step == LIST_HELPER || g->braking.hold != HOLD_NONE,
		.busy_until_usec = g->lists.begun_usec + g->conf->dump.deadline_usec,
		.now_usec = clock_now_usec(),
	};
	forget_numbers(v);
	if (g->conf->guard.request_bytes)
		v->request_bytes = g->conf->guard.request_bytes;
	fill_memory(g, v);
	fill_windows(g, v);
	fill_verdict(g, v);
	fill_levels(g, v);
	fill_counts(g, v);
}

void view_fill(const struct guard *g, struct guard_view *v)
{
	view_fill_known(g, v);
	if (g->watch.cgroup.n_levels && g->watch.can_look)
		v->peak_bytes = read_peak(&g->watch.cgroup.levels[0]);
	fill_events(g, v);
}

/* --- the server --- */

static void look(void *arg, struct guard_view *ret_view)
{
	view_fill(arg, ret_view);
}

void view_begin(struct guard *g)
{
	const char *address = g->conf->http.listen;
	int r;

	if (!strcmp(address, "off"))
		return;
	r = http_open(g->base, address, g->conf->http.app_probe, look, g, &g->http);
	if (r == 0)
		log_info("metrics and probes at %s", address);
	else if (r == -EDESTADDRREQ)
		log_warning("http.app-probe %s: the host must be a number or localhost: no "
			    "metrics and probes",
			g->conf->http.app_probe);
	else
		log_warning("http.listen %s: %s: no metrics and probes", address,
			r == -EINVAL ? "the address must be a number" : strerror(-r));
}

void view_end(struct guard *g)
{
	http_close(g->http);
	g->http = NULL;
}
