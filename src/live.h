/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `oomguard status` shows, as it goes through the flight recorder: plain values without
 * pointers, the same layout in guard and reader (it is one binary). What takes a system call to
 * know is not in it: the guard puts one each second.
 */
#ifndef OOMGUARD_LIVE_H
#define OOMGUARD_LIVE_H

#include "http/view.h"
#include "report/flight.h"

#define LIVE_TEXT_MAX  200
#define LIVE_STATE_MAX 16

struct live {
	uint32_t layout;
	uint32_t cgroup_version, n_levels;
	uint8_t watching, draining, busy, zero;
	uint64_t pidns; /* inode of the guard's pid namespace */
	uint64_t pid, child;
	char version[16], basis[20], life_state[LIVE_STATE_MAX];
	char limit_source[LIVE_TEXT_MAX], summary[LIVE_TEXT_MAX];
	uint64_t usage_bytes, working_set_bytes, nonreclaimable_bytes, peak_bytes;
	uint64_t use_bytes, limit_bytes, high_bytes, request_bytes, headroom_bytes, use_bp;
	uint64_t components[VIEW_COMPONENTS];
	int64_t growth_bytes_per_sec;
	uint64_t eta_usec;
	struct {
		char name[CONF_NAME_MAX];
		uint64_t active, at_bp, fired_count;
	} levels[CONF_LEVELS_MAX];
	uint64_t restarts[VIEW_RESTARTS], exits[VIEW_EXITS], kills[VIEW_KILLS];
	uint64_t lives[VIEW_LIVES], dumps[VIEW_DUMPS][2];
	uint64_t restarts_left, last_restart_wall_usec, last_oom_wall_usec, dump_usec, dump_bytes;
	uint64_t states[VIEW_CAUSES], diagnosis_pct, advised_limit_bytes, advised_request_bytes;
	uint64_t look_interval_usec, blind_usec;
};

_Static_assert(sizeof(struct live) <= FLIGHT_LIVE_MAX, "it has to fit into its record");

/* Pure. From a view, of which what comes from files may be unknown; pidns is left to the caller. */
void live_from_view(const struct guard_view *view, struct live *ret_live);

/*
 * Pure. The view that the recorder tells, with the newest sample of it: 0, -EBADMSG (none, of
 * another build, or odd). What is not known is VIEW_UNKNOWN. The view's texts are in *ret_live.
 */
int live_view(const struct flight_log *log, struct live *ret_live, struct guard_view *ret_view);

/* Inode of our own pid namespace; 0: it cannot be told. */
uint64_t live_own_pidns(void);

/* Of a row of view.components; NULL beyond the last. */
const char *live_component_name(unsigned i);

#endif
