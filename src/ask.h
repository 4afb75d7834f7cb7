/* SPDX-License-Identifier: Apache-2.0 */
/* Subcommands that talk to the running guard. */
#ifndef OOMGUARD_ASK_H
#define OOMGUARD_ASK_H

#include "cli.h"
#include "wire.h"

#define EXIT_NO_GUARD 3

/*
 * Finds the running guard by guard.state-dir, asks and waits for the answer, one line without its
 * newline. 0, or -errno after saying why on stderr; -ENOENT: no guard.
 */
int ask_guard(const struct conf *conf, enum wire_command command, char reply[WIRE_REPLY_MAX]);

/* dump, snapshot, drain, restart, reload: 0 done, 1 refused or failed, 3 no guard. */
int ask_run(const struct cli *cli, char *const *envp);

/* status: 0 quiet, 1 a level is active, 3 no guard. */
int status_run(const struct cli *cli, char *const *envp);

#endif
