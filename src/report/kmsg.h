/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel's own log says of one kill, where /dev/kmsg can be read (seldom in a container:
 * privileged ones, microVMs). For helpers: it takes some milliseconds and a hundred kilobytes.
 */
#ifndef OOMGUARD_REPORT_KMSG_H
#define OOMGUARD_REPORT_KMSG_H

#include <stddef.h>
#include <stdint.h>

#define KMSG_PATH     "/dev/kmsg"
#define KMSG_TEXT_MAX (64 * 1024)

struct kmsg_wanted {
	uint64_t from_usec, to_usec; /* of the kernel's clock: since boot */
	const char *
		cgroup; /* end of the path of ours; as short as "/sys/fs/cgroup" it tells nothing */
	const char *comm; /* decides where the path does not */
};

/* Around that moment, as far as the kernel's clock may have run apart from the wall clock. */
void kmsg_around(uint64_t wall_usec, uint64_t late_usec, struct kmsg_wanted *ret);

/*
 * The lines of the newest kill that fits, as dmesg shows them; waits at most wait_msec for it to be
 * logged. The length, or -ENOENT when there is none, -errno when the log cannot be read.
 */
int kmsg_find(
	const char *path, const struct kmsg_wanted *wanted, int wait_msec, char *out, size_t size);

#endif
