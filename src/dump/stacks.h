/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks of every thread of a process, by ptrace and libunwind, as text with function+offset names:
 *
 *     process 7 python3
 *       thread 7 python3
 *         #0 0x00007f... epoll_wait+0x56 (libc.so.6)
 *
 * Runs in a helper only: it stops the target for milliseconds, allocates, and may hang.
 */
#ifndef OOMGUARD_DUMP_STACKS_H
#define OOMGUARD_DUMP_STACKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STACKS_FRAMES_MAX  128
#define STACKS_THREADS_MAX 4096 /* per process; the rest is counted in the text */

struct stacks_count {
	unsigned processes, threads, frames;
	unsigned denied;	   /* threads that ptrace would not let us see (yama, other user) */
	unsigned gone;		   /* ended meanwhile */
	uint64_t stopped_usec_max; /* longest time that one process was held */
};

/*
 * Seizes all threads of pid, copies registers and the used part of the stacks, lets them go,
 * unwinds from the copies, writes text to fd. Threads that were stopped (SIGSTOP, our freeze) stay
 * so. 0, or -errno when nothing at all could be had (-EPERM: ptrace denied; -ESRCH). Counts are
 * added up.
 */
int stacks_write(pid_t pid, int fd, struct stacks_count *count);

#endif
