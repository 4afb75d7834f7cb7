/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals of a PID 1: all blocked and read from a signalfd, forwarded unchanged except for the
 * rewrites that the user asked for. Raw 64-bit masks are used: glibc's sigfillset leaves out 32
 * and 33, musl's 32 to 34, and a PID 1 must lose none.
 */
#ifndef OOMGUARD_CHILD_SIGNALS_H
#define OOMGUARD_CHILD_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include "conf/conf.h"

#define SIGNAL_COUNT 65 /* numbers 1..64 */

struct signal_state {
	uint64_t old_mask; /* as inherited; the child gets it back */
	uint64_t ignored;  /* dispositions that were SIG_IGN at start, bit N-1 */
	int fd;		   /* signalfd, non-blocking, close-on-exec */
};

/*
 * Saves mask and dispositions, blocks everything, sets SIGCHLD (and what we must be told) to
 * SIG_DFL - an inherited SIG_IGN would auto-reap and hide every exit status -, opens the signalfd.
 * Signals that were ignored are still told: blocked signals are queued whatever their disposition.
 * To be called when fds 0-2 are open (child_fix_stdio). 0 or -errno; the mask is untouched then.
 */
int signals_begin(struct signal_state *st);

/* In a new child before exec: the saved mask and dispositions again. Async-signal-safe. */
void signals_restore(const struct signal_state *st);

/* What to forward for `sig`: itself, its rewrite, or 0 (dropped; also SIGCHLD). Pure. */
int signals_rewrite(const struct conf *conf, int sig);

/*
 * True for a signal that the kernel raised for a write of our own (a closed stderr: SIGPIPE; a file
 * size limit: SIGXFSZ): it looks as if we had sent it to ourselves and is nothing to forward. Pure.
 */
bool signals_is_own(const struct signalfd_siginfo *info, pid_t self);

#endif
