/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many CPUs can fill our memory at once? Bounded by what the kernel's scheduler grants
 * (cpu.max; v1: cpu.cfs_quota_us) on each visible level, and by the tasks that exist
 * (pids.current). On v1 these are other hierarchies; their directories are those of the memory
 * hierarchy with another controller's name in the path, which is how container runtimes and systemd
 * lay them. What cannot be read does not bound.
 */
#ifndef OOMGUARD_CGROUP_CPUS_H
#define OOMGUARD_CGROUP_CPUS_H

#include <stdint.h>

#include "cgroup/cgroup.h"

/* CPU time `quota` in each `period`; quota UINT64_MAX: no bound. tasks UINT32_MAX: unknown. */
struct cpus_bound {
	uint64_t quota_usec, period_usec;
	uint32_t tasks;
};

#define CPUS_UNBOUND ((struct cpus_bound){ UINT64_MAX, 1, UINT32_MAX })

struct cpus {
	enum cgroup_version version;
	unsigned n_levels;
	int quota_fds[CGROUP_LEVELS_MAX], period_fds[CGROUP_LEVELS_MAX];
	int tasks_fd; /* of our own cgroup */
};

void cpus_open(struct cpus *c, const struct cgroup *cg);
void cpus_close(struct cpus *c);

/* Allocates nothing; the tightest of all levels. */
void cpus_read(const struct cpus *c, struct cpus_bound *ret);

/* "50000 100000" and "max 100000" of cpu.max. 0 or -EINVAL. Pure. */
int cpus_parse_max(const char *text, struct cpus_bound *ret);

/*
 * The same directory in another hierarchy of v1: "/sys/fs/cgroup/memory/a" for "cpu" is
 * "/sys/fs/cgroup/cpu/a". False when the path has no such component, or it does not fit. Pure.
 */
bool cpus_other_path(const char *memory_path, const char *controller, char *out, size_t size);

#endif
