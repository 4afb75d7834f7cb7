/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parachute: while a dump runs, memory.high of our own cgroup (v2) is set midway between use
 * and the highest level of the policy, so that the kernel slows down whoever allocates beyond it
 * instead of killing. Its penalty grows with the square of the excess (mm/memcontrol.c,
 * calculate_high_delay): 20 MiB/s are left at 1 % beyond, 2 MiB/s at 3 %, so it needs room below
 * the last level. Documentation/admin-guide/cgroup-v2.rst, "memory.high"; measured: an allocator
 * that died within a second lived for 29 s with it.
 *
 * Only where the cgroup can be written, from kernel 5.9 on (before it a task could be held for
 * ever), and never where it would slow the dump itself: use has to be well below. The value that
 * was there is written down first and put back by the guard, or by its next life.
 */
#ifndef OOMGUARD_ACTION_PARACHUTE_H
#define OOMGUARD_ACTION_PARACHUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroup/cgroup.h"
#include "conf/conf.h"

struct parachute {
	bool wanted;	     /* false: there is none to be had, or it is open no more */
	uint64_t high_bytes; /* while it is open */
	uint64_t old_bytes;  /* what is there else; CGROUP_NO_LIMIT: "max" */
	const char *dir;     /* of the cgroup; that of struct cgroup */
};

/* Pure. has_throttling: parachute_kernel_is_new(). */
void parachute_plan(const struct cgroup *cg, const struct cgroup_sample *sample,
	const struct conf *conf, bool has_throttling, struct parachute *ret);

/* "6.1.0-56-amd64": is that 5.9 or later? Pure. */
bool parachute_release_is_new(const char *release);
bool parachute_kernel_is_new(void);

/*
 * In the helper: writes "parachute" into state_dirfd and syncs it, then memory.high. The write
 * reclaims page cache and can take a while. 0 or -errno; then nothing has changed.
 */
int parachute_open(const struct parachute *p, int state_dirfd);

/* In the guard, when the helper has ended in whatever way: raises memory.high again, which takes no
 * time. Leaves alone what somebody else has written meanwhile. 0 or -errno. */
int parachute_close(struct parachute *p);

/*
 * At the start: was one left open in this very cgroup? 1: put back now, 0: no, -errno: it cannot be
 * put back. The record is removed unless it fails.
 */
int parachute_recover(int state_dirfd, const struct cgroup *cg);

#endif
