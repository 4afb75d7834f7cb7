/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From /proc/PID/cgroup and /proc/PID/mountinfo to the directory of our memory cgroup. Pure: texts
 * in, a place out.
 */
#ifndef OOMGUARD_CGROUP_RESOLVE_H
#define OOMGUARD_CGROUP_RESOLVE_H

#include "cgroup/cgroup.h"

struct cgroup_place {
	enum cgroup_version version;
	bool hybrid; /* the memory controller is v1's, and a v2 hierarchy is mounted as well */
	/* False: our path is not below the mount, or above it by names that we cannot see (root
	 * "/../../.."); `dir` is the mount point then, an ancestor of ours or all we can have. */
	bool exact;
	char mount[CGROUP_PATH_MAX];
	char dir[CGROUP_PATH_MAX]; /* our own directory, `mount` or below it */
	unsigned depth;		   /* directories from `dir` up to `mount`, both counted: 1 .. */
};

/* Where the process is, by the text of /proc/PID/cgroup. "": no such hierarchy. */
struct cgroup_membership {
	char v1_path[CGROUP_PATH_MAX]; /* in the v1 hierarchy that has the memory controller */
	char v2_path[CGROUP_PATH_MAX];
};

/* Lines too long for the fields and lines of another form are passed over. */
void resolve_membership(const char *cgroup_text, struct cgroup_membership *ret);

/*
 * Picks the mount. v1's memory hierarchy wins over v2, which then has no memory controller; of
 * several mounts the one where our path resolves and the most ancestors are visible wins, then the
 * later one. only_mount (NULL: any) restricts it to one mount point. 0 or -ENOENT.
 */
int resolve_place(const struct cgroup_membership *membership, const char *mountinfo_text,
	const char *only_mount, struct cgroup_place *ret);

#endif
