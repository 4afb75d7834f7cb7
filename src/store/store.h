/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where do dumps and incidents live? Under guard.state-dir, one sub-directory per instance of the
 * guard where two share the directory (flock), everything 0600/0700, complete under its final name
 * or ".partial".
 */
#ifndef OOMGUARD_STORE_STORE_H
#define OOMGUARD_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

#define STORE_PATH_MAX 512

struct store {
	int dirfd; /* instance directory, -1: no place at all */
	int lockfd;
	char path[STORE_PATH_MAX]; /* of it */
	bool fallback;	 /* it is /dev/shm/oomguard-<id>: 1 MiB at most, counted as memory */
	bool on_memory;	 /* tmpfs or ramfs: charged to this container */
	bool throw_away; /* the container's own layer (overlay root): lost at exit */
};

/*
 * Opens (makes) the state directory, takes the lock; "instance-2" and so on where another guard
 * holds it; falls back to /dev/shm. *ret_why: what is worse than asked for, in words, or NULL.
 * Always returns 0; with no place at all dirfd is -1 and *ret_why says so.
 */
int store_open(struct store *st, const struct conf *conf, const char **ret_why);
/* The fall-back at once, because the state directory does not answer (`error` as from errno). */
const char *store_open_elsewhere(struct store *st, const struct conf *conf, int error);
void store_close(struct store *st);
/* Does a living guard hold that state directory? Takes no lock and disturbs nobody. */
bool store_is_held(int dirfd);

/*
 * Makes incidents/<UTC time>-<level>/ (a suffix -2, -3 where it exists). Never follows symlinks
 * (openat2 RESOLVE_NO_SYMLINKS, or component by component). ret_name is without "incidents/".
 * Owned fd or -errno.
 */
int store_make_incident(const struct store *st, uint64_t wall_usec, const char *level,
	char ret_name[STORE_PATH_MAX]);

/*
 * Is there room for `bytes`? 0, -ENOSPC (bytes, min-free or max-bytes), -EDQUOT (inodes), -errno;
 * *ret_free_bytes
 * told. Of what is there only the newest incident counts against max-bytes: retention can drop the
 * others.
 */
int store_has_room(
	const struct store *st, const struct conf *conf, uint64_t bytes, uint64_t *ret_free_bytes);

/* Deletes the oldest incidents beyond dump.keep and dump.max-bytes; never the newest. Returns how
 * many. */
int store_retain(const struct store *st, const struct conf *conf);

#endif
