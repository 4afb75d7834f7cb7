/* SPDX-License-Identifier: Apache-2.0 */
/* Heap dumps and histograms of HotSpot (JDK 17 and later for dumps), over its attach protocol. */
#ifndef OOMGUARD_DUMP_HOTSPOT_H
#define OOMGUARD_DUMP_HOTSPOT_H

#include <stdint.h>
#include <sys/types.h>

#define HOTSPOT_PARALLEL_SINCE                                                                     \
	22 /* from then on segment files beside the dump, unless told not to */

/*
 * Attaches once and asks nothing: the first attach fails in a heap that is full already, later ones
 * do not. For a helper, soon after the start. 0, -EAGAIN: not HotSpot or not ready for it yet, or
 * -errno.
 */
int hotspot_prearm(pid_t pid, uint64_t until_usec);

/* Pure: 17 from the reply to VM.version; 0 when it does not say. */
int hotspot_parse_version(const char *text);

#endif
