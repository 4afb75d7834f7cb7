/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of files for tests: those of tests/fixtures, and small ones that a test may change. */
#ifndef OOMGUARD_TESTS_FIXTURE_H
#define OOMGUARD_TESTS_FIXTURE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIXTURE_PATH_MAX 4096

/* automake sets srcdir for tests; by hand they run from the top of the tree. */
static inline void fixture_path(const char *name, char out[FIXTURE_PATH_MAX])
{
	const char *top = getenv("srcdir");

	if (snprintf(out, FIXTURE_PATH_MAX, "%s/tests/fixtures/%s", top ? top : ".", name) >=
		FIXTURE_PATH_MAX)
		fail_msg("the path of %s is too long", name);
}

static inline int fixture_open(const char *name)
{
	char path[FIXTURE_PATH_MAX];
	int fd;

	fixture_path(name, path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("no fixture %s", path);
	return fd;
}

/* Makes the directories on the way. */
static inline void fixture_write(const char *top, const char *name, const char *text)
{
	char path[FIXTURE_PATH_MAX];
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", top, name) >= (int)sizeof(path))
		fail_msg("the path of %s is too long", name);
	for (char *c = path + 1; *c; c++) {
		if (*c != '/')
			continue;
		*c = '\0';
		mkdir(path, 0700);
		*c = '/';
	}
	f = fopen(path, "we");
	if (!f)
		fail_msg("cannot write %s", path);
	fputs(text, f);
	fclose(f);
}

static inline int fixture_remove_one(
	const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void fixture_remove(const char *top)
{
	nftw(top, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
