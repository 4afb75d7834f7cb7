/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/cpus.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/stat.h"

static const char memory_component[] = "/memory";

bool cpus_other_path(const char *memory_path, const char *controller, char *out, size_t size)
{
	size_t skip = sizeof(memory_component) - 1;
	const char *at = strstr(memory_path, memory_component);

	while (at && at[skip] && at[skip] != '/')
		at = strstr(at + 1, memory_component);
	if (!at)
		return false;
	return snprintf(out, size, "%.*s/%s%s", (int)(at - memory_path), memory_path, controller,
		       at + skip) < (int)size;
}

static int open_file(
	const struct cgroup *cg, unsigned level, const char *controller, const char *name)
{
	const char *path = cg->levels[level].path;
	char dir[CGROUP_PATH_MAX], file[CGROUP_PATH_MAX + 32];

	if (cg->version == CGROUP_V1) {
		if (!cpus_other_path(path, controller, dir, sizeof(dir)))
			return -1;
		path = dir;
	}
	snprintf(file, sizeof(file), "%s/%s", path, name);
	return open(file, O_RDONLY | O_CLOEXEC);
}

void cpus_open(struct cpus *c, const struct cgroup *cg)
{
	bool v1 = cg->version == CGROUP_V1;

	*c = (struct cpus){ .version = cg->version, .tasks_fd = -1 };
	for (unsigned i = 0; i < cg->n_levels; i++) {
		c->quota_fds[i] = open_file(cg, i, "cpu", v1 ? "cpu.cfs_quota_us" : "cpu.max");
		c->period_fds[i] = v1 ? open_file(cg, i, "cpu", "cpu.cfs_period_us") : -1;
	}
	c->n_levels = cg->n_levels;
	if (cg->n_levels)
		c->tasks_fd = open_file(cg, 0, "pids", "pids.current");
}

void cpus_close(struct cpus *c)
{
	for (unsigned i = 0; i < c->n_levels; i++) {
		cleanup_close(&c->quota_fds[i]);
		cleanup_close(&c->period_fds[i]);
	}
	c->n_levels = 0;
	cleanup_close(&c->tasks_fd);
	c->tasks_fd = -1;
}

int cpus_parse_max(const char *text, struct cpus_bound *ret)
{
	const char *blank = strchr(text, ' ');
	uint64_t quota, period;

	/* "max" is UINT64_MAX there too. */
	if (!blank || stat_parse_u64(text, &quota) || stat_parse_u64(blank + 1, &period) ||
		!quota || !period)
		return -EINVAL;
	ret->quota_usec = quota;
	ret->period_usec = period;
	return 0;
}

/* -1 is no quota, and no number to stat_read_u64(). */
static int read_level(const struct cpus *c, unsigned i, struct cpus_bound *ret)
{
	uint64_t quota, period;
	char text[64];

	if (c->quota_fds[i] < 0)
		return -ENOENT;
	if (c->version == CGROUP_V2) {
		if (file_pread_text(c->quota_fds[i], text, sizeof(text)) < 0)
			return -ENOENT;
		return cpus_parse_max(text, ret);
	}
	if (stat_read_u64(c->quota_fds[i], &quota) || stat_read_u64(c->period_fds[i], &period) ||
		!quota || !period)
		return -ENOENT;
	ret->quota_usec = quota;
	ret->period_usec = period;
	return 0;
}

/* Is a fraction smaller? By cross multiplication; quotas and periods are of a few seconds. */
static bool is_tighter(const struct cpus_bound *a, const struct cpus_bound *b)
{
	if (a->quota_usec == UINT64_MAX || b->quota_usec == UINT64_MAX)
		return a->quota_usec < b->quota_usec;
	return (unsigned __int128)a->quota_usec * b->period_usec <
	       (unsigned __int128)b->quota_usec * a->period_usec;
}

void cpus_read(const struct cpus *c, struct cpus_bound *ret)
{
	struct cpus_bound bound = CPUS_UNBOUND, level = CPUS_UNBOUND;
	uint64_t tasks;

	for (unsigned i = 0; i < c->n_levels; i++)
		if (!read_level(c, i, &level) && is_tighter(&level, &bound))
			bound = level;
	if (!stat_read_u64(c->tasks_fd, &tasks) && tasks && tasks < UINT32_MAX)
		bound.tasks = (uint32_t)tasks;
	*ret = bound;
}
