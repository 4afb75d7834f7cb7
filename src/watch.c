/* SPDX-License-Identifier: Apache-2.0 */
/* Look, let the trigger decide, say what was seen, hand fired levels to the lists. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "guard.h"
#include "proc/proc.h"

/* Where usage is so low that nothing can fire, memory.stat is read this often all the same: for
 * `status`, and so that a sudden rise does not start from an unknown floor. */
#define DETAIL_EVERY_USEC USEC_PER_SEC
/* How many CPUs could fill the memory, and so how soon. */
#define CPUS_EVERY_USEC USEC_PER_SEC
/* From here on looks are frequent enough to stop a burst, not only to have seen it. */
#define NEAR_FROM_BP 7500u

static uint32_t cpus_allowed(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 8; /* more than 1024 CPUs: the pace is bounded by its budget anyway */
	return (uint32_t)CPU_COUNT(&set);
}

static bool has_been_resized(struct watch *w)
{
	bool resized = false;

	for (unsigned i = 0; i < w->cgroup.n_levels; i++) {
		uint64_t now = w->cgroup.levels[i].last.limit_bytes, was = w->limits[i];
		uint64_t moved = MAX_OF(now, was) - MIN_OF(now, was);

		/* Swap that others use moves a limit a little all the time: under 1 % is no resize.
		 */
		if (was && moved > was / 100)
			resized = true;
		if (!was || moved > was / 100)
			w->limits[i] = now;
	}
	return resized;
}

static void say_limit(struct guard *g)
{
	struct watch *w = &g->watch;
	char source[CGROUP_PATH_MAX + 32];

	if (!w->has_limit) {
		log_notice("no memory limit any more: nothing to guard until there is one again");
		return;
	}
	cgroup_limit_source(&w->cgroup, &w->sample, source, sizeof(source));
	log_notice("memory limit is %s now (%s), %s in use",
		units_human_bytes(w->sample.limit_bytes).s, source,
		units_human_bytes(w->sample.use_bytes).s);
}

static bool take_look(struct guard *g, bool force_detail)
{
	struct watch *w = &g->watch;
	int r = w->cgroup.n_levels ? cgroup_look(&w->cgroup, force_detail, &w->sample) : -ENOENT;

	if (r < 0 && w->can_look)
		log_error("memory of the cgroup cannot be read: %s: UNGUARDED until it can",
			strerror(-r));
	else if (r == 0 && !w->can_look && w->cgroup.n_levels)
		log_notice("memory of the cgroup can be read: guarded again");
	w->can_look = r == 0;
	return r == 0;
}

bool watch_refresh(struct guard *g)
{
	return take_look(g, true);
}

const struct cgroup_sample *watch_fresh(struct guard *g)
{
	return watch_refresh(g) ? &g->watch.sample : NULL;
}

static void fire_level(struct guard *g, unsigned i)
{
	if (!life_is_ending(g)) {
		watch_describe(g, g->lists.reason[i], sizeof(g->lists.reason[i]));
		lists_fire(g, i);
	} else if (trigger_is_emergency(&g->conf->levels[i])) {
		brake_while_stopping(g, i);
	}
}

/* The emergency first: each line of log and each order costs the time of some pages. */
static void fire(struct guard *g, unsigned fired)
{
	for (unsigned i = 0; fired && i < g->conf->n_levels; i++)
		if ((fired & (1u << i)) && trigger_is_emergency(&g->conf->levels[i]))
			fire_level(g, i);
	for (unsigned i = 0; fired && i < g->conf->n_levels; i++)
		if ((fired & (1u << i)) && !trigger_is_emergency(&g->conf->levels[i]))
			fire_level(g, i);
}

static void decide(struct guard *g)
{
	struct watch *w = &g->watch;
	const struct cgroup_sample *s = &w->sample;
	struct trigger_reading reading = {
		.time_usec = s->time_usec,
		.use_bytes = s->use_bytes,
		.limit_bytes = s->limit_bytes,
		.headroom_bytes = s->headroom_bytes,
		.own_use_bytes = s->own_use_bytes,
		.lag_bytes = w->cgroup.stat_lag_bytes,
		.detailed = s->detailed,
		.resized = has_been_resized(w),
	};
	bool has_limit = s->limit_bytes != CGROUP_NO_LIMIT;

	if (has_limit != w->has_limit || reading.resized) {
		w->has_limit = has_limit;
		say_limit(g);
	}
	if (!has_limit || !g->keeper.child)
		return;
	record_sample(g);
	dumping_watch_floor(g);
	verdict_sample(g);
	prearm_watch(g);
	fire(g, trigger_update(&w->trigger, &reading));
	if (g->budget.disarmed)
		budget_survived(&g->budget, s->use_bytes);
}

/* Above the lowest of the default levels. */
static bool is_near(const struct watch *w)
{
	return w->sample.detailed &&
	       units_share_bp(w->sample.use_bytes, w->sample.limit_bytes) >= NEAR_FROM_BP;
}

static void note_lateness(struct watch *w, uint64_t now_usec)
{
	uint64_t late = w->due_usec && now_usec > w->due_usec ? now_usec - w->due_usec : 0;

	w->late_usec = MAX_OF(late, w->late_usec - w->late_usec / 8);
}

static void refresh_cpus(struct watch *w, uint64_t now_usec)
{
	if (now_usec < w->cpus_due_usec)
		return;
	cpus_read(&w->cpus, &w->pace.bound);
	w->cpus_due_usec = now_usec + CPUS_EVERY_USEC;
}

/* Heard once a look at the most. */
static void listen_again(struct watch *w)
{
	if (!w->hint || event_pending(w->hint, EV_READ, NULL))
		return;
	notify_take(&w->notify);
	event_add(w->hint, NULL);
}

static void on_hint(evutil_socket_t fd, short what, void *arg)
{
	struct guard *g = arg;

	(void)fd;
	(void)what;
	if (!pace_can_spare(&g->watch.pace))
		return; /* heard again after the next look */
	log_debug("the kernel tells something of the cgroup: looking");
	watch_soon(g);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct guard *g = arg;
	struct watch *w = &g->watch;
	uint64_t begun = clock_now_usec(), cpu_before = clock_cpu_usec(), pause;

	(void)fd;
	(void)what;
	note_lateness(w, begun);
	listen_again(w);
	if (take_look(g, begun >= w->detail_due_usec))
		decide(g);
	if (w->sample.detailed)
		w->detail_due_usec = begun + DETAIL_EVERY_USEC;
	refresh_cpus(w, begun);
	pace_spent(&w->pace, begun, clock_cpu_usec() - cpu_before);
	pause = pace_next(
		&w->pace, w->can_look ? w->sample.headroom_bytes : CGROUP_NO_LIMIT, is_near(w));
	tally_look(&g->tally, clock_now_usec() - begun, pause);
	w->due_usec = clock_now_usec() + pause;
	guard_set_timer(w->timer, pause);
}

void watch_soon(struct guard *g)
{
	guard_set_timer(g->watch.timer, 0);
}

void watch_new_life(struct guard *g)
{
	trigger_new_life(&g->watch.trigger);
	verdict_new_life(g);
	cgroup_read_events(&g->watch.cgroup, &g->watch.events, &(struct cgroup_events){ 0 });
}

bool watch_saw_oom_kill(struct guard *g)
{
	struct cgroup_events now, local;

	if (cgroup_read_events(&g->watch.cgroup, &now, &local) < 0)
		return false;
	return now.oom_kill != UINT64_MAX && now.oom_kill > g->watch.events.oom_kill;
}

static void begin_to_listen(struct guard *g)
{
	struct watch *w = &g->watch;
	uint64_t threshold = w->has_limit ? units_of_share(w->sample.limit_bytes, NEAR_FROM_BP) : 0;

	if (notify_open(&w->notify, &w->cgroup, threshold) == 0)
		w->hint = event_new(g->base, w->notify.fd, EV_READ, on_hint, g);
}

int watch_begin(struct guard *g)
{
	struct watch *w = &g->watch;

	trigger_init(&w->trigger, g->conf);
	pace_init(&w->pace, g->conf->guard.max_cpu_bp, cpus_allowed());
	w->timer = event_new(g->base, -1, 0, on_timer, g);
	w->can_look = true;
	if (w->cgroup.n_levels && take_look(g, true)) {
		has_been_resized(w);
		w->has_limit = w->sample.limit_bytes != CGROUP_NO_LIMIT;
	}
	cpus_open(&w->cpus, &w->cgroup);
	begin_to_listen(g);
	watch_new_life(g);
	return w->timer ? 0 : -ENOMEM;
}

void watch_announce(struct guard *g, const char *why)
{
	struct watch *w = &g->watch;
	char source[CGROUP_PATH_MAX + 32];

	if (!w->cgroup.n_levels || !w->can_look) {
		log_warning("no memory cgroup can be read (%s): the application runs UNGUARDED",
			why ? why : "unknown");
		return;
	}
	if (!w->has_limit) {
		log_warning("no memory limit found (cgroup v%d, %s): nothing to guard; set one, or "
			    "guard.limit",
			w->cgroup.version == CGROUP_V2 ? 2 : 1, w->cgroup.levels[0].path);
		return;
	}
	cgroup_limit_source(&w->cgroup, &w->sample, source, sizeof(source));
	log_info("guarding: limit %s (%s, cgroup v%d%s), %s in use, state in %s",
		units_human_bytes(w->sample.limit_bytes).s, source,
		w->cgroup.version == CGROUP_V2 ? 2 : 1, w->cgroup.hybrid ? " hybrid" : "",
		units_human_bytes(w->sample.use_bytes).s,
		g->store.dirfd < 0 ? "no place" : g->store.path);
}

/* The parts that make up the use, largest first to the eye: anon always, others from 1 MiB on. */
static void describe_parts(struct buf *b, const struct cgroup_stat *st)
{
	const struct {
		const char *name;
		uint64_t bytes;
	} more[] = {
		{ "tmpfs", st->shmem },
		{ "kernel",
			st->kernel > st->slab_reclaimable ? st->kernel - st->slab_reclaimable : 0 },
		{ "swap", st->swap },
	};

	buf_printf(b, "anon %s", units_human_bytes(st->anon).s);
	for (unsigned i = 0; i < ARRAY_LEN(more); i++)
		if (more[i].bytes >= MIB)
			buf_printf(b, ", %s %s", more[i].name, units_human_bytes(more[i].bytes).s);
}

static const char *basis_words(enum conf_basis basis)
{
	static const char *const words[] = {
		[BASIS_NONRECLAIMABLE] = "not reclaimable",
		[BASIS_WORKING_SET] = "working set",
		[BASIS_USAGE] = "used",
		[BASIS_ANON] = "anonymous",
	};

	return words[basis];
}

void watch_describe(const struct guard *g, char *out, size_t size)
{
	const struct watch *w = &g->watch;
	const struct forecast *f = &w->trigger.forecast;
	const struct cgroup_level *level = &w->cgroup.levels[w->sample.binding];
	struct buf b = { .data = out, .size = size };
	uint32_t share = units_share_bp(w->sample.use_bytes, w->sample.limit_bytes);
	/* A burst tells a time only when it is a part of what is left; else it is a step. */
	bool bursts = f->burst_bytes && f->burst_bytes >= w->sample.headroom_bytes / 4;
	uint64_t eta = bursts ? MIN_OF(f->eta_usec, f->burst_eta_usec) : f->eta_usec;

	buf_reset(&b);
	buf_printf(&b, "%u%% of %s %s (", share / 100, units_human_bytes(w->sample.limit_bytes).s,
		basis_words(w->cgroup.basis));
	describe_parts(&b, &level->stat);
	if (f->growth_bytes_per_sec > 0)
		buf_printf(&b, ", +%s/s", units_human_bytes((uint64_t)f->growth_bytes_per_sec).s);
	if (eta != FORECAST_NEVER)
		buf_printf(&b, ", limit in %s", units_human_duration(eta).s);
	if (w->sample.binding && !f->ours)
		buf_puts(&b, ", growth is not ours");
	buf_puts(&b, ")");
}
