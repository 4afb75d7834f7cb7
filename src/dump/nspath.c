/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/nspath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "store/beneath.h"

#define STATUS_MAX 8192

int nspath_open(pid_t pid, const char *path, int flags)
{
	auto_close int dirfd = -1;
	bool absolute = path[0] == '/';
	char place[48];

	snprintf(place, sizeof(place), "/proc/%d/%s", (int)pid, absolute ? "root" : "cwd");
	dirfd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return -errno;
	if (!absolute)
		return beneath_open(dirfd, path, flags, 0);
	return beneath_open_how(dirfd, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* The last number of the line that begins with `key`; `pid` where there is none. */
static pid_t parse_last(const char *status, const char *key, pid_t pid)
{
	const char *line = strstr(status, key);
	char *end;

	if (!line)
		return pid;
	for (line += strlen(key);; line = end) {
		long value;

		line += strspn(line, " \t");
		value = strtol(line, &end, 10);
		if (end == line || *line == '\n')
			return pid;
		if (value > 0 && value <= INT32_MAX)
			pid = (pid_t)value;
	}
}

pid_t nspath_parse_pid(const char *status, pid_t pid)
{
	return parse_last(status, "\nNStgid:", pid);
}

static int read_last(const char *path, const char *key, pid_t pid, pid_t *ret)
{
	char text[STATUS_MAX];
	ssize_t n = file_read_text(AT_FDCWD, path, text, sizeof(text));

	if (n < 0 && n != -EFBIG)
		return n == -ENOENT ? -ESRCH : (int)n;
	*ret = parse_last(text, key, pid);
	return 0;
}

int nspath_read_pid(pid_t pid, pid_t *ret_nspid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return read_last(path, "\nNStgid:", pid, ret_nspid);
}

int nspath_read_tid(pid_t pid, pid_t tid, pid_t *ret_nstid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)tid);
	return read_last(path, "\nNSpid:", tid, ret_nstid);
}

int nspath_expand(const char *pattern, pid_t pid, char *out, size_t size)
{
	struct buf b = { .data = out, .size = size };
	const char *p, *from = pattern;

	buf_reset(&b);
	while ((p = strstr(from, "%p"))) {
		buf_add(&b, from, (size_t)(p - from));
		buf_printf(&b, "%d", (int)pid);
		from = p + 2;
	}
	buf_puts(&b, from);
	return b.truncated ? -ENAMETOOLONG : 0;
}
