/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tells by itself. Only hints to look at once: pressure says nothing of anonymous
 * growth without swap, and "max" of memory.events comes 0 to 20 ms before the kill and for harmless
 * page cache as well. The pace of the looks alone must suffice; a hint makes it shorter.
 *
 *   v2  memory.events of each visible level (POLLPRI; works on a read-only mount, as any user),
 *       memory.pressure where it can be written (Documentation/accounting/psi.rst)
 *   v1  where cgroup.event_control can be written: a threshold of memory.usage_in_bytes and each
 *       OOM (Documentation/admin-guide/cgroup-v1/memory.rst, 9 and 10)
 */
#ifndef OOMGUARD_CGROUP_NOTIFY_H
#define OOMGUARD_CGROUP_NOTIFY_H

#include "cgroup/cgroup.h"

enum notify_source {
	NOTIFY_EVENTS = 1u << 0,    /* memory.events */
	NOTIFY_PRESSURE = 1u << 1,  /* memory.pressure */
	NOTIFY_THRESHOLD = 1u << 2, /* memory.usage_in_bytes crosses a value */
	NOTIFY_OOM = 1u << 3,	    /* memory.oom_control */
};

struct notify {
	int fd; /* readable when something was told; -1: nothing tells here */
	int source_fds[CGROUP_LEVELS_MAX]; /* kept open: closing one ends it */
	unsigned n_fds;
	unsigned sources; /* what tells, as bits */
};

#define NOTIFY_NONE ((struct notify){ .fd = -1 })

/*
 * Asks for all that can be had here. threshold_bytes: for v1, of our own cgroup's usage; 0: none.
 * 0, or -ENOENT when nothing tells; the struct is then NOTIFY_NONE. Owned: notify_close().
 */
int notify_open(struct notify *n, const struct cgroup *cg, uint64_t threshold_bytes);
void notify_close(struct notify *n);

/* Takes what was told, so that fd is quiet until the next time. Allocates nothing. */
void notify_take(struct notify *n);

/* "memory.events, memory.pressure"; "nothing". */
void notify_describe(unsigned sources, char *out, size_t size);

#endif
