/* SPDX-License-Identifier: Apache-2.0 */
/* The process that we run: its start, its process group, its terminal. */
#ifndef OOMGUARD_CHILD_CHILD_H
#define OOMGUARD_CHILD_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "child/favour.h"
#include "child/signals.h"
#include "conf/conf.h"

struct child_spec {
	/* NULL-terminated; argv[0] is searched in PATH, and run by /bin/sh on ENOEXEC */
	char *const *argv;
	char *const *envp;
	const struct signal_state *signals;
	const struct favour *favour; /* given back before exec; may be NULL */
	int pdeathsig;		     /* 0: none */
	bool reset_oom_score;	     /* survive-oom: put the saved oom_score_adj back before exec */
	int oom_score_adj;
};

/*
 * Forks and execs. The child is the leader of its own process group (set on both sides), which is
 * made the foreground group when we have a controlling terminal and are in its foreground; the
 * saved signal mask and dispositions are restored; fds above 2 that were inherited by us stay, all
 * of ours are close-on-exec.
 * Returns 0 and the pid once exec has succeeded (known by a close-on-exec pipe), or -errno of the
 * fork or exec: -ENOENT and other "not there" -> exit 127, -EACCES/-ENOEXEC/-EISDIR -> exit 126.
 */
int child_start(const struct child_spec *spec, pid_t *ret_pid);

/*
 * Before anything else opens a file: close-on-exec placeholders for those of fds 0-2 that are
 * closed, so that none of our own files ever becomes the application's stdin, stdout or stderr. The
 * application still finds them closed. 0 or -errno.
 */
int child_fix_stdio(void);

/*
 * After the start: closes the fds above 2 that we inherited (all that are not close-on-exec: ours
 * are) and leaves the start directory, so that we keep no socket open and no mount busy. Not to be
 * called where the application may be started again in place: it needs them. Returns how many.
 */
unsigned child_release_inherited(void);

/*
 * When the application has ended: takes the terminal back where its group, or one that is gone, is
 * still the foreground group; whoever runs after us in our own group could not read it otherwise.
 */
void child_take_terminal(pid_t child);

/* 127 when the command was not found, else 126, as a shell has them. Pure. */
int child_exec_status(int neg_errno);

/*
 * Sends to the child alone or to its whole group, as conf says; to the child alone where it has
 * left its group for another one. 0 or -errno (-ESRCH: it has gone; also for a pid below 2).
 */
int child_signal(pid_t child, bool whole_group, int sig);

/* The application's exit status for our own exit: its code, or 128+N; then exit-remap. Pure. */
int child_exit_code(const struct conf *conf, int wait_status);

#endif
