/* SPDX-License-Identifier: Apache-2.0 */
#include "live.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "tally.h"

#define LAYOUT 2u

/* Another build may have other fields: its size tells most of that, the number the rest. */
static uint32_t live_layout(void)
{
	return LAYOUT << 16 | (uint32_t)sizeof(struct live);
}

static const char *const component_names[VIEW_COMPONENTS] = { "anon", "shmem", "file", "kernel",
	"slab_unreclaimable", "swap" };

const char *live_component_name(unsigned i)
{
	return i < VIEW_COMPONENTS ? component_names[i] : NULL;
}

uint64_t live_own_pidns(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) < 0 ? 0 : (uint64_t)st.st_ino;
}

/* Plain numbers that both have under the same name. */
#define SAME_NUMBERS(to, from)                                                                     \
	do {                                                                                       \
		(to)->pid = (from)->pid;                                                           \
		(to)->child = (from)->child;                                                       \
		(to)->cgroup_version = (from)->cgroup_version;                                     \
		(to)->n_levels = (from)->n_levels;                                                 \
		(to)->watching = (from)->watching;                                                 \
		(to)->draining = (from)->draining;                                                 \
		(to)->busy = (from)->busy;                                                         \
		(to)->usage_bytes = (from)->usage_bytes;                                           \
		(to)->working_set_bytes = (from)->working_set_bytes;                               \
		(to)->nonreclaimable_bytes = (from)->nonreclaimable_bytes;                         \
		(to)->use_bytes = (from)->use_bytes;                                               \
		(to)->limit_bytes = (from)->limit_bytes;                                           \
		(to)->high_bytes = (from)->high_bytes;                                             \
		(to)->request_bytes = (from)->request_bytes;                                       \
		(to)->headroom_bytes = (from)->headroom_bytes;                                     \
		(to)->use_bp = (from)->use_bp;                                                     \
		(to)->peak_bytes = (from)->peak_bytes;                                             \
		(to)->growth_bytes_per_sec = (from)->growth_bytes_per_sec;                         \
		(to)->eta_usec = (from)->eta_usec;                                                 \
		(to)->restarts_left = (from)->restarts_left;                                       \
		(to)->last_restart_wall_usec = (from)->last_restart_wall_usec;                     \
		(to)->last_oom_wall_usec = (from)->last_oom_wall_usec;                             \
		(to)->dump_usec = (from)->dump_usec;                                               \
		(to)->dump_bytes = (from)->dump_bytes;                                             \
		(to)->diagnosis_pct = (from)->diagnosis_pct;                                       \
		(to)->advised_limit_bytes = (from)->advised_limit_bytes;                           \
		(to)->advised_request_bytes = (from)->advised_request_bytes;                       \
		(to)->look_interval_usec = (from)->look_interval_usec;                             \
		(to)->blind_usec = (from)->blind_usec;                                             \
	} while (0)

static void take_values(uint64_t *out, const struct view_named *named, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = named[i].name ? named[i].value : VIEW_UNKNOWN;
}

void live_from_view(const struct guard_view *v, struct live *l)
{
	memset(l, 0, sizeof(*l));
	l->layout = live_layout();
	SAME_NUMBERS(l, v);
	buf_copy(l->version, sizeof(l->version), v->version);
	buf_copy(l->basis, sizeof(l->basis), v->basis);
	buf_copy(l->life_state, sizeof(l->life_state), v->life_state);
	buf_copy(l->limit_source, sizeof(l->limit_source), v->limit_source);
	buf_copy(l->summary, sizeof(l->summary), v->summary);
	for (unsigned i = 0; i < v->n_levels; i++) {
		buf_copy(l->levels[i].name, sizeof(l->levels[i].name), v->levels[i].name);
		l->levels[i].active = v->levels[i].active;
		l->levels[i].at_bp = v->levels[i].at_bp;
		l->levels[i].fired_count = v->levels[i].fired_count;
	}
	take_values(l->components, v->components, VIEW_COMPONENTS);
	take_values(l->restarts, v->restarts, VIEW_RESTARTS);
	take_values(l->exits, v->exits, VIEW_EXITS);
	take_values(l->kills, v->kills, VIEW_KILLS);
	take_values(l->lives, v->lives, VIEW_LIVES);
	take_values(l->states, v->states, VIEW_CAUSES);
	for (unsigned i = 0; i < VIEW_DUMPS; i++) {
		l->dumps[i][0] = v->dumps[i].ok;
		l->dumps[i][1] = v->dumps[i].failed;
	}
}

static void put_values(
	struct view_named *out, unsigned n, const char *(*name)(unsigned), const uint64_t *values)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = (struct view_named){ name(i), values[i] };
}

/* The texts come from a file: they end where they have room to. */
static void end_texts(struct live *l)
{
	l->version[sizeof(l->version) - 1] = '\0';
	l->basis[sizeof(l->basis) - 1] = '\0';
	l->life_state[sizeof(l->life_state) - 1] = '\0';
	l->limit_source[sizeof(l->limit_source) - 1] = '\0';
	l->summary[sizeof(l->summary) - 1] = '\0';
	for (unsigned i = 0; i < CONF_LEVELS_MAX; i++)
		l->levels[i].name[sizeof(l->levels[i].name) - 1] = '\0';
}

static void put_levels(const struct live *l, struct guard_view *v)
{
	for (unsigned i = 0; i < v->n_levels; i++) {
		buf_copy(v->levels[i].name, sizeof(v->levels[i].name), l->levels[i].name);
		v->levels[i].active = l->levels[i].active != 0;
		v->levels[i].at_bp = l->levels[i].at_bp;
		v->levels[i].fired_count = l->levels[i].fired_count;
	}
}

/* Near the limit samples come faster than the rest. */
static void put_newest_sample(const struct flight_log *log, struct guard_view *v)
{
	const struct flight_sample *s;

	if (!log->n_samples || v->use_bytes == VIEW_UNKNOWN)
		return;
	s = &log->samples[log->n_samples - 1];
	if (s->wall_usec <= log->live_wall_usec || s->limit_bytes != v->limit_bytes)
		return;
	v->use_bytes = s->use_bytes;
	v->usage_bytes = s->usage_bytes;
	v->headroom_bytes = s->limit_bytes - MIN_OF(s->use_bytes, s->limit_bytes);
	v->use_bp = units_share_bp(s->use_bytes, s->limit_bytes);
}

int live_view(const struct flight_log *log, struct live *l, struct guard_view *v)
{
	if (log->live_size != sizeof(*l))
		return -EBADMSG;
	memcpy(l, log->live, sizeof(*l));
	if (l->layout != live_layout() || l->n_levels > CONF_LEVELS_MAX)
		return -EBADMSG;
	end_texts(l);
	memset(v, 0, sizeof(*v));
	SAME_NUMBERS(v, l);
	v->version = l->version;
	v->basis = l->basis;
	v->life_state = l->life_state;
	buf_copy(v->limit_source, sizeof(v->limit_source), l->limit_source);
	buf_copy(v->summary, sizeof(v->summary), l->summary);
	v->node_available_bytes = VIEW_UNKNOWN;
	put_levels(l, v);
	put_values(v->components, VIEW_COMPONENTS, live_component_name, l->components);
	put_values(v->restarts, VIEW_RESTARTS, tally_restart_name, l->restarts);
	put_values(v->exits, VIEW_EXITS, tally_exit_name, l->exits);
	put_values(v->kills, VIEW_KILLS, tally_kill_name, l->kills);
	put_values(v->lives, VIEW_LIVES, tally_life_name, l->lives);
	put_values(v->states, VIEW_CAUSES, tally_cause_name, l->states);
	for (unsigned i = 0; i < VIEW_DUMPS; i++) {
		v->dumps[i].kind = tally_dump_name(i);
		v->dumps[i].ok = l->dumps[i][0];
		v->dumps[i].failed = l->dumps[i][1];
	}
	put_newest_sample(log, v);
	return 0;
}
