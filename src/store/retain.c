/* SPDX-License-Identifier: Apache-2.0 */
#include "store/retain.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "store/beneath.h"
#include "store/index.h"
#include "store/store.h"

#define RETAIN_MAX 4096 /* incidents looked at in one pass; the next pass sees the others */

static bool are_digits(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return true;
}

bool retain_is_ours(const char *name)
{
	size_t len = strnlen(name, RETAIN_NAME_MAX);
	const char *p;

	if (len >= RETAIN_NAME_MAX || len < 18)
		return false;
	if (!are_digits(name, 8) || name[8] != 'T' || !are_digits(name + 9, 6))
		return false;
	p = name + 15;
	p += strspn(p, ".0123456789Z");
	if (*p != '-' || p[1] == '\0')
		return false;
	for (p++; *p; p++)
		if (!isdigit((unsigned char)*p) && !islower((unsigned char)*p) && *p != '-')
			return false;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	const struct retain_item *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool is_complete(const struct retain_item *item)
{
	return item->complete;
}

static bool has_dump(const struct retain_item *item)
{
	return item->has_dump;
}

/* The newest that is such a one. */
static void protect(
	struct retain_item *items, unsigned n, bool (*fits)(const struct retain_item *item))
{
	for (unsigned i = n; i-- > 0;) {
		if (!fits(&items[i]))
			continue;
		items[i].is_newest = true;
		return;
	}
}

void retain_sort(struct retain_item *items, unsigned n)
{
	if (n == 0)
		return;
	qsort(items, n, sizeof(*items), compare_names);
	for (unsigned i = 0; i < n; i++)
		items[i].is_newest = false;
	items[n - 1].is_newest = true;
	protect(items, n, is_complete);
	protect(items, n, has_dump);
}

unsigned retain_choose(struct retain_item *items, unsigned n, uint32_t keep, uint64_t max_bytes)
{
	unsigned left = n, dropped = 0;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < n; i++) {
		items[i].drop = false;
		bytes += items[i].bytes;
	}
	for (unsigned i = 0; i < n && (left > keep || bytes > max_bytes); i++) {
		if (items[i].is_newest)
			continue;
		items[i].drop = true;
		bytes -= items[i].bytes;
		left--;
		dropped++;
	}
	return dropped;
}

static bool ends_with(const char *text, const char *tail)
{
	size_t a = strlen(text), b = strlen(tail);

	return a >= b && strcmp(text + a - b, tail) == 0;
}

/* A DIR of its own: the offset of a dup'ed fd would be shared with the caller's. */
static DIR *open_listing(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d;

	if (fd < 0)
		return NULL;
	d = fdopendir(fd);
	if (!d)
		cleanup_close(&fd);
	return d;
}

uint64_t retain_used_bytes(int dirfd, bool *ret_complete, bool *ret_has_dump)
{
	auto_closedir DIR *d = open_listing(dirfd);
	uint64_t bytes = 0;
	struct dirent *e;
	struct stat st;

	if (ret_complete)
		*ret_complete = d != NULL;
	while (d && (e = readdir(d))) {
		if (fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		/* Blocks, not length: a core is sparse. */
		bytes += (uint64_t)st.st_blocks * 512;
		if (ret_complete && ends_with(e->d_name, ".partial"))
			*ret_complete = false;
		if (ret_has_dump && index_is_dump(e->d_name))
			*ret_has_dump = true;
	}
	return bytes;
}

int retain_list(int dirfd, struct retain_item **ret_items)
{
	auto_closedir DIR *d = open_listing(dirfd);
	struct retain_item *items = NULL;
	size_t n = 0, room = 0;
	struct dirent *e;

	if (!d)
		return -errno;
	while ((e = readdir(d)) && n < RETAIN_MAX) {
		auto_close int fd = -1;

		if (!retain_is_ours(e->d_name))
			continue;
		fd = beneath_open(dirfd, e->d_name, O_RDONLY | O_DIRECTORY, 0);
		if (fd < 0)
			continue;
		if (n == room) {
			struct retain_item *more;

			room = room ? room * 2 : 16;
			more = realloc(items, room * sizeof(*items));
			if (!more) {
				free(items);
				return -ENOMEM;
			}
			items = more;
		}
		memset(&items[n], 0, sizeof(items[n]));
		memcpy(items[n].name, e->d_name, strlen(e->d_name)); /* retain_is_ours: it fits */
		items[n].bytes = retain_used_bytes(fd, &items[n].complete, &items[n].has_dump);
		n++;
	}
	*ret_items = items;
	return (int)n;
}

int retain_delete(int dirfd, const char *name)
{
	auto_closedir DIR *d = NULL;
	auto_close int fd = -1;
	struct dirent *e;

	if (!retain_is_ours(name))
		return -EINVAL;
	fd = beneath_open(dirfd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	d = open_listing(fd);
	if (!d)
		return -errno;
	/* unlinkat takes the link, not what it points to, and leaves directories alone (EISDIR). */
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(fd, e->d_name, 0);
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int store_retain(const struct store *st, const struct conf *conf)
{
	auto_free struct retain_item *items = NULL;
	auto_close int fd = -1;
	int n, dropped = 0;

	if (st->dirfd < 0)
		return 0;
	fd = beneath_open(st->dirfd, "incidents", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return 0;
	n = retain_list(fd, &items);
	if (n <= 0)
		return 0;
	retain_sort(items, (unsigned)n);
	retain_choose(items, (unsigned)n, conf->dump.keep, conf->dump.max_bytes);
	for (int i = 0; i < n; i++)
		if (items[i].drop && retain_delete(fd, items[i].name) == 0)
			dropped++;
	return dropped;
}
