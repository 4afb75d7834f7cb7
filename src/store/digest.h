/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OOMGUARD_STORE_DIGEST_H
#define OOMGUARD_STORE_DIGEST_H

#include <stdint.h>

#define DIGEST_TEXT_MAX 65

/*
 * SHA-256 of a plain file of dirfd, as sha256sum prints it; read so that it leaves the page cache
 * again. 0, -ETIMEDOUT at until_usec, -ELOOP (a link), -EINVAL (no plain file), or -errno.
 */
int digest_file(int dirfd, const char *name, uint64_t until_usec, char out[DIGEST_TEXT_MAX]);

#endif
