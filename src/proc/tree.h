/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in the container: the processes of the application, found by parentage. */
#ifndef OOMGUARD_PROC_TREE_H
#define OOMGUARD_PROC_TREE_H

#include <stdbool.h>
#include <sys/types.h>

#define TREE_MAX 8192 /* processes that one scan can hold; more are counted, not listed */

struct tree {
	pid_t pids[TREE_MAX];
	unsigned n;
	unsigned more; /* seen but not listed */
};

/*
 * Lists the application's processes into *t (static storage of the caller: 32 KiB):
 * - as_init: everything in our pid namespace except ourselves, `spare` and what descends from them
 *   (our helpers and companion); processes that entered from outside (ppid 0: docker exec) are left
 * out.
 * - else: the descendants of `root`, found by ppid, plus children of ours that are not in `spare`
 *   (orphans that came to us as the subreaper).
 * Zombies are left out. 0 or -errno.
 */
int tree_scan(int procfd, pid_t self, pid_t root, bool as_init, const pid_t *spare,
	unsigned n_spare, struct tree *t);

bool tree_has(const struct tree *t, pid_t pid);

#endif
