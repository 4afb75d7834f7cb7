/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths below a directory that others may be able to write to: no component may be a symlink and
 * none may lead out of it.
 */
#ifndef OOMGUARD_STORE_BENEATH_H
#define OOMGUARD_STORE_BENEATH_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Like openat(dirfd, path, flags | O_CLOEXEC, mode) with openat2's `resolve` flags; where the
 * kernel or a seccomp filter has no openat2 (ENOSYS, EPERM) it walks component by component with
 * O_NOFOLLOW, which refuses symlinks and ".." altogether, whatever `resolve` says.
 * Owned fd or -errno (-ELOOP: a symlink on the way; -EXDEV: it leads out).
 */
int beneath_open_how(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve);

/* The same without symlinks and beneath dirfd. */
int beneath_open(int dirfd, const char *path, int flags, mode_t mode);

/* The walk alone, for tests and for kernels before 5.6. */
int beneath_walk(int dirfd, const char *path, int flags, mode_t mode);

/*
 * Opens the sub-directory `name` (one component) of dirfd, made with mode 0700 when missing. It
 * must be a real directory that belongs to our effective user. Owned fd or -errno (-EPERM: somebody
 * else's).
 */
int beneath_make_dir(int dirfd, const char *name);

#endif
