/* SPDX-License-Identifier: Apache-2.0 */
/* What the flight recorder says of the life before this one. */
#ifndef OOMGUARD_REPORT_PREVIOUS_H
#define OOMGUARD_REPORT_PREVIOUS_H

#include <stddef.h>
#include <stdint.h>

#include "report/flight.h"

struct previous {
	enum flight_end end; /* FLIGHT_END_UNKNOWN when there was none, or it cannot be told */
	struct flight_life
		life; /* valid when n_lives > 0; its last use is that of the last sample */
	uint32_t n_lives;
	uint32_t ooms, restarts; /* of all lives that are kept */
};

/*
 * Reads and judges in a forked child, because the log takes a megabyte that the guard would keep;
 * waits for it at most two seconds (a stalled disk). 0; -ENOENT: a first life; -ETIMEDOUT; -errno.
 */
int previous_find(int dirfd, uint64_t boot_id, struct previous *ret);

/* FNV-1a of /proc/sys/kernel/random/boot_id; 0 when it cannot be read. */
uint64_t previous_boot_id(void);

/* "the life before (12m): the kernel's OOM killer ended it; last seen at 250MiB of 256MiB" */
void previous_describe(const struct previous *p, char *out, size_t size);

#endif
