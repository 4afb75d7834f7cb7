/* SPDX-License-Identifier: Apache-2.0 */
/* The hot path: nothing here opens, allocates or uses stdio, but for cgroup_limit_source(). */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <sys/sysinfo.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "cgroup/stat.h"
#include "cgroup/version.h"

#define HOST_PERIOD_USEC USEC_PER_SEC

/*
 * What the lag of memory.stat may add, of a level's limit. 64 pages x 64 CPUs are 16 MiB, a quarter
 * of a limit of 64 MiB, which would be a false alarm on every big node; a small container never has
 * batches pending on all CPUs at once.
 */
#define LAG_SHARE_BP 100u

/* Which of its limits a level has to keep; for the number and for the message about it. */
enum limit_kind {
	LIMIT_NONE,
	LIMIT_MAX,
	LIMIT_HIGH,
	LIMIT_ANCESTOR,
	LIMIT_FORCED,
	LIMIT_POD,
};

/* guard.pod-limit is a level without files. */
static bool is_pod_level(const struct cgroup_level *level)
{
	return level->fd.usage < 0;
}

static uint64_t given(bool applies, uint64_t bytes)
{
	return applies && bytes ? bytes : CGROUP_NO_LIMIT;
}

static enum limit_kind find_limit(const struct cgroup *cg, unsigned i, uint64_t *ret_bytes)
{
	const struct cgroup_level *level = &cg->levels[i];
	bool own = i == 0, braked = own && cg->braked_high_bytes;
	const uint64_t candidates[] = {
		[LIMIT_NONE] = CGROUP_NO_LIMIT,
		[LIMIT_MAX] = level->last.max_bytes,
		[LIMIT_HIGH] = braked ? cg->braked_high_bytes : level->last.high_bytes,
		[LIMIT_ANCESTOR] =
			given(own && cg->version == CGROUP_V1, level->stat.hierarchical_limit),
		[LIMIT_FORCED] = given(own, cg->forced_limit_bytes),
		[LIMIT_POD] = given(is_pod_level(level), cg->pod_limit_bytes),
	};
	enum limit_kind kind = LIMIT_NONE;

	for (unsigned k = 0; k < ARRAY_LEN(candidates); k++) {
		if (candidates[k] < candidates[kind])
			kind = (enum limit_kind)k;
	}
	*ret_bytes = candidates[kind];
	return kind;
}

/* Only a limit that is there is cut to the machine's size: RAM alone is no limit. */
static void set_limit(struct cgroup *cg, unsigned i)
{
	struct cgroup_level_use *use = &cg->levels[i].last;
	uint64_t bytes;

	if (find_limit(cg, i, &bytes) == LIMIT_NONE) {
		use->limit_bytes = CGROUP_NO_LIMIT;
		return;
	}
	if (cg->ram_bytes)
		bytes = MIN_OF(bytes, cg->ram_bytes);
	use->limit_bytes = bytes + use->swap_usable_bytes;
}

static uint64_t read_limit(const struct cgroup_format *format, int fd)
{
	uint64_t bytes;

	if (stat_read_u64(fd, &bytes) || bytes >= format->unlimited_from)
		return CGROUP_NO_LIMIT;
	return bytes;
}

/*
 * Swap in use and the most that it could become. *room is what the machine and all levels above
 * still allow; it shrinks on the way down. Without swap files (swapaccount=0) only the machine's
 * free swap bounds it. v1 bounds memory and swap together.
 */
static void read_swap(const struct cgroup *cg, const struct cgroup_format *format,
	struct cgroup_level *level, uint64_t *room)
{
	struct cgroup_level_use *use = &level->last;
	uint64_t most, used = 0;

	use->swap_bytes = use->swap_usable_bytes = 0;
	if (!cg->host_swap_bytes)
		return;
	most = read_limit(format, level->fd.swap_max);
	stat_read_u64(level->fd.swap, &used);
	if (format->swap_with_memory) {
		used -= MIN_OF(use->usage_bytes, used);
		if (most != CGROUP_NO_LIMIT)
			most -= MIN_OF(use->max_bytes, most);
	}
	if (most != CGROUP_NO_LIMIT)
		*room = MIN_OF(*room, most - MIN_OF(used, most));
	use->swap_bytes = used;
	use->swap_usable_bytes = used + *room;
}

/* True when the host's figures are new. */
static bool refresh_host(struct cgroup *cg, uint64_t now_usec)
{
	struct sysinfo info;

	if (now_usec < cg->host_next_usec || sysinfo(&info))
		return false;
	cg->host_next_usec = now_usec + HOST_PERIOD_USEC;
	cg->host_swap_bytes = (uint64_t)info.totalswap * info.mem_unit;
	cg->host_swap_free_bytes = (uint64_t)info.freeswap * info.mem_unit;
	if (!cg->ram_bytes)
		cg->ram_bytes = (uint64_t)info.totalram * info.mem_unit;
	return true;
}

/* Usage, limits and swap of one level; `use` is the upper bound. 0 or -errno. */
static int read_cheap(struct cgroup *cg, const struct cgroup_format *format, unsigned i, bool force,
	uint64_t *room)
{
	struct cgroup_level *level = &cg->levels[i];
	struct cgroup_level_use *use = &level->last;
	uint64_t bytes, usage = 0;
	int err;

	use->detailed = false;
	use->limit_bytes = CGROUP_NO_LIMIT;
	use->max_bytes = read_limit(format, level->fd.max);
	use->high_bytes = read_limit(format, level->fd.high);
	/* An ancestor without a limit matters only for the swap that it lets us have. */
	if (i && !force && !cg->host_swap_bytes && find_limit(cg, i, &bytes) == LIMIT_NONE)
		return 0;
	err = stat_read_u64(level->fd.usage, &usage);
	if (err)
		return err;
	use->usage_bytes = usage;
	read_swap(cg, format, level, room);
	set_limit(cg, i);
	use->use_bytes = usage + use->swap_bytes;
	return 0;
}

static bool needs_detail(const struct cgroup *cg, const struct cgroup_level_use *use)
{
	return use->limit_bytes != CGROUP_NO_LIMIT &&
	       use->use_bytes >= units_of_share(use->limit_bytes, (uint32_t)cg->detail_from_bp);
}

/* memory.stat of one level. When it cannot be read, the upper bound stays. */
static void read_detail(struct cgroup *cg, const struct cgroup_format *format, unsigned i)
{
	struct cgroup_level *level = &cg->levels[i];
	struct cgroup_level_use *use = &level->last;
	uint64_t bytes, lag = cg->basis == BASIS_USAGE ? 0 : cg->stat_lag_bytes;

	if (stat_read(format, level->fd.stat, &level->stat))
		return;
	if (!stat_read_u64(level->fd.kernel, &level->stat.kernel))
		level->stat.has_kernel = true;
	if (!level->stat.swap)
		level->stat.swap = use->swap_bytes;
	set_limit(cg, i); /* v1's ancestor limit has just been read */
	if (use->limit_bytes != CGROUP_NO_LIMIT)
		lag = MIN_OF(lag, units_of_share(use->limit_bytes, LAG_SHARE_BP));
	bytes = cgroup_use_of(cg->basis, use->usage_bytes, &level->stat) + lag + use->swap_bytes;
	use->use_bytes = MIN_OF(bytes, use->usage_bytes + use->swap_bytes);
	use->detailed = true;
}

/*
 * v1 tells the limit of ancestors that we cannot see in memory.stat only. Nothing else is taken
 * from it: a use that is exact once a second and an upper bound in between would look like growth.
 */
static void refresh_ancestor_limit(const struct cgroup_format *format, struct cgroup_level *level)
{
	struct cgroup_stat fresh;

	if (!stat_read(format, level->fd.stat, &fresh))
		level->stat.hierarchical_limit = fresh.hierarchical_limit;
}

/* From the top down, because a level's swap is bounded by those above it. */
static int read_levels(struct cgroup *cg, bool force_detail, bool host_is_new)
{
	const struct cgroup_format *format = cgroup_format_of(cg->version);
	uint64_t room = cg->host_swap_free_bytes;
	bool any_detail = force_detail;

	if (host_is_new && cg->version == CGROUP_V1)
		refresh_ancestor_limit(format, &cg->levels[0]);
	for (unsigned i = cg->n_levels; i-- > 0;) {
		struct cgroup_level *level = &cg->levels[i];
		int err;

		if (is_pod_level(level))
			continue;
		err = read_cheap(cg, format, i, force_detail, &room);
		if (err && !i)
			return err;
		if (err)
			continue;
		/* Our own use is compared with an ancestor's, so both are read the same way. */
		if (force_detail || needs_detail(cg, &level->last)) {
			any_detail = true;
			read_detail(cg, format, i);
		} else if (!i && any_detail) {
			read_detail(cg, format, i);
		}
	}
	return 0;
}

/* Our own use against the pod's limit: of the neighbours nothing is known. */
static void fill_pod_level(struct cgroup *cg)
{
	unsigned last = cg->n_levels - 1;
	struct cgroup_level *level = &cg->levels[last];

	if (!is_pod_level(level))
		return;
	level->last = cg->levels[0].last;
	level->last.max_bytes = level->last.high_bytes = CGROUP_NO_LIMIT;
	level->stat = cg->levels[0].stat;
	set_limit(cg, last);
}

int cgroup_look(struct cgroup *cg, bool force_detail, struct cgroup_sample *ret)
{
	const struct cgroup_level_use *own = &cg->levels[0].last;
	struct cgroup_sample sample = {
		.time_usec = clock_now_usec(),
		.limit_bytes = CGROUP_NO_LIMIT,
		.headroom_bytes = CGROUP_NO_LIMIT,
	};
	int err;

	if (!cg->n_levels)
		return -ENOENT;
	err = read_levels(cg, force_detail, refresh_host(cg, sample.time_usec));
	if (err)
		return err;
	fill_pod_level(cg);
	for (unsigned i = 0; i < cg->n_levels; i++) {
		const struct cgroup_level_use *use = &cg->levels[i].last;
		uint64_t headroom = use->limit_bytes - MIN_OF(use->use_bytes, use->limit_bytes);

		if (use->limit_bytes == CGROUP_NO_LIMIT || headroom >= sample.headroom_bytes)
			continue;
		sample.headroom_bytes = headroom;
		sample.limit_bytes = use->limit_bytes;
		sample.binding = i;
	}
	sample.use_bytes = cg->levels[sample.binding].last.use_bytes;
	sample.detailed = cg->levels[sample.binding].last.detailed;
	sample.own_use_bytes = own->use_bytes;
	*ret = sample;
	return 0;
}

bool cgroup_has_limit(const struct cgroup *cg)
{
	for (unsigned i = 0; i < cg->n_levels; i++) {
		if (cg->levels[i].last.limit_bytes != CGROUP_NO_LIMIT)
			return true;
	}
	return false;
}

void cgroup_limit_source(
	const struct cgroup *cg, const struct cgroup_sample *s, char *out, size_t size)
{
	static const char *const fixed[] = {
		[LIMIT_NONE] = "none",
		[LIMIT_FORCED] = "guard.limit",
		[LIMIT_POD] = "guard.pod-limit",
	};
	const char *const files[] = {
		[LIMIT_MAX] = cgroup_format_of(cg->version)->max_name,
		[LIMIT_HIGH] = "memory.high",
		[LIMIT_ANCESTOR] = "memory.stat (hierarchical_memory_limit)",
	};
	enum limit_kind kind = LIMIT_NONE;
	uint64_t bytes = CGROUP_NO_LIMIT;
	bool cut;

	if (s->limit_bytes != CGROUP_NO_LIMIT && s->binding < cg->n_levels)
		kind = find_limit(cg, s->binding, &bytes);
	cut = kind != LIMIT_NONE && cg->ram_bytes && bytes > cg->ram_bytes;
	if (kind < ARRAY_LEN(fixed) && fixed[kind])
		snprintf(out, size, "%s%s", fixed[kind], cut ? ", cut to RAM" : "");
	else
		snprintf(out, size, "%s/%s%s", cg->levels[s->binding].path, files[kind],
			cut ? ", cut to RAM" : "");
}
