/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "store/beneath.h"
#include "store/lifetime.h"
#include "store/retain.h"

#define INSTANCES_MAX	   64
#define SUFFIX_MAX	   99
#define FALLBACK_PARENT	   "/dev/shm"
#define FALLBACK_MAX_BYTES MIB
#define INODES_MIN	   16 /* a dump, its packed form, the index, a report */

static char why[1024];

static void say_why(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say_why(const char *format, ...)
{
	struct buf b = BUF_ON(why);
	va_list args;

	if (why[0])
		return; /* the first reason is the one to mend */
	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
}

/*
 * A lock file that is not a plain file of ours (symlink, fifo, another user's) is refused.
 * Owned fd or -errno, -EWOULDBLOCK when a living guard holds it.
 */
static int take_lock(int dirfd)
{
	auto_close int fd = beneath_open(
		dirfd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return -EPERM;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	/* A second one, which store_is_held() can ask for without taking it. */
	(void)fcntl(fd, F_OFD_SETLK, &(struct flock){ .l_type = F_WRLCK });
	return take_fd(&fd);
}

bool store_is_held(int dirfd)
{
	auto_close int fd = beneath_open(dirfd, "lock", O_RDONLY | O_NONBLOCK, 0);
	struct flock lock = { .l_type = F_RDLCK };

	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* The state directory itself, or instance-2, -3 ... below it. 0 or -errno. */
static int take_instance(int basefd, const char *base, struct store *st)
{
	char name[24];
	int fd, lock, first = 0;

	for (unsigned i = 1; i <= INSTANCES_MAX; i++) {
		snprintf(name, sizeof(name), "instance-%u", i);
		fd = i == 1 ? beneath_open(basefd, ".", O_RDONLY | O_DIRECTORY, 0)
			    : beneath_make_dir(basefd, name);
		lock = fd < 0 ? fd : take_lock(fd);
		if (lock >= 0) {
			struct buf b = BUF_ON(st->path);

			buf_printf(&b, i == 1 ? "%s" : "%s/%s", base, name);
			st->dirfd = fd;
			st->lockfd = lock;
			return 0;
		}
		if (fd >= 0)
			close(fd);
		if (i == 1)
			first = lock;
		/* Others may be theirs; a read-only or full file system will not get better. */
		if (lock == -EROFS || lock == -ENOSPC || lock == -EDQUOT)
			break;
	}
	return first;
}

/*
 * Its path may pass through symlinks, operators mount things; what it ends at must be a directory
 * of ours or of root (a volume's root belongs to root while we run as fsGroup's user).
 */
static int open_state_dir(const char *path)
{
	auto_close int fd = -1;
	struct stat st;
	int r;

	r = file_make_dirs(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return r < 0 && errno == ENOENT ? r : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return -EPERM;
	return take_fd(&fd);
}

/* flock on a lock file proves little: a disk can be mounted read-only or be full. */
static int try_write(int dirfd)
{
	int fd = beneath_make_dir(dirfd, "incidents");

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int open_configured(struct store *st, const char *path)
{
	auto_close int basefd = open_state_dir(path);
	int r;

	if (basefd < 0) {
		say_why(basefd == -EPERM ? "state-dir %s belongs to another user%.0s"
					 : "state-dir %s cannot be used: %s",
			path, strerror(-basefd));
		return basefd;
	}
	r = take_instance(basefd, path, st);
	if (r == 0)
		r = try_write(st->dirfd);
	if (r < 0) {
		say_why(r == -EWOULDBLOCK ? "state-dir %s is in use by 64 guards%.0s"
					  : "state-dir %s cannot be written: %s",
			path, strerror(-r));
		store_close(st);
		return r;
	}
	return 0;
}

/*
 * Found again by the next life where /dev/shm outlives it (a pod shares one): made by us and owned
 * by us, else the next name. Containers of one pod share the host name too and are all PID 1.
 */
static int open_fallback(struct store *st)
{
	auto_close int parent = open(FALLBACK_PARENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char host[65] = "localhost", name[128];
	int fd, r = -EWOULDBLOCK;

	if (parent < 0)
		return -errno;
	gethostname(host, sizeof(host) - 1);
	if (strchr(host, '/'))
		host[0] = '\0';
	for (unsigned i = 1; i <= INSTANCES_MAX; i++) {
		struct buf b = BUF_ON(st->path);

		snprintf(name, sizeof(name), i == 1 ? "oomguard-%s-%d" : "oomguard-%s-%d-%u", host,
			(int)getpid(), i);
		fd = beneath_make_dir(parent, name);
		r = fd < 0 ? fd : take_lock(fd);
		if (r >= 0) {
			st->dirfd = fd;
			st->lockfd = r;
			st->fallback = true;
			buf_printf(&b, FALLBACK_PARENT "/%s", name);
			return 0;
		}
		if (fd >= 0)
			close(fd);
		if (r == -EROFS || r == -EACCES || r == -ENOSPC)
			break;
	}
	return r;
}

/* `why` holds the reason already. */
static void open_in_its_place(struct store *st)
{
	size_t len = strlen(why);
	struct buf b = { .data = why, .size = sizeof(why), .len = len };
	int r = open_fallback(st);

	if (r < 0) {
		st->path[0] = '\0';
		buf_printf(&b,
			"; %s neither (%s): no place for evidence, reports go to stderr only",
			FALLBACK_PARENT, strerror(-r));
	} else {
		buf_printf(&b, "; using %s (1 MiB at most, lost with the container)", st->path);
	}
}

static void find_out_how_long_it_lasts(struct store *st, const char *path)
{
	if (st->dirfd >= 0) {
		st->on_memory = lifetime_is_memory(st->dirfd);
		st->throw_away = lifetime_is_container_layer(st->dirfd);
	}
	if (st->throw_away)
		say_why("state-dir %s is on the container's own layer, which is lost at exit: "
			"mount a volume there",
			path);
	else if (st->on_memory && !st->fallback)
		say_why("state-dir %s is memory (tmpfs): what is written there counts against the "
			"limit",
			path);
}

int store_open(struct store *st, const struct conf *conf, const char **ret_why)
{
	why[0] = '\0';
	*st = (struct store){ .dirfd = -1, .lockfd = -1 };
	if (open_configured(st, conf->guard.state_dir) < 0)
		open_in_its_place(st);
	find_out_how_long_it_lasts(st, st->path);
	*ret_why = why[0] ? why : NULL;
	return 0;
}

const char *store_open_elsewhere(struct store *st, const struct conf *conf, int error)
{
	why[0] = '\0';
	*st = (struct store){ .dirfd = -1, .lockfd = -1 };
	say_why("state-dir %s does not answer (%s): its volume hangs", conf->guard.state_dir,
		strerror(error));
	open_in_its_place(st);
	find_out_how_long_it_lasts(st, st->path);
	return why;
}

void store_close(struct store *st)
{
	cleanup_close(&st->dirfd);
	cleanup_close(&st->lockfd);
	st->dirfd = st->lockfd = -1;
}

int store_make_incident(const struct store *st, uint64_t wall_usec, const char *level,
	char ret_name[STORE_PATH_MAX])
{
	auto_close int parent = -1, fd = -1;
	char when[CLOCK_TEXT_MAX], name[RETAIN_NAME_MAX];

	if (st->dirfd < 0)
		return -ENOENT;
	clock_print_compact(when, wall_usec);
	parent = beneath_make_dir(st->dirfd, "incidents");
	if (parent < 0)
		return parent;
	for (unsigned i = 1; i <= SUFFIX_MAX; i++) {
		snprintf(name, sizeof(name), i == 1 ? "%s-%s" : "%s-%s-%u", when,
			level[0] ? level : "request", i);
		if (!retain_is_ours(name))
			return -EINVAL;
		if (mkdirat(parent, name, 0700) == 0) {
			fd = beneath_open(parent, name, O_RDONLY | O_DIRECTORY, 0);
			if (fd < 0)
				return fd;
			snprintf(ret_name, STORE_PATH_MAX, "%s", name);
			return take_fd(&fd);
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* What retention could not give back: the newest incident is the one being written. */
static uint64_t newest_bytes(const struct store *st)
{
	auto_free struct retain_item *items = NULL;
	auto_close int fd = beneath_open(st->dirfd, "incidents", O_RDONLY | O_DIRECTORY, 0);
	int n = fd < 0 ? fd : retain_list(fd, &items);

	if (n <= 0)
		return 0;
	retain_sort(items, (unsigned)n);
	return items[n - 1].bytes;
}

static uint64_t all_bytes(const struct store *st)
{
	auto_free struct retain_item *items = NULL;
	auto_close int fd = beneath_open(st->dirfd, "incidents", O_RDONLY | O_DIRECTORY, 0);
	uint64_t bytes = retain_used_bytes(st->dirfd, NULL, NULL);
	int n = fd < 0 ? fd : retain_list(fd, &items);

	for (int i = 0; i < n; i++)
		bytes += items[i].bytes;
	return bytes;
}

int store_has_room(
	const struct store *st, const struct conf *conf, uint64_t bytes, uint64_t *ret_free_bytes)
{
	uint64_t free_bytes, total_bytes, used;
	struct statvfs vfs;

	if (st->dirfd < 0)
		return -ENOENT;
	if (fstatvfs(st->dirfd, &vfs) < 0)
		return -errno;
	/* 0 of 0: this file system does not count them. */
	if (vfs.f_files && vfs.f_favail < INODES_MIN)
		return -EDQUOT;
	free_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	total_bytes = (uint64_t)vfs.f_blocks * vfs.f_frsize;
	if (st->fallback) {
		used = all_bytes(st);
		free_bytes =
			MIN_OF(free_bytes, FALLBACK_MAX_BYTES - MIN_OF(used, FALLBACK_MAX_BYTES));
		total_bytes = 0;
	}
	*ret_free_bytes = free_bytes;
	if (bytes > free_bytes)
		return -ENOSPC;
	if (free_bytes - bytes < units_of_share(total_bytes, conf->dump.min_free_bp))
		return -ENOSPC;
	used = newest_bytes(st);
	if (bytes > conf->dump.max_bytes || used > conf->dump.max_bytes - bytes)
		return -ENOSPC;
	return 0;
}
