/* SPDX-License-Identifier: Apache-2.0 */
/* Where the guard keeps its files and is asked: opened at the start, without waiting for a volume.
 */
#ifndef OOMGUARD_PLACES_H
#define OOMGUARD_PLACES_H

#include "conf/conf.h"
#include "store/store.h"

struct places {
	struct store store;
	int socket_fd;	  /* owned: the control socket, bound; -1: none */
	int socket_error; /* why; -ENOENT: there is no store */
	const char *why;  /* what is worse than asked for, in words; NULL: nothing */
};

/* Within three seconds; then the state directory is held to hang, and /dev/shm takes its place. */
void places_open(const struct conf *conf, struct places *ret);

#endif
