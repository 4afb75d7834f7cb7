/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which file has appeared or changed in a directory? By comparing two listings: time stamps of a
 * network file system are another clock's.
 */
#ifndef OOMGUARD_DUMP_NEWFILE_H
#define OOMGUARD_DUMP_NEWFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define NEWFILE_NAME_MAX 256

struct newfile_mark {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

/* The plain files that were there before. */
struct newfile_marks {
	struct newfile_mark *marks; /* sorted by inode; owned */
	unsigned n;
};

#define NEWFILE_MARKS_NONE ((struct newfile_marks){ .marks = NULL })

struct newfile {
	char name[NEWFILE_NAME_MAX];
	struct newfile_mark mark; /* as it is now */
	unsigned others;	  /* more files that are new or changed */
};

/* Remembers what is in a directory. 0 or -errno; free with newfile_forget. */
int newfile_remember(int dirfd, struct newfile_marks *ret_marks);
/* The same for one file. */
int newfile_remember_file(const struct stat *st, struct newfile_marks *ret_marks);
void newfile_forget(struct newfile_marks *marks);

/* True when that file was not there or has changed. */
bool newfile_is_new(const struct newfile_marks *marks, const struct stat *st);

/* The plain file changed last (the larger one of two) among the new ones: 1, 0 none, or -errno. */
int newfile_find(int dirfd, const struct newfile_marks *marks, struct newfile *ret);

/* Mode 0600 for all plain files that are new, where they are ours. */
void newfile_make_private(int dirfd, const struct newfile_marks *marks);

struct newfile_mark newfile_mark_of(const struct stat *st);
bool newfile_same(const struct newfile_mark *a, const struct newfile_mark *b);

#endif
