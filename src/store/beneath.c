/* SPDX-License-Identifier: Apache-2.0 */
#include "store/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define COMPONENT_MAX 256

/* Takes one component off *path. 0, or -errno for what may not be in there. */
static int take_component(const char **path, char out[COMPONENT_MAX])
{
	size_t len;

	while (**path == '/')
		(*path)++;
	len = strcspn(*path, "/");
	if (len >= COMPONENT_MAX)
		return -ENAMETOOLONG;
	memcpy(out, *path, len);
	out[len] = '\0';
	*path += len;
	while (**path == '/')
		(*path)++;
	return strcmp(out, "..") == 0 ? -EXDEV : 0;
}

/* O_DIRECTORY makes a symlink ENOTDIR; told apart here. */
static int open_component(int dirfd, const char *name, int flags, mode_t mode)
{
	int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	struct stat st;
	int r;

	if (fd >= 0)
		return fd;
	r = -errno;
	if (r == -ENOTDIR && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISLNK(st.st_mode))
		return -ELOOP;
	return r;
}

int beneath_walk(int dirfd, const char *path, int flags, mode_t mode)
{
	auto_close int held = -1;
	char name[COMPONENT_MAX];
	int at = dirfd;
	int fd, r;

	for (;;) {
		r = take_component(&path, name);
		if (r < 0)
			return r;
		if (*path == '\0')
			break;
		fd = open_component(at, name, O_PATH | O_DIRECTORY, 0);
		if (fd < 0)
			return fd;
		if (held >= 0)
			close(held);
		held = at = fd;
	}
	return open_component(at, name[0] ? name : ".", flags, mode);
}

int beneath_open_how(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
		.resolve = resolve };
	long fd;

	do
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN); /* a rename raced with the resolution of ".." */
	if (fd >= 0)
		return (int)fd;
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	return beneath_walk(dirfd, path, flags, mode);
}

int beneath_open(int dirfd, const char *path, int flags, mode_t mode)
{
	return beneath_open_how(dirfd, path, flags, mode, RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
}

int beneath_make_dir(int dirfd, const char *name)
{
	auto_close int fd = -1;
	struct stat st;

	if (mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = beneath_open(dirfd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid())
		return -EPERM;
	/* One that somebody made for us with a looser mode. */
	if ((st.st_mode & 077) && fchmod(fd, 0700) < 0)
		return -errno;
	return take_fd(&fd);
}
