/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/newfile.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"

#define MARKS_MAX 65536 /* 3 MiB of marks; a directory with more is not a dump directory */

struct newfile_mark newfile_mark_of(const struct stat *st)
{
	return (struct newfile_mark){
		.dev = st->st_dev, .ino = st->st_ino, .size = st->st_size, .mtime = st->st_mtim
	};
}

bool newfile_same(const struct newfile_mark *a, const struct newfile_mark *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static int compare_inodes(const void *a, const void *b)
{
	const struct newfile_mark *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static DIR *open_listing(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		cleanup_close(&fd);
	return d;
}

/* The next plain file; NULL at the end. */
static const char *next_file(DIR *d, struct stat *ret)
{
	struct dirent *e;

	while ((e = readdir(d)))
		if (fstatat(dirfd(d), e->d_name, ret, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(ret->st_mode))
			return e->d_name;
	return NULL;
}

int newfile_remember(int fd, struct newfile_marks *ret_marks)
{
	auto_closedir DIR *d = open_listing(fd);
	auto_free struct newfile_mark *marks = NULL;
	unsigned n = 0, room = 0;
	struct stat st;

	if (!d)
		return -errno;
	while (next_file(d, &st)) {
		if (n == MARKS_MAX)
			return -E2BIG;
		if (n == room) {
			void *more;

			room = room ? room * 2 : 64;
			more = realloc(marks, room * sizeof(*marks));
			if (!more)
				return -ENOMEM;
			marks = more;
		}
		marks[n++] = newfile_mark_of(&st);
	}
	if (n)
		qsort(marks, n, sizeof(*marks), compare_inodes);
	*ret_marks = (struct newfile_marks){ .marks = marks, .n = n };
	marks = NULL;
	return 0;
}

int newfile_remember_file(const struct stat *st, struct newfile_marks *ret_marks)
{
	struct newfile_mark *mark = malloc(sizeof(*mark));

	if (!mark)
		return -ENOMEM;
	*mark = newfile_mark_of(st);
	*ret_marks = (struct newfile_marks){ .marks = mark, .n = 1 };
	return 0;
}

void newfile_forget(struct newfile_marks *marks)
{
	free(marks->marks);
	*marks = NEWFILE_MARKS_NONE;
}

bool newfile_is_new(const struct newfile_marks *marks, const struct stat *st)
{
	struct newfile_mark now = newfile_mark_of(st), *old = NULL;

	if (marks->n)
		old = bsearch(&now, marks->marks, marks->n, sizeof(now), compare_inodes);
	return !old || !newfile_same(old, &now);
}

static bool is_later(const struct newfile_mark *a, const struct newfile_mark *b)
{
	if (a->mtime.tv_sec != b->mtime.tv_sec)
		return a->mtime.tv_sec > b->mtime.tv_sec;
	if (a->mtime.tv_nsec != b->mtime.tv_nsec)
		return a->mtime.tv_nsec > b->mtime.tv_nsec;
	return a->size > b->size;
}

int newfile_find(int fd, const struct newfile_marks *marks, struct newfile *ret)
{
	auto_closedir DIR *d = open_listing(fd);
	struct newfile found = { .others = 0 };
	unsigned n = 0;
	const char *name;
	struct stat st;

	if (!d)
		return -errno;
	while ((name = next_file(d, &st))) {
		struct newfile_mark mark = newfile_mark_of(&st);

		if (!newfile_is_new(marks, &st) || strlen(name) >= NEWFILE_NAME_MAX)
			continue;
		if (n++ && !is_later(&mark, &found.mark))
			continue;
		found.mark = mark;
		memcpy(found.name, name, strlen(name) + 1);
	}
	if (n == 0)
		return 0;
	found.others = n - 1;
	*ret = found;
	return 1;
}

void newfile_make_private(int fd, const struct newfile_marks *marks)
{
	auto_closedir DIR *d = open_listing(fd);
	const char *name;
	struct stat st;

	while (d && (name = next_file(d, &st))) {
		auto_close int file = -1;

		if (st.st_uid != geteuid() || !newfile_is_new(marks, &st))
			continue;
		/* The name may be something else by now: no links, no waiting for a fifo's writer.
		 */
		file = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (file >= 0 && fstat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
			fchmod(file, 0600);
	}
}
