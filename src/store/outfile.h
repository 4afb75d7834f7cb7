/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A large file that costs next to no memory to write: page cache is charged to the container that
 * is short of it, so what is written goes to the disk at once and leaves the cache. Either complete
 * under its final name, or "NAME.partial".
 */
#ifndef OOMGUARD_STORE_OUTFILE_H
#define OOMGUARD_STORE_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/hold.h"

#define OUTFILE_NAME_MAX 96
/*
 * One window is on its way to the disk while the next one is filled: twice this is cached. Written
 * and dropped like this costs 0.8 to 1.2 plain copies, and 5 MiB instead of all
 * (tests/bench/core.sh).
 */
#define OUTFILE_WINDOW (2u << 20)

struct outfile {
	int dirfd; /* borrowed */
	int fd;	   /* owned; -1 when closed */
	char name[OUTFILE_NAME_MAX];
	uint64_t offset;     /* where the next write goes */
	uint64_t started;    /* up to here the disk has been asked to write */
	uint64_t dropped;    /* up to here nothing is cached */
	uint64_t written;    /* bytes, holes left out */
	uint64_t limit;	     /* of them; 0: none */
	struct holding hold; /* outfile_hold */
};

#define OUTFILE_NONE ((struct outfile){ .dirfd = -1, .fd = -1 })

/* Makes "NAME.partial", or "NAME-2.partial" ... where NAME is there (before the first dot of it).
 * 0 or -errno. */
int outfile_create(int dirfd, const char *name, struct outfile *ret);

/*
 * From now on no more than max_bytes, and so much that min_free_bp of the file system stay free:
 * what a dump was estimated to take is not what it takes.
 */
void outfile_limit(struct outfile *f, uint64_t max_bytes, uint32_t min_free_bp);

/* At the offset, which moves on. 0, -ENOSPC beyond the limit too, -ECANCELED, or -errno. */
int outfile_write(struct outfile *f, const void *data, size_t len);

/* Leaves a hole: costs no disk and reads as zeroes. */
void outfile_skip(struct outfile *f, uint64_t len);

/*
 * Also from a signal handler: whatever this process writes is to end. The next outfile_write gives
 * -ECANCELED, so that dumpers clean up behind themselves. false: it may go on.
 */
void outfile_stop(bool stop);
bool outfile_is_stopped(void);

/*
 * From now on what is written stays in `bytes` of memory, taken at once, so that a pause does not
 * wait for the disk; what does not fit goes to the disk. outfile_settle brings it there. 0 or
 * -ENOMEM.
 */
int outfile_hold(struct outfile *f, size_t bytes);
int outfile_settle(struct outfile *f);
/* To write without copying: room for len bytes at the offset, NULL: there is none; then how many
 * of them it were, as outfile_write. */
void *outfile_claim(struct outfile *f, size_t len);
int outfile_commit(struct outfile *f, size_t len);

/* Bytes per second at which this directory's disk takes 2 MiB just now, its delay left out; 0: it
 * cannot be told. */
uint64_t outfile_measure(int dirfd);

/* Somewhere before the offset, which stays. 0 or -errno. */
int outfile_patch(struct outfile *f, const void *data, size_t len, uint64_t offset);

/* Synced, complete, under its final name. Closes. 0 or -errno (it is still ".partial" then).
 * *ret_bytes: what it takes on the disk. */
int outfile_finish(struct outfile *f, uint64_t *ret_bytes);

/* Closes and leaves "NAME.partial" behind. */
void outfile_leave(struct outfile *f);

/* Closes and removes. Harmless on OUTFILE_NONE and after outfile_finish. */
void outfile_drop(struct outfile *f);

#endif
