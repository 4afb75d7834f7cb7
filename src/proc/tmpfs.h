/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files on memory-backed volumes stay charged to the pod when the container has gone (a Kubernetes
 * emptyDir of medium Memory; kubernetes#128339): a restart does not give that memory back.
 */
#ifndef OOMGUARD_PROC_TMPFS_H
#define OOMGUARD_PROC_TMPFS_H

#include <stdbool.h>
#include <stdint.h>

#define TMPFS_PATH_MAX 256

struct tmpfs_use {
	char path[TMPFS_PATH_MAX]; /* mount point with the most in it; "" none */
	uint64_t bytes;		   /* in all of them */
};

/*
 * Adds up what lies on tmpfs and ramfs mounts of /proc/self/mountinfo. Those that go with the
 * container
 * (/dev, /dev/shm, /run and below, /proc, /sys) are left out unless `all`: a restart in place keeps
 * them too. Cold path; statfs of a tmpfs does not block. 0 or -errno.
 */
int tmpfs_measure(int procfd, bool all, struct tmpfs_use *ret);

/* Pure: one line of mountinfo. True when it is memory-backed and, unless `all`, stays. */
bool tmpfs_parse_mount(const char *line, bool all, char ret_path[TMPFS_PATH_MAX]);

#endif
