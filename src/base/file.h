/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files, read and written safely. All fds are close-on-exec. */
#ifndef OOMGUARD_BASE_FILE_H
#define OOMGUARD_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * pread from offset 0 until EOF or until size - 1 bytes are there; NUL-terminates. Allocates
 * nothing. Returns the length or -errno (-EFBIG: the file has more than fits; what fits is there).
 */
ssize_t file_pread_text(int fd, char *out, size_t size);

/* Opens (O_RDONLY|O_CLOEXEC|O_NOFOLLOW off), reads as above, closes. dirfd may be AT_FDCWD. */
ssize_t file_read_text(int dirfd, const char *path, char *out, size_t size);

/* Writes all of it; EINTR and short writes are handled. 0 or -errno. */
int file_write_all(int fd, const void *data, size_t len);

/*
 * Either complete under `name` in dirfd or not there at all: written to "name.partial" (O_EXCL,
 * O_NOFOLLOW, mode 0600), synced, renamed. `sync` false skips fsync (for tmpfs and for haste).
 * 0 or -errno; after a failure no "name.partial" is left.
 */
int file_write_whole(int dirfd, const char *name, const void *data, size_t len, int sync);

/* mkdir -p with mode 0700 for what is made; 0 or -errno. */
int file_make_dirs(const char *path);

#endif
