/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's side of the control socket (wire.h): STATE-DIR/control.sock, mode 0600, for the
 * guard's own user and root.
 */
#ifndef OOMGUARD_CONTROL_H
#define OOMGUARD_CONTROL_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "guard.h"

/* Makes the socket in a store that is open; it is not listened on yet. 0 or -errno. */
int control_bind(const struct store *store, int *ret_fd);

/* Takes over g->control_fd; logs when there is none. Without a state directory there is none. */
void control_begin(struct guard *g);
/* take_away: the socket, too. A disk that is stalled would hold that up; the next life does it. */
void control_end(struct guard *g, bool take_away);

/* lists.c tells: the list of a request begins, what an action of it has to say, it is over. All
 * but the first do nothing for lists of levels. */
void control_list_begins(struct guard *g);
void control_say(struct guard *g, bool ok, const char *text);
void control_list_ends(struct guard *g);

/* Pure. May that peer ask? */
bool control_may(const struct ucred *peer);

/* The address of the socket in the directory `dir`, which is open as dirfd. 0 or -ENAMETOOLONG. */
int control_address(int dirfd, const char *dir, struct sockaddr_un *ret_address);

#endif
