/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "dump/core_pages.h"

#define CHUNK 16384 /* a line is shorter: PATH_MAX, each byte as \ooo at worst for blanks only */

bool core_parse_map(const char *line, struct core_map *ret)
{
	char perms[8] = "";
	struct core_map map;
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*u %n", &map.start, &map.end,
		    perms, &map.offset, &path) < 4 ||
		path == 0 || map.start >= map.end || strlen(perms) < 4)
		return false;
	map.readable = perms[0] == 'r';
	map.writable = perms[1] == 'w';
	map.executable = perms[2] == 'x';
	map.shared = perms[3] == 's';
	buf_copy(map.path, sizeof(map.path), line + path);
	*ret = map;
	return true;
}

/* The first that fits; then files by private or shared, and anonymous memory. */
static const struct {
	const char *prefix;
	enum core_class class;
} kinds[] = {
	{ "[vsyscall]", CORE_SKIP },
	{ "[vvar", CORE_SKIP }, /* the kernel's clock pages; reading them fails */
	{ "[vdso]", CORE_WHOLE }, { "[", CORE_MEMORY }, /* heap, stack, anon:name */
	{ "/memfd:", CORE_MEMORY }, { "/SYSV", CORE_MEMORY }, { "/dev/shm/", CORE_MEMORY },
	{ "/dev/zero", CORE_MEMORY }, { "/dev/hugepages/", CORE_MEMORY },
	{ "anon_inode:", CORE_HEADER }, { "/anon_hugepage", CORE_MEMORY },
	{ "/dev/", CORE_HEADER }, /* memory of a device: reading it may do something */
};

enum core_class core_classify(const struct core_map *map)
{
	if (!map->path[0])
		return CORE_MEMORY;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strncmp(map->path, kinds[i].prefix, strlen(kinds[i].prefix)))
			return kinds[i].class;
	return map->shared ? CORE_HEADER : CORE_MODIFIED;
}

static int each_line(char *text, core_map_fn each, void *arg)
{
	char *saved = NULL;

	for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
		struct core_map map;
		int r = core_parse_map(line, &map) ? each(arg, &map) : 0;

		if (r)
			return r;
	}
	return 0;
}

int core_each_map(pid_t pid, core_map_fn each, void *arg)
{
	char text[CHUNK + 1], path[32];
	auto_close int fd = -1;
	size_t len = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	for (;;) {
		ssize_t n = read(fd, text + len, CHUNK - len);
		char *last;
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		text[len] = '\0';
		last = memrchr(text, '\n', len);
		if (n == 0 || !last)
			return n == 0 ? each_line(text, each, arg) : -EMSGSIZE;
		*last = '\0';
		r = each_line(text, each, arg);
		if (r)
			return r;
		len -= (size_t)(last + 1 - text);
		memmove(text, last + 1, len);
	}
}
