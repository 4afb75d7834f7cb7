/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/fifo.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "dump/wire.h"

#define PIPE_BYTES (1 << 20)

static int make(struct fifo *f, uid_t uid, gid_t gid)
{
	struct wire_identity before;
	int r = wire_become(uid, gid, &before);

	if (r < 0)
		return r;
	r = mkfifoat(f->dirfd, f->name, 0600) < 0 ? -errno : 0;
	if (r == 0)
		f->fd = openat(f->dirfd, f->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	else
		f->name[0] = '\0'; /* somebody else's */
	if (r == 0 && f->fd < 0)
		r = -errno;
	wire_return(&before);
	return r;
}

int fifo_make(int dirfd, pid_t nspid, uid_t uid, gid_t gid, struct fifo *ret)
{
	struct stat st;
	int r;

	*ret = (struct fifo){ .dirfd = dirfd, .fd = -1 };
	snprintf(ret->name, sizeof(ret->name), ".oomguard-%d-%llx", (int)nspid,
		(unsigned long long)clock_now_usec());
	r = make(ret, uid, gid);
	if (r == 0 && (fstat(ret->fd, &st) < 0 || !S_ISFIFO(st.st_mode)))
		r = -EPERM;
	if (r == 0)
		fcntl(ret->fd, F_SETPIPE_SZ, PIPE_BYTES);
	return r;
}

void fifo_remove(struct fifo *f)
{
	cleanup_close(&f->fd);
	f->fd = -1;
	if (f->name[0])
		unlinkat(f->dirfd, f->name, 0);
	f->name[0] = '\0';
}

ssize_t fifo_read(struct fifo *f, void *out, size_t size)
{
	ssize_t n = read(f->fd, out, size);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (n > 0) {
		f->ended_usec = clock_now_usec();
		if (!f->begun_usec)
			f->begun_usec = f->ended_usec;
	}
	return n;
}
