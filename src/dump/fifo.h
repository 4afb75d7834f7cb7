/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fifo in a directory of the target, into which the target writes its dump: no disk of its own,
 * no page cache, no more than is taken, and seen as it passes.
 */
#ifndef OOMGUARD_DUMP_FIFO_H
#define OOMGUARD_DUMP_FIFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FIFO_NAME_MAX 64

struct fifo {
	int dirfd; /* borrowed */
	int fd;	   /* owned; the end that is read, open before anybody writes */
	char name[FIFO_NAME_MAX];
	uint64_t begun_usec, ended_usec; /* when the first and the last byte came; 0: none */
};

#define FIFO_NONE ((struct fifo){ .dirfd = -1, .fd = -1 })

/* ".oomguard-NSPID-TIME", made with the target's own user. 0 or -errno; fifo_remove in both cases.
 */
int fifo_make(int dirfd, pid_t nspid, uid_t uid, gid_t gid, struct fifo *ret);
void fifo_remove(struct fifo *f);

/* Some bytes: > 0; 0: nobody writes, yet or any more; -EAGAIN: nothing now; or -errno. */
ssize_t fifo_read(struct fifo *f, void *out, size_t size);

#endif
