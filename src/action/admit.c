/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/units.h"

#define SMALL_BYTES    (1 * MIB) /* not worth a refusal */
#define SPARE_PARTS    4	 /* of the headroom, one may be lent to a dump ... */
#define SPARE_BELOW_BP 7000	 /* ... and use stays below this share of the limit */

/* Where a kind writes: beside ours, by its own command (perhaps ours), or into our incident. */
enum writes { WRITES_OURS, WRITES_ELSEWHERE, WRITES_MAYBE };

static const enum writes writes_of[DUMP_NONE + 1] = {
	[DUMP_SIGNAL] = WRITES_ELSEWHERE,
	[DUMP_COMMAND] = WRITES_MAYBE,
};

/* What is lost with the container, or takes the very memory that is short, is no place. */
static bool is_no_place(
	const struct action_job *job, enum writes writes, uint64_t estimate_bytes, struct buf *why)
{
	const struct store *store = job->store;

	if (writes != WRITES_OURS || estimate_bytes <= SMALL_BYTES)
		return false;
	if (store->throw_away && job->conf->restart.mode == RESTART_EXIT) {
		buf_printf(why, "%s is lost when the container exits (restart.mode = exit)",
			store->path);
		return true;
	}
	if (store->on_memory)
		buf_printf(why, "%s is memory (tmpfs), %s would count against the limit",
			store->path, units_human_bytes(estimate_bytes).s);
	return store->on_memory;
}

static bool is_too_slow(const struct action_job *job, uint64_t estimate_bytes,
	uint64_t bytes_per_sec, struct buf *why)
{
	uint64_t pause_usec;

	if (!bytes_per_sec)
		return false;
	pause_usec = (uint64_t)((double)estimate_bytes * 1e6 / (double)bytes_per_sec);
	if (pause_usec <= job->conf->dump.max_pause_usec)
		return false;
	buf_printf(why, "it would stop the application for about %s (dump.max-pause = %s)",
		units_human_duration(pause_usec).s,
		units_human_duration(job->conf->dump.max_pause_usec).s);
	return true;
}

/* What does not stand still goes on growing while it is dumped. */
static bool has_headroom(const struct action_job *job, const struct admission *ask, struct buf *why)
{
	uint64_t headroom = work_headroom(job);
	uint64_t growth = ask->bytes_per_sec ? 0
					     : job->growth_bytes_per_sec *
						       (ask->took_usec / USEC_PER_MSEC) / 1000;

	if (headroom >= ask->need_bytes && headroom - ask->need_bytes >= growth)
		return true;
	buf_printf(why, "not enough headroom: %s left, needs %s", units_human_bytes(headroom).s,
		units_human_bytes(ask->need_bytes).s);
	if (growth)
		buf_printf(why, " and %s that it grows meanwhile", units_human_bytes(growth).s);
	return false;
}

bool work_admit(
	const struct action_job *job, const struct admission *ask, int dirfd, struct buf *why)
{
	enum writes writes = writes_of[ask->kind];
	uint64_t free_bytes = 0;
	int err;

	if (!has_headroom(job, ask, why))
		return false;
	if (writes == WRITES_ELSEWHERE)
		return true;
	if (dirfd < 0) {
		buf_printf(why, "no place for it (guard.state-dir): %s", strerror(-dirfd));
		return false;
	}
	if (is_no_place(job, writes, ask->file_bytes, why) ||
		is_too_slow(job, ask->file_bytes, ask->bytes_per_sec, why))
		return false;
	err = store_has_room(job->store, job->conf, ask->file_bytes, &free_bytes);
	if (err == -EDQUOT)
		buf_printf(why, "no inodes are left in %s", job->store->path);
	else if (err == -ENOSPC)
		buf_printf(why, "no room in %s: %s free, may need %s", job->store->path,
			units_human_bytes(free_bytes).s, units_human_bytes(ask->file_bytes).s);
	else if (err < 0)
		buf_printf(why, "%s: %s", job->store->path, strerror(-err));
	return err >= 0;
}

/*
 * It counts as use until it is on the disk: no level of the default policy may come near for it,
 * and growth meanwhile must have more than enough.
 */
uint64_t work_spare(const struct action_job *job, const struct admission *ask)
{
	uint64_t bytes = ask->file_bytes + ask->file_bytes / 16 + MIB;
	uint64_t limit = job->sample.limit_bytes, use = job->sample.use_bytes;

	if (!ask->bytes_per_sec || limit == CGROUP_NO_LIMIT ||
		work_headroom(job) / SPARE_PARTS < bytes ||
		use + bytes > units_of_share(limit, SPARE_BELOW_BP))
		return 0;
	return bytes;
}
