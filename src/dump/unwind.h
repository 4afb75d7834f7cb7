/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a thread from the copies of its registers and stack, by libunwind. One process at a
 * time. */
#ifndef OOMGUARD_DUMP_UNWIND_H
#define OOMGUARD_DUMP_UNWIND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dump/modules.h"
#include "dump/trace.h"

struct unwind; /* address space, caches */

struct unwind_frame {
	uint64_t pc;
	bool exact; /* pc is the instruction itself, not where a call returns to */
};

/* 0 or -errno. modules must outlive it. */
int unwind_open(pid_t pid, const struct modules *modules, struct unwind **ret);
void unwind_close(struct unwind *u);

/*
 * At most `max` frames, innermost first; how many. Ends where nothing is known, or where the stack
 * does not go up (hostile or damaged unwind tables cannot make it endless).
 */
unsigned unwind_thread(
	struct unwind *u, const struct trace_thread *t, struct unwind_frame *ret, unsigned max);

#endif
