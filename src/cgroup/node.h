/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine around us. Inside ordinary containers these files show the whole host (lxcfs and
 * microVMs show less), which is the only evidence there is of a node running out of memory.
 */
#ifndef OOMGUARD_CGROUP_NODE_H
#define OOMGUARD_CGROUP_NODE_H

#include "cgroup/cgroup.h"

struct node {
	uint64_t mem_total_bytes, mem_available_bytes; /* 0: not known */
	uint64_t swap_total_bytes, swap_free_bytes;
	uint64_t oom_kill; /* kills on the whole machine since boot; UINT64_MAX: not known (< 4.13)
			    */
	struct cgroup_pressure pressure;
};

/* Reads meminfo, vmstat and pressure/memory below procfd. 0, or -errno when there is no meminfo;
 * what the others do not give is marked as not known. Cold path; allocates nothing. */
int node_read(int procfd, struct node *ret);

/* Pure: the text of /proc/meminfo into the first four fields. */
void node_parse_meminfo(const char *text, struct node *ret);

#endif
