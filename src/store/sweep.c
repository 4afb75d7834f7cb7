/* SPDX-License-Identifier: Apache-2.0 */
/* What a life that was killed left half written. */
#include "store/sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/beneath.h"
#include "store/retain.h"

#define PARTIAL ".partial"

static bool ends_with(const char *text, const char *tail)
{
	size_t a = strlen(text), b = strlen(tail);

	return a > b && strcmp(text + a - b, tail) == 0;
}

/* What is written anew, or can be: half of it is worth nothing. Half a dump or half of the stacks
 * may be worth a look, and stays under its partial name. */
static bool is_worthless(const char *name)
{
	static const char *const tails[] = { ".json" PARTIAL, "report.txt" PARTIAL };

	for (unsigned i = 0; i < ARRAY_LEN(tails); i++)
		if (ends_with(name, tails[i]) || !strcmp(name, tails[i]))
			return true;
	return false;
}

static unsigned sweep_files(int dirfd, bool all)
{
	auto_close int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	unsigned n = 0;
	struct dirent *e;
	struct stat st;

	if (d)
		fd = -1; /* is the DIR's now */
	while (d && (e = readdir(d))) {
		if (!ends_with(e->d_name, PARTIAL) || (!all && !is_worthless(e->d_name)))
			continue;
		if (fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(st.st_mode) && unlinkat(dirfd, e->d_name, 0) == 0)
			n++;
	}
	return n;
}

unsigned store_sweep(int dirfd)
{
	auto_close int incidents = beneath_open(dirfd, "incidents", O_RDONLY | O_DIRECTORY, 0);
	auto_free struct retain_item *items = NULL;
	unsigned n = sweep_files(dirfd, true); /* nothing that lies there is evidence */
	int count = incidents < 0 ? 0 : retain_list(incidents, &items);

	for (int i = 0; i < count; i++) {
		auto_close int fd =
			beneath_open(incidents, items[i].name, O_RDONLY | O_DIRECTORY, 0);

		if (fd < 0 || (items[i].complete && items[i].bytes))
			continue;
		n += sweep_files(fd, false);
		/* Killed between the directory and the first file: only one that is empty goes. */
		unlinkat(incidents, items[i].name, AT_REMOVEDIR);
	}
	return n;
}
