/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notes of a core file: registers of each thread, what the process was, its auxiliary vector
 * and its mapped files, in the order in which the kernel writes them (fs/binfmt_elf.c).
 */
#ifndef OOMGUARD_DUMP_CORE_NOTES_H
#define OOMGUARD_DUMP_CORE_NOTES_H

#include <sys/types.h>

#include "store/outfile.h"
#include "dump/trace.h"

/*
 * Of a process whose threads are held, at the offset of `out`. *ret_threads: how many are in it.
 * 0 or -errno (-ENOEXEC: a 32-bit process, -EBUSY: no thread of it has stopped in time, -ESRCH: it
 * has gone).
 */
int core_write_notes(
	pid_t pid, const struct trace *trace, struct outfile *out, unsigned *ret_threads);

#endif
