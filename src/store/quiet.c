/* SPDX-License-Identifier: Apache-2.0 */
#include "store/quiet.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define KEPT (1u << 20) /* dropped in larger pieces: a part of a large folio would stay */

void quiet_begin(int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	posix_fadvise(fd, 0, QUIET_CHUNK, POSIX_FADV_WILLNEED);
}

ssize_t quiet_read(int fd, void *data, uint64_t at)
{
	ssize_t n;

	posix_fadvise(fd, (off_t)at + QUIET_CHUNK, QUIET_CHUNK, POSIX_FADV_WILLNEED);
	do
		n = pread(fd, data, QUIET_CHUNK, (off_t)at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0 || (at && at % KEPT == 0))
		posix_fadvise(fd, 0, n == 0 ? 0 : (off_t)at, POSIX_FADV_DONTNEED);
	return n;
}
