/* SPDX-License-Identifier: Apache-2.0 */
/* Heap dumps and histograms of HotSpot (JDK 17 and later for dumps), over its attach protocol. */
#ifndef OOMGUARD_DUMP_HOTSPOT_H
#define OOMGUARD_DUMP_HOTSPOT_H

#include <stdint.h>
#include <sys/types.h>

#include "dump/attach.h"
#include "dump/dumpers.h"

#define HOTSPOT_PARALLEL_SINCE                                                                     \
	22 /* from then on segment files beside the dump, unless told not to */

/*
 * Attaches once and asks nothing: the first attach fails in a heap that is full already, later ones
 * do not. For a helper, soon after the start. 0, -EAGAIN: not HotSpot or not ready for it yet, or
 * -errno.
 */
int hotspot_prearm(pid_t pid, uint64_t until_usec);

/*
 * Finds the VM and sees to it that it is one and runs; attach_close in both cases. 0 or -errno,
 * told in ret->text.
 */
int hotspot_open(const struct dump_request *req, struct attach *a, struct dump_result *ret);
int hotspot_explain(
	const struct dump_request *req, int r, const char *why, struct dump_result *ret);

/*
 * Beside a heap dump, small and quick: threads, native memory where it is tracked, a flight
 * recording where one runs. Named in the note; what cannot be had is left out.
 */
void hotspot_tell_more(const struct dump_request *req, struct attach *vm, struct dump_result *ret);

/* Pure: 17 from the reply to VM.version; 0 when it does not say. */
int hotspot_parse_version(const char *text);

#endif
