/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core file of a process that lives on. All threads are held while its memory is copied; what was
 * never touched is not read and takes no disk; memory that the copy adds to the container is
 * bounded (2 * OUTFILE_WINDOW of page cache and some 500 KiB), however large the process is.
 */
#ifndef OOMGUARD_DUMP_CORE_H
#define OOMGUARD_DUMP_CORE_H

#include <stdint.h>
#include <sys/types.h>

#include "store/outfile.h"

struct core_report {
	unsigned threads, denied;
	unsigned left_out;	   /* maps without room for a segment: it grew while we looked */
	uint64_t data_bytes;	   /* copied */
	uint64_t unreadable_bytes; /* holes in their place */
	uint64_t stopped_usec;
};

/*
 * Writes to a new file; the caller finishes or drops it. 0, -ETIMEDOUT at until_usec
 * (clock_now_usec()), -EPERM (ptrace denied), -ENOEXEC (a 32-bit process), or -errno.
 */
int core_write(pid_t pid, struct outfile *out, uint64_t until_usec, struct core_report *ret);

#endif
