/* SPDX-License-Identifier: Apache-2.0 */
/* Where is our memory cgroup? The only user of libcgroup. Start-up only: allocates and forks. */
#ifndef OOMGUARD_CGROUP_FIND_H
#define OOMGUARD_CGROUP_FIND_H

#include "cgroup/cgroup.h"
#include "cgroup/resolve.h"

/* Where to look: the machine itself, or a tree of fixtures. */
struct cgroup_source {
	int procfd;	    /* root of a proc tree */
	const char *prefix; /* before every path that mountinfo gives; "" on the machine itself */
	bool live;	    /* ask libcgroup (which knows /proc only), sysinfo(2) */
};

/*
 * Finds the place of `pid` (0: self). libcgroup is asked in a child with a deadline of 2 s, because
 * cgroup_init() leaves 884 KiB behind; mountinfo's root field, which it does not know, is ours to
 * read. Where it finds nothing (no /proc/cgroups, a kernel or namespace it does not know) the same
 * files are read without it. 0, or -errno: -ENOENT there is no memory cgroup, others for /proc.
 */
int cgroup_find(const struct cgroup_source *source, pid_t pid, struct cgroup_place *ret);

/*
 * For a place that is not exact: looks below it for the directory that lists `pid` in its
 * cgroup.procs, to a depth of 8 and 4000 directories. True when found: place->dir, ->depth and
 * ->exact are then set.
 */
bool cgroup_search_pid(const char *prefix, pid_t pid, struct cgroup_place *place);

/* cgroup_open() with everything that it looks at given. */
int cgroup_open_at(struct cgroup *cg, const struct cgroup_source *source, pid_t pid,
	const struct conf *conf, const char **ret_why);

#endif
