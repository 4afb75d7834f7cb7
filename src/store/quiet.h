/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a large file from its beginning to its end without leaving it in the page cache, which the
 * container pays for. The kernel's own reading ahead is as large as the disk's owner likes (8 MiB
 * were seen); ours is one chunk.
 */
#ifndef OOMGUARD_STORE_QUIET_H
#define OOMGUARD_STORE_QUIET_H

#include <stdint.h>
#include <sys/types.h>

#define QUIET_CHUNK (256u << 10)

/* Once for each fd. */
void quiet_begin(int fd);

/* Up to QUIET_CHUNK bytes at `at`, which rises by what was read. Bytes, 0 at the end, -errno. */
ssize_t quiet_read(int fd, void *data, uint64_t at);

#endif
