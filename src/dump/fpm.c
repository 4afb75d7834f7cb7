/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/fpm.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "dump/nspath.h"
#include "proc/proc.h"
#include "store/beneath.h"

#define TITLE	  "php-fpm: master process ("
#define FILE_MAX  (128u << 10) /* Debian's pool has 21 KiB, most of it comments */
#define POOLS_MAX 64

bool fpm_parse_title(const char *title, char *out, size_t size)
{
	size_t len;

	if (strncmp(title, TITLE, strlen(TITLE)))
		return false;
	title += strlen(TITLE);
	len = strcspn(title, ")");
	if (title[len] != ')' || title[0] != '/' || len >= size)
		return false;
	memcpy(out, title, len);
	out[len] = '\0';
	return true;
}

bool fpm_parse_line(const char *line, const char *key, char *out, size_t size)
{
	size_t len;

	line += strspn(line, " \t");
	if (strncmp(line, key, strlen(key)))
		return false;
	line += strlen(key);
	line += strspn(line, " \t");
	if (*line++ != '=')
		return false;
	line += strspn(line, " \t\"'");
	len = strcspn(line, " \t\"';\r\n");
	if (!len || len >= size)
		return false;
	memcpy(out, line, len);
	out[len] = '\0';
	return true;
}

static void take_path(struct fpm_paths *paths, const char *path)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (!strcmp(paths->list[i], path))
			return;
	if (paths->n < FPM_PATHS_MAX && path[0] == '/')
		buf_copy(paths->list[paths->n++], FPM_PATH_MAX, path);
}

/* Its pattern, when it includes others; "" else. */
static void look_into(int fd, struct fpm_paths *paths, char include[FPM_PATH_MAX])
{
	auto_free char *text = malloc(FILE_MAX);
	char value[FPM_PATH_MAX];

	include[0] = '\0';
	if (!text || file_pread_text(fd, text, FILE_MAX) < 0)
		return;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (fpm_parse_line(line, "pm.status_path", value, sizeof(value)))
			take_path(paths, value);
		if (fpm_parse_line(line, "include", value, sizeof(value)))
			buf_copy(include, FPM_PATH_MAX, value);
	}
}

/* "/etc/php/8.2/fpm/pool.d/" and the names in it: what the pattern's last part is does not matter
 * much. */
static void look_into_pools(pid_t master, char *pattern, struct fpm_paths *paths)
{
	char *slash = strrchr(pattern, '/'), none[FPM_PATH_MAX];
	auto_closedir DIR *d = NULL;
	struct dirent *e;
	int fd;

	if (!slash || pattern[0] != '/')
		return;
	slash[1] = '\0';
	fd = nspath_open(master, pattern, O_RDONLY | O_DIRECTORY);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		cleanup_close(&fd);
	for (int i = 0; d && i < POOLS_MAX && (e = readdir(d)); i++) {
		auto_close int file = -1;

		if (e->d_name[0] == '.')
			continue;
		file = beneath_open(dirfd(d), e->d_name, O_RDONLY | O_NONBLOCK, 0);
		if (file >= 0)
			look_into(file, paths, none);
	}
}

int fpm_find_status(pid_t master, struct fpm_paths *ret)
{
	auto_close int procfd = proc_open_root(), fd = -1;
	char title[256], path[FPM_PATH_MAX], include[FPM_PATH_MAX];
	ssize_t n = procfd < 0 ? procfd : proc_read_cmdline(procfd, master, title, sizeof(title));

	ret->n = 0;
	if (n < 0)
		return (int)n;
	title[MIN_OF((size_t)n, sizeof(title) - 1)] = '\0';
	if (!fpm_parse_title(title, path, sizeof(path)))
		return -ENOENT;
	fd = nspath_open(master, path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	look_into(fd, ret, include);
	look_into_pools(master, include, ret);
	return (int)ret->n;
}
