/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "dump/hook.h"
#include "dump/nspath.h"
#include "proc/proc.h"

#define ENVIRON_MAX   (256u << 10)
#define ANCESTORS_MAX 8 /* a program that shows a title overwrites its environment with it */

const char *hook_find_variable(const char *block, size_t len, const char *name)
{
	size_t n = strlen(name);
	const char *end = block + len;

	while (block < end) {
		const char *stop = memchr(block, '\0', (size_t)(end - block));

		if (!stop)
			return NULL;
		if ((size_t)(stop - block) > n && block[n] == '=' && !memcmp(block, name, n))
			return block + n + 1;
		block = stop + 1;
	}
	return NULL;
}

static int open_dir_of(pid_t pid)
{
	auto_free char *block = malloc(ENVIRON_MAX);
	const char *value;
	char path[32];
	ssize_t n;

	if (!block)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	n = file_read_text(AT_FDCWD, path, block, ENVIRON_MAX);
	if (n < 0 && n != -EFBIG)
		return (int)n;
	value = hook_find_variable(block, n < 0 ? ENVIRON_MAX - 1 : (size_t)n, HOOK_DIR_VARIABLE);
	if (!value || value[0] != '/')
		return -ENOENT;
	return nspath_open(pid, value, O_PATH | O_DIRECTORY);
}

int hook_open_dir(pid_t pid)
{
	auto_close int procfd = proc_open_root();
	int r = -ENOENT;

	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		struct proc_stat stat;

		r = open_dir_of(pid);
		if (r != -ENOENT || procfd < 0 || proc_read_stat(procfd, pid, &stat) < 0)
			return r;
		pid = stat.ppid;
	}
	return r;
}
