/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static ssize_t pread_some(int fd, char *out, size_t len, off_t offset)
{
	ssize_t n;

	do {
		n = pread(fd, out, len, offset);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t file_pread_text(int fd, char *out, size_t size)
{
	size_t len = 0;
	char more;
	ssize_t n;

	while (len < size - 1) {
		n = pread_some(fd, out + len, size - 1 - len, (off_t)len);
		if (n < 0)
			return n;
		if (!n) {
			out[len] = '\0';
			return (ssize_t)len;
		}
		len += (size_t)n;
	}
	out[len] = '\0';
	n = pread_some(fd, &more, 1, (off_t)len);
	if (n < 0)
		return n;
	return n ? -EFBIG : (ssize_t)len;
}

ssize_t file_read_text(int dirfd, const char *path, char *out, size_t size)
{
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return file_pread_text(fd, out, size);
}

int file_write_all(int fd, const void *data, size_t len)
{
	const char *bytes = data;

	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int open_partial(int dirfd, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags, 0600);

	/* Left by a life that was killed while it wrote, or planted: either way it is not ours. */
	if (fd < 0 && errno == EEXIST && !unlinkat(dirfd, name, 0))
		fd = openat(dirfd, name, flags, 0600);
	return fd < 0 ? -errno : fd;
}

/* The rename itself lasts only when the directory is synced as well. */
static int sync_parent(int dirfd, const char *name)
{
	const char *slash = strrchr(name, '/');
	char parent[PATH_MAX];

	if (!slash)
		snprintf(parent, sizeof(parent), ".");
	else
		snprintf(parent, sizeof(parent), "%.*s", slash == name ? 1 : (int)(slash - name),
			name);

	auto_close int fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int fill_partial(int fd, const void *data, size_t len, int sync)
{
	int r = file_write_all(fd, data, len);

	if (!r && sync && fsync(fd) < 0)
		r = -errno;
	return r;
}

int file_write_whole(int dirfd, const char *name, const void *data, size_t len, int sync)
{
	char partial[PATH_MAX];
	int n = snprintf(partial, sizeof(partial), "%s.partial", name);
	int fd, r;

	if (n < 0 || (size_t)n >= sizeof(partial))
		return -ENAMETOOLONG;
	fd = open_partial(dirfd, partial);
	if (fd < 0)
		return fd;
	r = fill_partial(fd, data, len, sync);
	/* NFS and quotas tell the last write error here. */
	if (close(fd) < 0 && !r && errno != EINTR)
		r = -errno;
	if (!r && renameat(dirfd, partial, dirfd, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dirfd, partial, 0);
		return r;
	}
	return sync ? sync_parent(dirfd, name) : 0;
}

static int make_dir(const char *path)
{
	struct stat st;

	if (!mkdir(path, 0700))
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int file_make_dirs(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (!len)
		return -ENOENT;
	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (char *p = part + 1; *p; p++) {
		int r;

		if (*p != '/')
			continue;
		*p = '\0';
		r = make_dir(part);
		if (r < 0)
			return r;
		*p = '/';
	}
	return make_dir(part);
}
