/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and pids as the target sees them: it may live in a mount and pid namespace of its own. */
#ifndef OOMGUARD_DUMP_NSPATH_H
#define OOMGUARD_DUMP_NSPATH_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Opens a path of the target: absolute ones below its root (symlinks resolve inside it and cannot
 * lead out), relative ones below its working directory (no "..", no symlinks). Owned fd or -errno
 * (-EACCES: not ours to look into, needs ptrace access to the process).
 */
int nspath_open(pid_t pid, const char *path, int flags);

/* Its pid in its own namespace (last field of NStgid); 0 or -errno. */
int nspath_read_pid(pid_t pid, pid_t *ret_nspid);

/* The same for one of its threads (last field of NSpid). */
int nspath_read_tid(pid_t pid, pid_t tid, pid_t *ret_nstid);

/* Pure: the same from the text of /proc/PID/status; `pid` itself where the line is missing
 * (before 4.1). */
pid_t nspath_parse_pid(const char *status, pid_t pid);

/* "%p" -> pid; any other "%" stays as it is. 0 or -ENAMETOOLONG. */
int nspath_expand(const char *pattern, pid_t pid, char *out, size_t size);

#endif
