/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lifetime.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/file.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif

bool lifetime_is_memory(int dirfd)
{
	struct statfs fs;

	if (fstatfs(dirfd, &fs) < 0)
		return false;
	return fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

/* A volume can be a bind mount from the very disk that "/" is on: mounts, not devices. */
static bool is_on_root_mount(int dirfd)
{
	struct statx here, root;

	if (statx(dirfd, "", AT_EMPTY_PATH, STATX_MNT_ID, &here) < 0 ||
		statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root) < 0)
		return false;
	if ((here.stx_mask & STATX_MNT_ID) && (root.stx_mask & STATX_MNT_ID))
		return here.stx_mnt_id == root.stx_mnt_id;
	return here.stx_dev_major == root.stx_dev_major && here.stx_dev_minor == root.stx_dev_minor;
}

/* One line "36 35 98:0 /root /mount options... - type source super" (proc(5)). */
static bool line_is_layer(char *line, bool *ret_is_root)
{
	char *saved = NULL, *field, *root = NULL, *type = NULL;
	unsigned i = 0;

	*ret_is_root = false;
	for (field = strtok_r(line, " ", &saved); field; field = strtok_r(NULL, " ", &saved), i++) {
		if (i == 3)
			root = field;
		if (i == 4 && strcmp(field, "/") != 0)
			return false;
		if (i > 5 && strcmp(field, "-") == 0) {
			type = strtok_r(NULL, " ", &saved);
			break;
		}
	}
	if (!root || !type)
		return false;
	*ret_is_root = true;
	if (strcmp(type, "overlay") == 0)
		return true;
	if (strcmp(root, "/") == 0)
		return false;
	return strcmp(type, "btrfs") != 0 || strchr(root + 1, '/') != NULL;
}

bool lifetime_root_is_layer(char *mountinfo)
{
	char *saved = NULL, *line;
	bool layer = false, is_root, answer;

	/* The last one mounted on "/" is the one on top. */
	for (line = strtok_r(mountinfo, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
		answer = line_is_layer(line, &is_root);
		if (is_root)
			layer = answer;
	}
	return layer;
}

bool lifetime_is_container_layer(int dirfd)
{
	const size_t size = 256 << 10; /* some 1000 mounts; "/" is among the first */
	auto_free char *text = NULL;
	struct statfs fs;

	if (!is_on_root_mount(dirfd))
		return false;
	if (statfs("/", &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC)
		return true;
	text = malloc(size);
	if (!text || file_read_text(AT_FDCWD, "/proc/self/mountinfo", text, size) == 0)
		return false;
	return lifetime_root_is_layer(text);
}
