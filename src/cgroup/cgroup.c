/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cgroup/find.h"
#include "cgroup/node.h"
#include "cgroup/version.h"

#define DETAIL_FROM_BP 6000u
#define POD_LEVEL_PATH "guard.pod-limit"

static const struct cgroup_files no_files = {
	.usage = -1,
	.max = -1,
	.high = -1,
	.stat = -1,
	.swap = -1,
	.swap_max = -1,
	.kernel = -1,
	.events = -1,
	.events_local = -1,
	.pressure = -1,
	.peak = -1,
};

static const struct cgroup_level_use no_use = {
	.limit_bytes = CGROUP_NO_LIMIT,
	.max_bytes = CGROUP_NO_LIMIT,
	.high_bytes = CGROUP_NO_LIMIT,
};

static int *file_slot(struct cgroup_files *fd, const struct cgroup_file *file)
{
	return (int *)(void *)((char *)fd + file->offset);
}

static void close_level(const struct cgroup_format *format, struct cgroup_level *level)
{
	for (unsigned i = 0; i < format->n_files; i++)
		cleanup_close(file_slot(&level->fd, &format->files[i]));
	level->fd = no_files;
}

/* The next free level, when the directory has a usage file (the root of v2 has none). */
static void open_level(
	struct cgroup *cg, const struct cgroup_format *format, const char dir[CGROUP_PATH_MAX])
{
	struct cgroup_level *level = &cg->levels[cg->n_levels];
	auto_close int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int write_fd = -1;

	if (dir_fd < 0 || cg->n_levels == CGROUP_LEVELS_MAX - 1)
		return;
	memset(level, 0, sizeof(*level));
	level->fd = no_files;
	level->last = no_use;
	for (unsigned i = 0; i < format->n_files; i++)
		*file_slot(&level->fd, &format->files[i]) =
			openat(dir_fd, format->files[i].name, O_RDONLY | O_CLOEXEC);
	if (level->fd.usage < 0) {
		close_level(format, level);
		return;
	}
	strcpy(level->path, dir);
	if (!cg->n_levels++) {
		/* Opening tells what no permission bit does: a read-only mount. Nothing is written.
		 */
		write_fd = openat(dir_fd, format->max_name, O_WRONLY | O_CLOEXEC);
		cg->writable = write_fd >= 0;
	}
}

static void open_levels(struct cgroup *cg, const char *prefix, const struct cgroup_place *place)
{
	const struct cgroup_format *format = cgroup_format_of(place->version);
	char dir[CGROUP_PATH_MAX];
	char *slash;

	if (snprintf(dir, sizeof(dir), "%s%s", prefix, place->dir) >= (int)sizeof(dir))
		return;
	for (unsigned i = 0; i < place->depth; i++) {
		open_level(cg, format, dir);
		slash = strrchr(dir, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	if (cg->n_levels && cg->pod_limit_bytes) {
		struct cgroup_level *level = &cg->levels[cg->n_levels++];

		*level = (struct cgroup_level){ .fd = no_files, .last = no_use };
		strcpy(level->path, POD_LEVEL_PATH);
	}
}

/* From which share on an amount may hold; bytes may be any share of a limit that can change. */
static uint32_t share_of(const struct conf_amount *amount, bool left)
{
	uint32_t share = MIN_OF(amount->share_bp, BP_WHOLE);

	if (!amount->set)
		return BP_WHOLE;
	if (!amount->is_share)
		return 0;
	return left ? BP_WHOLE - share : share;
}

/* Where no level of the policy can hold, usage alone is enough to know. */
static uint32_t detail_from(const struct conf *conf)
{
	uint32_t lowest = DETAIL_FROM_BP;

	for (unsigned i = 0; i < conf->n_levels; i++) {
		lowest = MIN_OF(lowest, share_of(&conf->levels[i].at, false));
		lowest = MIN_OF(lowest, share_of(&conf->levels[i].free, true));
	}
	return lowest;
}

static void read_host(struct cgroup *cg, const struct cgroup_source *source)
{
	struct node node;

	if (!node_read(source->procfd, &node)) {
		cg->ram_bytes = node.mem_total_bytes;
		cg->host_swap_bytes = node.swap_total_bytes;
		cg->host_swap_free_bytes = node.swap_free_bytes;
	}
	cg->host_next_usec = source->live ? 0 : UINT64_MAX;
}

int cgroup_open_at(struct cgroup *cg, const struct cgroup_source *source, pid_t pid,
	const struct conf *conf, const char **ret_why)
{
	long page = sysconf(_SC_PAGESIZE), cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct cgroup_place place;
	struct cgroup_sample first;
	int err;

	/* Levels are cleared as they are opened: pages of those that are not stay untouched. */
	memset(cg, 0, offsetof(struct cgroup, levels));
	cg->forced_limit_bytes = conf->guard.limit_bytes;
	cg->pod_limit_bytes = conf->guard.pod_limit_bytes;
	cg->basis = conf->guard.basis;
	cg->detail_from_bp = detail_from(conf);
	*ret_why = "";
	err = cgroup_find(source, pid, &place);
	if (err) {
		*ret_why = "no memory cgroup is mounted here";
		return faccessat(source->procfd, "self", F_OK, AT_SYMLINK_NOFOLLOW) ? err : 0;
	}
	if (!place.exact)
		cgroup_search_pid(source->prefix, pid ? pid : getpid(), &place);
	read_host(cg, source);
	open_levels(cg, source->prefix, &place);
	if (!cg->n_levels) {
		*ret_why = "the memory cgroup's files cannot be opened";
		return 0;
	}
	cg->version = place.version;
	cg->hybrid = place.hybrid;
	cg->stat_lag_bytes = cgroup_format_of(cg->version)->lag_pages * (uint64_t)page *
			     (uint64_t)MAX_OF(cpus, 1);
	/* v1 tells the limit of an invisible ancestor in memory.stat only. */
	if (cgroup_look(cg, true, &first)) {
		cgroup_close(cg);
		*ret_why = "the memory cgroup's usage cannot be read";
	}
	return 0;
}

int cgroup_open(struct cgroup *cg, pid_t pid, const struct conf *conf, const char **ret_why)
{
	auto_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_source source = { .procfd = procfd, .prefix = "", .live = true };

	if (procfd < 0)
		return -errno;
	return cgroup_open_at(cg, &source, pid, conf, ret_why);
}

void cgroup_close(struct cgroup *cg)
{
	const struct cgroup_format *format = cgroup_format_of(cg->version);

	for (unsigned i = 0; i < cg->n_levels; i++)
		close_level(format, &cg->levels[i]);
	cg->n_levels = 0;
	cg->version = CGROUP_NONE;
}

uint64_t cgroup_use_of(enum conf_basis basis, uint64_t usage_bytes, const struct cgroup_stat *st)
{
	uint64_t listed = st->shmem + st->active_file + st->inactive_file;

	switch (basis) {
	case BASIS_USAGE:
		return usage_bytes;
	case BASIS_ANON:
		return st->anon;
	case BASIS_WORKING_SET:
		return usage_bytes - MIN_OF(st->inactive_file, usage_bytes);
	case BASIS_NONRECLAIMABLE:
		break;
	}
	return st->anon + st->shmem + st->kernel - MIN_OF(st->slab_reclaimable, st->kernel) +
	       (st->file > listed ? st->file - listed : 0);
}
