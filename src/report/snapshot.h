/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diagnostic snapshot as JSON, built without allocation into memory of the caller. Cheap part
 * first (memory, events, forecast), then the processes: if time or room runs out the document is
 * closed properly and says "complete": false.
 */
#ifndef OOMGUARD_REPORT_SNAPSHOT_H
#define OOMGUARD_REPORT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup/cgroup.h"
#include "conf/conf.h"
#include "proc/tree.h"

struct snapshot_input {
	const struct conf *conf;
	const struct cgroup *cgroup; /* levels with their last use and stat */
	struct cgroup_sample sample;
	char limit_source[CGROUP_PATH_MAX + 32];
	char level[CONF_NAME_MAX]; /* which level fired; "" on request */
	char reason[512];	   /* the log line */
	uint64_t wall_usec;
	int64_t growth_bytes_per_sec; /* may be negative */
	uint64_t eta_usec;	      /* UINT64_MAX: not growing */
	uint64_t life_age_usec;
	pid_t child;
};

/* The part without processes, for the staging area: no /proc at all. Returns the length written. */
size_t snapshot_write_memory(const struct snapshot_input *in, char *out, size_t size);

/*
 * All of it. `until_usec`: clock_now_usec() at which the process list is cut. tree: the
 * application's processes. Returns the length written.
 */
size_t snapshot_write(const struct snapshot_input *in, int procfd, const struct tree *tree,
	uint64_t until_usec, char *out, size_t size);

#endif
