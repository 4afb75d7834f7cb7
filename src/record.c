/* SPDX-License-Identifier: Apache-2.0 */
/* What the flight recorder is told, and what it said of the life before. */
#include "guard.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "live.h"
#include "report/previous.h"

/* From here on every look is kept; below, one a second. */
#define URGENT_FROM_BP	7500u
#define LIFE_EVERY_USEC USEC_PER_SEC
#define FILE_MAX_BYTES	(4 * MIB)
#define FILE_LIMIT_PART 64

/* A memory-backed file must not eat what it is there to watch. */
static uint64_t file_bytes(const struct guard *g)
{
	uint64_t limit = g->watch.has_limit ? g->watch.sample.limit_bytes : CGROUP_NO_LIMIT;
	uint64_t most = g->store.fallback ? 512 * KIB : FILE_MAX_BYTES;

	return limit == CGROUP_NO_LIMIT ? most : MIN_OF(limit / FILE_LIMIT_PART, most);
}

bool record_begin(struct guard *g)
{
	struct recorder *r = &g->recorder;
	struct previous previous = { 0 };
	char text[GUARD_LINE_MAX];
	bool known;

	r->life.boot_id = previous_boot_id();
	r->pidns = live_own_pidns();
	vitals_begin(g);
	known = g->store.dirfd >= 0 &&
		previous_find(g->store.dirfd, r->life.boot_id, &previous) == 0 && previous.n_lives;
	r->flight = flight_map();
	g->scribe.flight = r->flight;
	g->scribe.sweeps = true;
	g->scribe.termination_path = last_words_path(g->conf);
	g->scribe.flight_bytes = file_bytes(g);
	/* On a disk another limit is no reason to forget. */
	g->scribe.flight_keep_bytes = g->store.on_memory ? g->scribe.flight_bytes : FILE_MAX_BYTES;
	g->scribe.note_names[FLIGHT_NOTE_BUDGET] = BUDGET_FILE;
	g->scribe.note_names[FLIGHT_NOTE_COUNTERS] = TALLY_FILE;
	if (!known)
		return false;
	r->previous_end = previous.end;
	r->previous_cut = previous.life.end == FLIGHT_END_RUNNING;
	previous_describe(&previous, text, sizeof(text));
	reporter_note_death(g, &previous.life, previous.end, text);
	if (previous.end == FLIGHT_END_CLEAN)
		log_info("%s", text);
	else
		log_notice("%s", text);
	return true;
}

static void put_life(struct guard *g)
{
	g->recorder.life.last_wall_usec = clock_wall_usec();
	flight_put_life(g->recorder.flight, &g->recorder.life);
	keep_live(g);
}

void record_new_life(struct guard *g)
{
	struct recorder *r = &g->recorder;

	r->life = (struct flight_life){
		.start_wall_usec = clock_wall_usec(),
		.boot_id = r->life.boot_id,
		.end = FLIGHT_END_RUNNING,
		.own_limit_bytes = CGROUP_NO_LIMIT,
		.node_stall_bp = UINT32_MAX,
	};
	vitals_new_life(g);
	record_event(g, FLIGHT_START, (int)g->keeper.child, g->argv[0]);
}

void record_sample(struct guard *g)
{
	struct recorder *r = &g->recorder;
	const struct cgroup_sample *s = &g->watch.sample;
	const struct cgroup_level *level = &g->watch.cgroup.levels[s->binding];
	bool urgent =
		r->node_is_short || units_share_bp(s->use_bytes, s->limit_bytes) >= URGENT_FROM_BP;
	struct flight_sample sample;

	if (!s->detailed || (!urgent && s->time_usec < r->next_usec))
		return;
	sample = (struct flight_sample){
		.wall_usec = clock_wall_usec(),
		.use_bytes = s->use_bytes,
		.limit_bytes = s->limit_bytes,
		.usage_bytes = level->last.usage_bytes,
		.anon_bytes = level->stat.anon,
		.shmem_bytes = level->stat.shmem,
		.kernel_bytes = level->stat.kernel,
	};
	flight_put_sample(r->flight, &sample, urgent);
	vitals_look(g);
	r->life.limit_bytes = s->limit_bytes;
	r->life.last_use_bytes = s->use_bytes;
	r->life.own_use_bytes = s->own_use_bytes;
	r->life.peak_use_bytes = MAX_OF(r->life.peak_use_bytes, s->use_bytes);
	if (s->time_usec >= r->next_usec) {
		r->next_usec = s->time_usec + LIFE_EVERY_USEC;
		r->node_is_short = vitals_note(g);
		put_life(g);
		keep_check(g);
	}
	if (urgent != r->urgent)
		scribe_ring(&g->scribe);
	r->urgent = urgent;
}

void record_event(struct guard *g, enum flight_kind kind, int value, const char *text)
{
	struct recorder *r = &g->recorder;

	flight_put_event(r->flight, kind, value, text);
	r->life.levels += kind == FLIGHT_LEVEL;
	r->life.restarts += kind == FLIGHT_RESTART;
	r->life.ooms += kind == FLIGHT_OOM;
	put_life(g);
	if (kind == FLIGHT_LEVEL || kind == FLIGHT_RESTART || kind == FLIGHT_OOM)
		last_words_put(g, kind, text);
	scribe_ring(&g->scribe);
}

void record_end(struct guard *g, enum flight_end end, int exit_status)
{
	g->recorder.life.end = end;
	g->recorder.life.exit_status = exit_status;
	record_event(g, FLIGHT_END, exit_status, flight_end_name(end));
	count_life(g, end);
}
