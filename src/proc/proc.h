/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process as /proc shows it. Every call takes the root of a proc tree as a dirfd so that tests
 * can point at fixtures. Nothing here allocates.
 */
#ifndef OOMGUARD_PROC_PROC_H
#define OOMGUARD_PROC_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_COMM_MAX 64

struct proc_stat {
	pid_t pid, ppid, pgrp, session;
	char state;		  /* R S D T t Z X I */
	char comm[PROC_COMM_MAX]; /* may hold blanks and parentheses */
	uint32_t threads;
	uint64_t start_ticks; /* since boot, field 22 */
	uint64_t rss_bytes;
};

struct proc_memory {
	uint64_t rss_bytes, pss_bytes, anon_bytes, shmem_bytes, swap_bytes;
	bool pss_known; /* smaps_rollup could be read; else pss is rss */
};

/* Opens /proc (O_DIRECTORY|O_CLOEXEC). -ENOENT when it is not mounted, -EXDEV when it is that of
 * another pid namespace. */
int proc_open_root(void);

/* 0 or -errno (-ESRCH when it has gone; -EINVAL for a line that is no stat line). */
int proc_read_stat(int procfd, pid_t pid, struct proc_stat *ret);
/* Pure: parses the text of /proc/PID/stat. */
int proc_parse_stat(const char *text, struct proc_stat *ret);

/* smaps_rollup where allowed, else status (VmRSS, RssAnon, VmSwap). `quick` skips smaps_rollup,
 * which walks the page tables (5.7 us on a small process, tens of ms on tens of GiB). */
int proc_read_memory(int procfd, pid_t pid, bool quick, struct proc_memory *ret);

/* Number of open fds, or -errno. */
int proc_count_fds(int procfd, pid_t pid);

/* uid as in status (second column: effective); 0 or -errno. */
int proc_read_ids(int procfd, pid_t pid, uid_t *ret_euid, gid_t *ret_egid);

/* True when the signal is in SigCgt of the process (necessary, never sufficient). */
bool proc_catches_signal(int procfd, pid_t pid, int sig);

/* argv as NUL-separated bytes, at most size - 1; the length or -errno. */
ssize_t proc_read_cmdline(int procfd, pid_t pid, char *out, size_t size);

/*
 * The command line as one line for people. safe: argv[0] and flags about memory only (-Xmx...,
 * -XX:...Heap..., --max-old-space-size..., and the like), anything else as "..." because arguments
 * carry secrets. full: all of it.
 */
void proc_describe_cmdline(const char *cmdline, size_t len, bool full, char *out, size_t size);

/*
 * Calls `each` for every entry of the directory whose name is a number that fits an int, in the
 * kernel's order. opendir() would allocate; this does not. Another descriptor of the directory is
 * opened for it, so the offset of dirfd does not matter. 0 or -errno.
 */
typedef void (*proc_number_fn)(void *arg, int number);
int proc_each_number(int dirfd, const char *path, proc_number_fn each, void *arg);

#endif
