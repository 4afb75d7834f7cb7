/* SPDX-License-Identifier: Apache-2.0 */
#include "store/outfile.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"

#define PARTIAL	  ".partial"
#define TRIES_MAX 9

struct partial_name {
	char s[OUTFILE_NAME_MAX + sizeof(PARTIAL)];
};

static struct partial_name partial_of(const struct outfile *f)
{
	struct partial_name name;

	snprintf(name.s, sizeof(name.s), "%s" PARTIAL, f->name);
	return name;
}

/* "go-7.pb.gz" -> "go-7-2.pb.gz" */
static int print_name(const char *name, int number, char out[OUTFILE_NAME_MAX])
{
	int stem = (int)strcspn(name, "."), n;

	if (number == 1)
		n = snprintf(out, OUTFILE_NAME_MAX, "%s", name);
	else
		n = snprintf(out, OUTFILE_NAME_MAX, "%.*s-%d%s", stem, name, number, name + stem);
	return n < OUTFILE_NAME_MAX ? 0 : -ENAMETOOLONG;
}

int outfile_create(int dirfd, const char *name, struct outfile *ret)
{
	struct outfile f = { .dirfd = dirfd, .fd = -1 };
	int r = -EEXIST;

	for (int i = 1; i <= TRIES_MAX && r == -EEXIST; i++) {
		r = print_name(name, i, f.name);
		if (r < 0)
			return r;
		if (faccessat(dirfd, f.name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			r = -EEXIST;
			continue;
		}
		f.fd = openat(dirfd, partial_of(&f).s,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		r = f.fd < 0 ? -errno : 0;
	}
	if (r == 0)
		*ret = f;
	return r;
}

static int write_at(int fd, const char *data, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		data += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* The window before this one has had time to reach the disk: waited for, then dropped. */
static void move_window(struct outfile *f)
{
	sync_file_range(
		f->fd, (off_t)f->started, (off_t)(f->offset - f->started), SYNC_FILE_RANGE_WRITE);
	if (f->started > f->dropped) {
		off_t from = (off_t)f->dropped, len = (off_t)(f->started - f->dropped);

		sync_file_range(f->fd, from, len,
			SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				SYNC_FILE_RANGE_WAIT_AFTER);
		posix_fadvise(f->fd, from, len, POSIX_FADV_DONTNEED);
	}
	f->dropped = f->started;
	f->started = f->offset;
}

void outfile_limit(struct outfile *f, uint64_t max_bytes, uint32_t min_free_bp)
{
	struct statvfs fs;
	uint64_t keep, left;

	f->limit = MAX_OF(max_bytes, UINT64_C(1));
	if (fstatvfs(f->fd, &fs) < 0)
		return;
	keep = units_of_share((uint64_t)fs.f_blocks * fs.f_frsize, min_free_bp);
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	f->limit = MIN_OF(f->limit, left > keep ? left - keep : 1);
}

static volatile sig_atomic_t stopped;

void outfile_stop(bool stop)
{
	stopped = stop;
}

bool outfile_is_stopped(void)
{
	return stopped;
}

static int count(struct outfile *f, size_t len)
{
	if (stopped)
		return -ECANCELED;
	if (f->limit && f->written + len > f->limit)
		return -ENOSPC;
	f->written += len;
	return 0;
}

int outfile_hold(struct outfile *f, size_t bytes)
{
	return hold_take(&f->hold, bytes);
}

void *outfile_claim(struct outfile *f, size_t len)
{
	return f->hold.data ? hold_claim(&f->hold, f->offset, len) : NULL;
}

int outfile_commit(struct outfile *f, size_t len)
{
	int r = count(f, len);

	if (r < 0)
		return r;
	hold_commit(&f->hold, len);
	f->offset += len;
	f->started = f->dropped = f->offset; /* of what goes to the disk from here on */
	return 0;
}

static int settle_piece(void *arg, uint64_t offset, const void *data, size_t len)
{
	struct outfile *f = arg;

	f->offset = offset;
	return outfile_write(f, data, len);
}

int outfile_settle(struct outfile *f)
{
	struct outfile disk = *f;
	struct holding held = f->hold;

	f->hold = disk.hold = HOLDING_NONE;
	disk.limit = 0; /* it was counted when it came */
	disk.started = disk.dropped = 0;
	return hold_each(&held, settle_piece, &disk);
}

int outfile_write(struct outfile *f, const void *data, size_t len)
{
	const char *from = data;

	void *room = outfile_claim(f, len);
	int may;

	if (room) {
		memcpy(room, data, len);
		return outfile_commit(f, len);
	}
	may = count(f, len);
	if (may < 0)
		return may;
	while (len) {
		size_t part = MIN_OF(len, (size_t)OUTFILE_WINDOW);
		int r = write_at(f->fd, from, part, f->offset);

		if (r < 0)
			return r;
		f->offset += part;
		from += part;
		len -= part;
		if (f->offset - f->started >= OUTFILE_WINDOW)
			move_window(f);
	}
	return 0;
}

void outfile_skip(struct outfile *f, uint64_t len)
{
	f->offset += len;
}

int outfile_patch(struct outfile *f, const void *data, size_t len, uint64_t offset)
{
	return write_at(f->fd, data, len, offset);
}

/* A hole at the end is part of the file, too. */
static int complete(struct outfile *f)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size < f->offset && ftruncate(f->fd, (off_t)f->offset) < 0)
		return -errno;
	if (fsync(f->fd) < 0)
		return -errno;
	posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
	return renameat2(f->dirfd, partial_of(f).s, f->dirfd, f->name, RENAME_NOREPLACE) < 0
		       ? -errno
		       : 0;
}

int outfile_finish(struct outfile *f, uint64_t *ret_bytes)
{
	struct stat st = { .st_blocks = 0 };
	int r = complete(f);

	/* Not every file system knows that flag; the name was free a moment ago. */
	if (r == -EINVAL && renameat(f->dirfd, partial_of(f).s, f->dirfd, f->name) == 0)
		r = 0;
	if (r < 0)
		return r;
	if (fstat(f->fd, &st) == 0)
		*ret_bytes = MIN_OF((uint64_t)st.st_blocks * 512, (uint64_t)st.st_size);
	fsync(f->dirfd);
	outfile_leave(f);
	return 0;
}

void outfile_leave(struct outfile *f)
{
	hold_drop(&f->hold);
	cleanup_close(&f->fd);
	f->fd = -1;
}

void outfile_drop(struct outfile *f)
{
	if (f->fd < 0)
		return;
	unlinkat(f->dirfd, partial_of(f).s, 0);
	outfile_leave(f);
}

/* Until `len` more bytes are on the disk, microseconds; 0 when that fails. */
static uint64_t time_write(struct outfile *f, const char *data, size_t len)
{
	uint64_t start = clock_now_usec();

	if (outfile_write(f, data, len) < 0 || fdatasync(f->fd) < 0)
		return 0;
	return MAX_OF(clock_now_usec() - start, UINT64_C(1));
}

uint64_t outfile_measure(int dirfd)
{
	struct outfile f = OUTFILE_NONE;
	auto_free char *data = calloc(1, OUTFILE_WINDOW);
	uint64_t one, all;

	if (!data || outfile_create(dirfd, "speed", &f) < 0)
		return 0;
	/* What one block takes is the disk's delay, which a stream does not pay for each piece. */
	one = time_write(&f, data, 4096);
	all = one ? time_write(&f, data, OUTFILE_WINDOW) : 0;
	outfile_drop(&f);
	if (!all)
		return 0;
	return OUTFILE_WINDOW * USEC_PER_SEC / (all > one + 1000 ? all - one : 1000);
}
