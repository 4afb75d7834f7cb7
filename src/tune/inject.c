/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/inject.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#define SOCKET_SUFFIX ".sock"

/* --- the place --- */

/* May others go through, and nobody else replace what is below? */
static bool is_open_way(const char *path)
{
	char part[INJECT_PATH_MAX];
	struct stat st;

	for (size_t len = 1; len <= strlen(path); len++) {
		if (path[len] != '/' && path[len] != '\0' && len > 1)
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		if (stat(part, &st) < 0 || !(st.st_mode & S_IXOTH) ||
			((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)))
			return false;
	}
	return true;
}

/* Ours, nobody else's to write, and no symbolic link. Owned fd or -errno. */
static int make_own_dir(const char *path, mode_t mode)
{
	auto_close int fd = -1;
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid())
		return -EPERM;
	if (fchmod(fd, mode) < 0) /* not by mkdir: umask */
		return -errno;
	return take_fd(&fd);
}

/* Of a life before: pids come again in a container. */
static void remove_sockets(const char *path)
{
	auto_closedir DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), suffix = strlen(SOCKET_SUFFIX);

		if (len > suffix && !strcmp(entry->d_name + len - suffix, SOCKET_SUFFIX))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
}

static int open_in(const char *dir, struct inject_place *ret)
{
	bool for_others = geteuid() == 0;
	struct inject_place place = { .dirfd = -1 };
	auto_close int dirfd = -1;
	auto_close int sockets = -1;

	/* What would need quotes in PYTHONPATH, NODE_OPTIONS or RUBYOPT. */
	if (dir[0] != '/' || strpbrk(dir, " \t\n\"'\\:;,%") ||
		strlen(dir) + sizeof("/oomguard-hooks") > sizeof(place.path))
		return -EINVAL;
	if (for_others && !is_open_way(dir))
		return -EACCES;
	snprintf(place.path, sizeof(place.path), "%s/hooks", dir);
	dirfd = make_own_dir(place.path, for_others ? 0711 : 0700);
	if (dirfd < 0)
		return dirfd;
	snprintf(place.sockets, sizeof(place.sockets), "%s/sockets", place.path);
	sockets = make_own_dir(place.sockets, for_others ? 01733 : 0700);
	if (sockets < 0)
		return sockets;
	remove_sockets(place.sockets);
	place.dirfd = take_fd(&dirfd);
	*ret = place;
	return 0;
}

/* Public directories: a name of our own in them. */
static int open_in_public(const char *dir, struct inject_place *ret)
{
	char own[INJECT_PATH_MAX];
	int r;

	if (!is_open_way(dir))
		return -EACCES;
	snprintf(own, sizeof(own), "%s/oomguard-XXXXXX", dir);
	if (!mkdtemp(own))
		return -errno;
	if (chmod(own, geteuid() == 0 ? 0711 : 0700) < 0)
		return -errno;
	r = open_in(own, ret);
	if (r < 0)
		rmdir(own);
	else
		ret->is_temporary = true;
	return r;
}

int inject_open(const char *state_dir, struct inject_place *ret)
{
	static const char *const public_dirs[] = { "/dev/shm", "/run", "/tmp" };
	int r = state_dir ? open_in(state_dir, ret) : -ENOENT;

	for (unsigned i = 0; r < 0 && i < ARRAY_LEN(public_dirs); i++)
		r = open_in_public(public_dirs[i], ret);
	return r;
}

static void remove_files(int dirfd)
{
	int copy = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	auto_closedir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd, entry->d_name, 0);
}

void inject_close(struct inject_place *place)
{
	if (place->dirfd < 0)
		return;
	remove_sockets(place->sockets);
	rmdir(place->sockets);
	remove_files(place->dirfd);
	rmdir(place->path);
	if (place->is_temporary) {
		*strrchr(place->path, '/') = '\0';
		rmdir(place->path);
	}
	close(take_fd(&place->dirfd));
}

/* --- the rows --- */

static unsigned mode_of(const char *mode)
{
	return !strcmp(mode, "full") ? INJECT_FULL : !strcmp(mode, "cheap") ? INJECT_CHEAP : 0u;
}

unsigned inject_choose(const struct inject_row *rows, unsigned n, const char *mode,
	uint32_t runtimes, char *const *argv, char *const *envp, struct inject_choice *ret,
	unsigned max)
{
	unsigned chosen = 0;

	for (unsigned i = 0; i < n && chosen < max; i++) {
		const struct inject_row *row = &rows[i];
		struct inject_choice *c = &ret[chosen];

		if (!(row->modes & mode_of(mode)) ||
			(runtimes && !(runtimes & (UINT32_C(1) << row->runtime))))
			continue;
		c->row = row;
		c->theirs = environ_find_word(argv, envp, row->unless);
		if (!c->theirs && row->how == ENVIRON_ALONE && environ_get(envp, row->variable))
			c->theirs = row->variable;
		chosen++;
	}
	return chosen;
}

void inject_print(const struct inject_row *row, const char *path, char *out, size_t size)
{
	const char *mark = strstr(row->text, "%s");
	struct buf b = { .data = out, .size = size };

	buf_reset(&b);
	if (!mark) {
		buf_puts(&b, row->text);
		return;
	}
	buf_add(&b, row->text, (size_t)(mark - row->text));
	buf_printf(&b, "%s%s%s", path, row->file ? "/" : "", row->file ? row->file : "");
	buf_puts(&b, mark + 2);
}

int inject_write(const struct inject_place *place, const char *name, const char *content)
{
	int r = file_write_whole(place->dirfd, name, content, strlen(content), false);

	if (r == 0 && geteuid() == 0 && fchmodat(place->dirfd, name, 0644, 0) < 0)
		r = -errno;
	return r;
}

int inject_apply(const struct inject_choice *choices, unsigned n, const struct inject_place *place,
	struct environ_copy *env)
{
	char text[2 * INJECT_PATH_MAX];
	unsigned done = 0;
	int r, err = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct inject_row *row = choices[i].row;

		if (choices[i].theirs)
			continue;
		r = row->file ? inject_write(place, row->file, row->content) : 0;
		inject_print(row, place->path, text, sizeof(text));
		if (r == 0)
			r = environ_add(env, row->variable, text, row->how, row->separator);
		done += r == 0;
		err = r < 0 ? r : err;
	}
	if (done) {
		r = environ_add(env, INJECT_DIR_VARIABLE, place->sockets, ENVIRON_INSTEAD, ' ');
		err = r < 0 ? r : err;
	}
	return err;
}
