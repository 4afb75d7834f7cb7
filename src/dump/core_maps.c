/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "dump/core_pages.h"

#define FLAGS "VmFlags:"
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

typedef int (*line_fn)(void *arg, char *line);

static int each_line(char *text, line_fn each, void *arg)
{
	char *saved = NULL;

	for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
		int r = each(arg, line);

		if (r)
			return r;
	}
	return 0;
}

static int read_lines(pid_t pid, const char *file, line_fn each, void *arg)
{
	char text[CHUNK + 1], path[32];
	auto_close int fd = -1;
	size_t len = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
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

struct map_reader {
	core_map_fn each;
	void *arg;
};

static int take_map(void *arg, char *line)
{
	struct map_reader *reader = arg;
	struct core_map map;

	return core_parse_map(line, &map) ? reader->each(reader->arg, &map) : 0;
}

int core_each_map(pid_t pid, core_map_fn each, void *arg)
{
	struct map_reader reader = { .each = each, .arg = arg };

	return read_lines(pid, "maps", take_map, &reader);
}

struct exclusion_reader {
	struct core_exclusions *out;
	struct core_map map; /* that the lines are about */
};

static int take_flags(void *arg, char *line)
{
	struct exclusion_reader *reader = arg;
	struct core_exclusions *out = reader->out;

	if (core_parse_map(line, &reader->map) || strncmp(line, FLAGS, strlen(FLAGS)) ||
		!strstr(line, " dd"))
		return 0;
	/* Neighbours are one, so that there is room for all. */
	if (out->n && out->ranges[out->n - 1].end == reader->map.start) {
		out->ranges[out->n - 1].end = reader->map.end;
		return 0;
	}
	if (out->n == CORE_EXCLUSIONS_MAX)
		return -E2BIG;
	out->ranges[out->n].start = reader->map.start;
	out->ranges[out->n++].end = reader->map.end;
	return 0;
}

int core_read_exclusions(pid_t pid, struct core_exclusions *ret)
{
	struct exclusion_reader reader = { .out = ret };

	ret->n = 0;
	return read_lines(pid, "smaps", take_flags, &reader);
}

bool core_is_excluded(const struct core_exclusions *e, const struct core_map *map)
{
	for (unsigned i = 0; i < e->n; i++)
		if (map->start >= e->ranges[i].start && map->end <= e->ranges[i].end)
			return true;
	return false;
}
