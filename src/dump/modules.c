/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/modules.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "dump/nspath.h"

#define MAPS_TEXT_MAX (16u << 20) /* some 150000 mappings; the kernel's default limit is 65530 */
#define DELETED	      " (deleted)"

static int read_maps(pid_t pid, char **ret_text)
{
	auto_free char *text = NULL;
	auto_close int fd = -1;
	size_t len = 0, room = 0;
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	do {
		if (room - len < 4096 + 1) {
			char *more;

			room = room ? room * 2 : 64 << 10;
			if (room > MAPS_TEXT_MAX)
				break;
			more = realloc(text, room);
			if (!more)
				return -ENOMEM;
			text = more;
		}
		n = read(fd, text + len, room - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
	} while (n != 0);
	text[len] = '\0';
	*ret_text = text;
	text = NULL;
	return 0;
}

static bool parse_line(char *line, struct module_map *ret)
{
	char perms[8] = "";
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*u %n", &ret->start,
		    &ret->end, perms, &ret->offset, &path) < 4 ||
		path == 0 || ret->start >= ret->end)
		return false;
	ret->writable = strchr(perms, 'w') != NULL;
	ret->executable = strchr(perms, 'x') != NULL;
	ret->path = line + path;
	return true;
}

int modules_parse(char *text, struct modules *ret)
{
	char *saved = NULL, *line;
	unsigned lines = 1, n = 0;
	struct module_map *maps;

	*ret = (struct modules){ .text = text };
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	maps = calloc(lines, sizeof(*maps));
	if (!maps)
		return -ENOMEM;
	for (line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
		/* Sorted by the kernel; what is not in order was torn between two reads. */
		if (parse_line(line, &maps[n]) && (n == 0 || maps[n].start >= maps[n - 1].end))
			n++;
	}
	ret->maps = maps;
	ret->n = n;
	return 0;
}

int modules_load(pid_t pid, struct modules *ret)
{
	char *text = NULL;
	int r;

	*ret = (struct modules){ .pid = pid };
	r = read_maps(pid, &text);
	if (r < 0)
		return r;
	r = modules_parse(text, ret);
	ret->pid = pid;
	return r;
}

void modules_free(struct modules *m)
{
	free(m->maps);
	free(m->text);
	*m = (struct modules){ .n = 0 };
}

const struct module_map *modules_find(const struct modules *m, uint64_t address)
{
	unsigned low = 0, high = m->n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (address >= m->maps[middle].end)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->n && address >= m->maps[low].start ? &m->maps[low] : NULL;
}

void modules_print_name(const struct module_map *map, char *out, size_t size)
{
	const char *name = map && map->path[0] ? map->path : "[anon]";
	const char *slash = strrchr(name, '/');
	size_t len;

	if (slash && slash[1])
		name = slash + 1;
	len = strlen(name);
	if (slash && len > strlen(DELETED) && strcmp(name + len - strlen(DELETED), DELETED) == 0)
		len -= strlen(DELETED);
	len = MIN_OF(len, size - 1);
	for (size_t i = 0; i < len; i++)
		out[i] = name[i] > ' ' && name[i] < 127 ? name[i] : '?';
	out[len] = '\0';
}

int modules_open(const struct modules *m, const struct module_map *map)
{
	auto_close int fd = -1;
	struct stat st;
	char path[96];

	if (map->path[0] != '/')
		return -ENOENT;
	/* The very file, even when it is deleted or replaced; needs CAP_CHECKPOINT_RESTORE. */
	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)m->pid,
		map->start, map->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		fd = nspath_open(m->pid, map->path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? take_fd(&fd) : -EINVAL;
}

void modules_resolve(const struct modules *m, struct module_symbol *wants, unsigned n)
{
	unsigned from = 0;

	while (from < n) {
		const struct module_map *map = modules_find(m, wants[from].address);
		unsigned to = from + 1;

		while (map && to < n && wants[to].address < map->end)
			to++;
		if (map) {
			auto_close int fd = modules_open(m, map);

			if (fd >= 0)
				modules_resolve_elf(fd, map, wants + from, to - from);
		}
		from = to;
	}
}
