/* SPDX-License-Identifier: Apache-2.0 */
/* waitpid until nothing is left to wait for: SIGCHLD coalesces, zombies must not. */
#ifndef OOMGUARD_CHILD_REAP_H
#define OOMGUARD_CHILD_REAP_H

#include <sys/types.h>

/* Told of each process that has ended. wait_status as waitpid(2) gives it. */
typedef void (*reap_told)(void *arg, pid_t pid, int wait_status);

/* Reaps all that have ended; never blocks. Stopped children are not dead. Returns how many. */
unsigned reap_all(reap_told told, void *arg);

#endif
