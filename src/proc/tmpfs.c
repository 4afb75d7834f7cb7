/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/tmpfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>

#include "base/cleanup.h"
#include "base/file.h"

#define MOUNTINFO_MAX (64 * 1024)

/* Made anew with each container, by every engine. */
static const char *const of_the_container[] = { "/dev", "/run", "/proc", "/sys" };

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (path[len] == '/' || path[len] == '\0');
}

/* The kernel writes blanks and the like as \040. */
static void unescape(const char *from, size_t len, char out[TMPFS_PATH_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < TMPFS_PATH_MAX; i++) {
		const char *c = from + i;

		if (*c == '\\' && i + 3 < len && c[1] >= '0' && c[1] <= '3') {
			out[n++] = (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0'));
			i += 3;
		} else {
			out[n++] = *c;
		}
	}
	out[n] = '\0';
}

/* proc_pid_mountinfo(5): id parent major:minor root MOUNT options... - TYPE source options */
bool tmpfs_parse_mount(const char *line, bool all, char ret_path[TMPFS_PATH_MAX])
{
	const char *type = strstr(line, " - "), *at = line;
	char path[TMPFS_PATH_MAX];

	if (!type || (strncmp(type + 3, "tmpfs ", 6) && strncmp(type + 3, "ramfs ", 6)))
		return false;
	for (unsigned field = 0; field < 4; field++) {
		at = strchr(at, ' ');
		if (!at || at >= type)
			return false;
		at++;
	}
	unescape(at, strcspn(at, " \n"), path);
	for (unsigned i = 0; !all && i < ARRAY_LEN(of_the_container); i++)
		if (is_below(path, of_the_container[i]))
			return false;
	memcpy(ret_path, path, sizeof(path));
	return true;
}

int tmpfs_measure(int procfd, bool all, struct tmpfs_use *ret)
{
	static char text[MOUNTINFO_MAX];
	struct tmpfs_use use = { .path = "" };
	uint64_t most = 0;
	ssize_t len = file_read_text(procfd, "self/mountinfo", text, sizeof(text));

	if (len < 0 && len != -EFBIG)
		return (int)len;
	for (char *line = text, *end; *line; line = end) {
		char path[TMPFS_PATH_MAX];
		struct statfs st;
		uint64_t bytes;

		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		if (!tmpfs_parse_mount(line, all, path) || statfs(path, &st))
			continue;
		bytes = (uint64_t)(st.f_blocks - st.f_bfree) * (uint64_t)st.f_bsize;
		use.bytes += bytes;
		if (bytes > most) {
			most = bytes;
			memcpy(use.path, path, sizeof(path));
		}
	}
	*ret = use;
	return 0;
}
