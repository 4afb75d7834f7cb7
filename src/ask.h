/* SPDX-License-Identifier: Apache-2.0 */
/* Subcommands that talk to the running guard. */
#ifndef OOMGUARD_ASK_H
#define OOMGUARD_ASK_H

#include "cli.h"
#include "wire.h"

#define EXIT_NO_GUARD 3

/* A list of actions that runs already comes first, with its own deadline. */
#define ASK_PATIENCE_USEC (UINT64_C(60) * 1000 * 1000)

/*
 * Calls `visit` for each directory in which store_open() may have put a guard's files, until one
 * returns 0 or more. That; else the most telling of its errors.
 */
int ask_places(const char *state_dir, int (*visit)(const char *dir, void *arg), void *arg);

/*
 * The guard's socket in that directory, connected: owned fd, -EAGAIN (it has no time to accept) or
 * -errno. -ESRCH: a guard that we cannot see lives in another container that shares the volume; it
 * is not the one that was meant.
 */
int ask_connect_in(const char *dir);

/* The same as ask_guard, without a word; -ETIMEDOUT when there is no answer in time. */
int ask_guard_within(const struct conf *conf, enum wire_command command, uint64_t patience_usec,
	char reply[WIRE_REPLY_MAX]);
/* Says why. -ENOENT when that means that there is no guard, else r. */
int ask_say_why(const char *state_dir, int r);

/*
 * Finds the running guard by guard.state-dir, asks and waits for the answer, one line without its
 * newline. 0, or -errno after saying why on stderr; -ENOENT: no guard.
 */
int ask_guard(const struct conf *conf, enum wire_command command, char reply[WIRE_REPLY_MAX]);

/* dump, snapshot, drain, restart, reload: 0 done, 1 refused or failed, 3 no guard. */
int ask_run(const struct cli *cli, char *const *envp);

/* status (status.c): 0 quiet, 1 a level is active, 3 no guard. */
int status_run(const struct cli *cli, char *const *envp);

#endif
