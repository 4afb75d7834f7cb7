/* SPDX-License-Identifier: Apache-2.0 */
#include "action/parachute.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"

#define RECORD_NAME	"parachute"
#define RECORD_TEXT_MAX 128
/* Where no level names a share. */
#define DEFAULT_SHARE_BP 9700u
/* memory.high is at least so much above the use: what the dump's own helpers need. */
#define ROOM_SHARE_BP 100u
#define ROUND_BYTES   (64 * KIB) /* a multiple of every page size */

bool parachute_release_is_new(const char *release)
{
	unsigned major, minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 5 || (major == 5 && minor >= 9);
}

bool parachute_kernel_is_new(void)
{
	struct utsname name;

	return uname(&name) == 0 && parachute_release_is_new(name.release);
}

static uint32_t highest_share(const struct conf *conf)
{
	uint32_t highest = 0;

	for (unsigned i = 0; i < conf->n_levels; i++)
		if (conf->levels[i].at.set && conf->levels[i].at.is_share)
			highest = MAX_OF(highest, conf->levels[i].at.share_bp);
	return highest && highest < BP_WHOLE ? highest : DEFAULT_SHARE_BP;
}

void parachute_plan(const struct cgroup *cg, const struct cgroup_sample *sample,
	const struct conf *conf, bool has_throttling, struct parachute *ret)
{
	const struct cgroup_level *own = &cg->levels[0];
	uint64_t max = cg->n_levels ? own->last.max_bytes : CGROUP_NO_LIMIT;
	uint64_t highest, high, room;

	*ret = (struct parachute){ .wanted = false };
	if (cg->version != CGROUP_V2 || !cg->writable || !has_throttling ||
		max == CGROUP_NO_LIMIT || own->fd.high < 0)
		return;
	highest = units_of_share(max, highest_share(conf));
	room = units_of_share(max, ROOM_SHARE_BP);
	if (sample->own_use_bytes + 2 * room > highest)
		return;
	high = sample->own_use_bytes + (highest - sample->own_use_bytes) / 2;
	high -= high % ROUND_BYTES;
	/* One that is there and lower slows down already. */
	if (own->last.high_bytes <= high)
		return;
	*ret = (struct parachute){
		.wanted = true,
		.high_bytes = high,
		.old_bytes = own->last.high_bytes,
		.dir = own->path,
	};
}

static int open_high(const char *dir, int flags)
{
	char path[CGROUP_PATH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/memory.high", dir);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_high(const char *dir, uint64_t bytes)
{
	auto_close int fd = open_high(dir, O_WRONLY);
	char text[32];
	int len = bytes == CGROUP_NO_LIMIT ? snprintf(text, sizeof(text), "max")
					   : snprintf(text, sizeof(text), "%" PRIu64, bytes);

	if (fd < 0)
		return fd;
	return file_write_all(fd, text, (size_t)len);
}

static int read_high(const char *dir, uint64_t *ret)
{
	auto_close int fd = open_high(dir, O_RDONLY);
	char text[32];
	ssize_t len;

	if (fd < 0)
		return fd;
	len = file_pread_text(fd, text, sizeof(text));
	if (len < 0)
		return (int)len;
	*ret = strncmp(text, "max", 3) == 0 ? CGROUP_NO_LIMIT : strtoull(text, NULL, 10);
	return 0;
}

/* The directory's inode tells the cgroup from one of the same name in another life. */
static uint64_t inode_of(const char *dir)
{
	struct stat st;

	return stat(dir, &st) ? 0 : (uint64_t)st.st_ino;
}

int parachute_open(const struct parachute *p, int state_dirfd)
{
	char text[RECORD_TEXT_MAX];
	int len = snprintf(text, sizeof(text),
		"cgroup=%" PRIu64 "\nhigh=%" PRIu64 "\nold=%" PRIu64 "\n", inode_of(p->dir),
		p->high_bytes, p->old_bytes);
	int err = state_dirfd < 0
			  ? -EBADF
			  : file_write_whole(state_dirfd, RECORD_NAME, text, (size_t)len, 1);

	return err ? err : write_high(p->dir, p->high_bytes);
}

int parachute_close(struct parachute *p)
{
	uint64_t now = 0;
	int err;

	if (!p->wanted)
		return 0;
	p->wanted = false;
	err = read_high(p->dir, &now);
	if (err || now != p->high_bytes)
		return err;
	return write_high(p->dir, p->old_bytes);
}

int parachute_recover(int state_dirfd, const struct cgroup *cg)
{
	uint64_t inode, high, old, now = 0;
	char text[RECORD_TEXT_MAX];
	int err = 0, found = 0;

	if (state_dirfd < 0 || file_read_text(state_dirfd, RECORD_NAME, text, sizeof(text)) < 0)
		return 0;
	if (cg->n_levels &&
		sscanf(text, "cgroup=%" SCNu64 "\nhigh=%" SCNu64 "\nold=%" SCNu64, &inode, &high,
			&old) == 3 &&
		inode == inode_of(cg->levels[0].path) && !read_high(cg->levels[0].path, &now) &&
		now == high) {
		err = write_high(cg->levels[0].path, old);
		found = 1;
	}
	if (err)
		return err;
	unlinkat(state_dirfd, RECORD_NAME, 0);
	return found;
}
