/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

/* Field numbers of proc(5), counted from 1; the parser counts from the state, which is field 3. */
enum stat_field {
	STAT_PPID = 4,
	STAT_PGRP = 5,
	STAT_SESSION = 6,
	STAT_THREADS = 20,
	STAT_START = 22,
	STAT_RSS = 24,
};

/* /proc/PID/status is some 1.5 KiB; the Groups line of a user in many groups makes it longer. */
#define STATUS_TEXT_MAX 8192
#define STAT_TEXT_MAX	1024
#define PROC_PATH_MAX	64

int proc_open_root(void)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char self[16];
	ssize_t len;
	int err = 0;

	if (fd < 0)
		return -errno;
	/* An empty directory called /proc is not a mounted one; and where it belongs to another pid
	 * namespace, its numbers are other processes than ours, which must not get our signals. */
	len = readlinkat(fd, "self", self, sizeof(self) - 1);
	if (len > 0) {
		self[len] = '\0';
		if (atoi(self) != (int)getpid())
			err = -EXDEV;
	} else {
		err = -ENOENT;
	}
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* The length or -errno; a file longer than the buffer gives what fits. */
static ssize_t read_pid_file(int procfd, pid_t pid, const char *name, char *out, size_t size)
{
	char path[PROC_PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	len = file_read_text(procfd, path, out, size);
	if (len == -EFBIG)
		return (ssize_t)size - 1;
	return len == -ENOENT ? -ESRCH : len;
}

/* Digits (a sign allowed) up to the next blank. False when there is no number. */
static bool next_number(const char **cursor, int64_t *ret)
{
	char *end;

	while (**cursor == ' ')
		(*cursor)++;
	errno = 0;
	*ret = strtoll(*cursor, &end, 10);
	if (end == *cursor || (*end && *end != ' ' && *end != '\n'))
		return false;
	*cursor = end;
	return true;
}

static void store_field(struct proc_stat *st, int field, int64_t value)
{
	uint64_t positive = value > 0 ? (uint64_t)value : 0;

	switch (field) {
	case STAT_PPID:
		st->ppid = (pid_t)value;
		break;
	case STAT_PGRP:
		st->pgrp = (pid_t)value;
		break;
	case STAT_SESSION:
		st->session = (pid_t)value;
		break;
	case STAT_THREADS:
		st->threads = (uint32_t)positive;
		break;
	case STAT_START:
		st->start_ticks = positive;
		break;
	case STAT_RSS:
		st->rss_bytes = positive * (uint64_t)sysconf(_SC_PAGESIZE);
		break;
	default:
		break;
	}
}

int proc_parse_stat(const char *text, struct proc_stat *ret)
{
	/* The name may hold blanks, newlines and parentheses; what follows it may not. */
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	struct proc_stat st = { 0 };
	const char *cursor = text;
	size_t name_len;
	int64_t value;

	if (!open || !close || close < open)
		return -EINVAL;
	if (!next_number(&cursor, &value) || value <= 0 || value > INT_MAX || cursor + 1 != open)
		return -EINVAL;
	st.pid = (pid_t)value;
	name_len = MIN_OF((size_t)(close - open - 1), sizeof(st.comm) - 1);
	memcpy(st.comm, open + 1, name_len);
	if (close[1] != ' ' || !close[2] || close[3] != ' ')
		return -EINVAL;
	st.state = close[2];
	cursor = close + 3;
	for (int field = STAT_PPID; field <= STAT_RSS; field++) {
		if (!next_number(&cursor, &value))
			return -EINVAL;
		store_field(&st, field, value);
	}
	*ret = st;
	return 0;
}

int proc_read_stat(int procfd, pid_t pid, struct proc_stat *ret)
{
	char text[STAT_TEXT_MAX];
	ssize_t len = read_pid_file(procfd, pid, "stat", text, sizeof(text));

	if (len < 0)
		return (int)len;
	return proc_parse_stat(text, ret);
}

/* What follows "KEY" at the start of a line, blanks skipped; NULL when there is no such line. */
static const char *find_value(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (!strncmp(line, key, len))
			return line + len + strspn(line + len, " \t");
	}
	return NULL;
}

struct memory_key {
	const char *key;
	size_t offset;
};

#define AT(field) offsetof(struct proc_memory, field)

/* Values are in units of 1024 bytes, "kB" whatever it says. */
static const struct memory_key status_keys[] = {
	{ "VmRSS:", AT(rss_bytes) },
	{ "RssAnon:", AT(anon_bytes) },
	{ "RssShmem:", AT(shmem_bytes) },
	{ "VmSwap:", AT(swap_bytes) },
};

static const struct memory_key rollup_keys[] = {
	{ "Rss:", AT(rss_bytes) },
	{ "Pss:", AT(pss_bytes) },
	{ "Anonymous:", AT(anon_bytes) },
	{ "Swap:", AT(swap_bytes) },
};

static void fill_memory(
	const char *text, const struct memory_key *keys, size_t n, struct proc_memory *memory)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = find_value(text, keys[i].key);
		uint64_t bytes;

		if (!value)
			continue;
		bytes = (uint64_t)strtoull(value, NULL, 10) * 1024;
		memcpy((char *)memory + keys[i].offset, &bytes, sizeof(bytes));
	}
}

int proc_read_memory(int procfd, pid_t pid, bool quick, struct proc_memory *ret)
{
	struct proc_memory memory = { 0 };
	char text[STATUS_TEXT_MAX];
	ssize_t len = read_pid_file(procfd, pid, "status", text, sizeof(text));

	if (len < 0)
		return (int)len;
	fill_memory(text, status_keys, ARRAY_LEN(status_keys), &memory);
	memory.pss_bytes = memory.rss_bytes;
	if (!quick) {
		len = read_pid_file(procfd, pid, "smaps_rollup", text, sizeof(text));
		if (len > 0 && find_value(text, "Pss:")) {
			fill_memory(text, rollup_keys, ARRAY_LEN(rollup_keys), &memory);
			memory.pss_known = true;
		}
	}
	*ret = memory;
	return 0;
}

struct dirent64_header {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

static bool number_of_name(const char *name, int *ret)
{
	long value = 0;

	if (!*name)
		return false;
	for (; *name; name++) {
		if (*name < '0' || *name > '9')
			return false;
		value = value * 10 + (*name - '0');
		if (value > INT_MAX)
			return false;
	}
	*ret = (int)value;
	return true;
}

int proc_each_number(int dirfd, const char *path, proc_number_fn each, void *arg)
{
	_Alignas(struct dirent64_header) char chunk[8192];
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long len;

	if (fd < 0)
		return -errno;
	while ((len = syscall(SYS_getdents64, fd, chunk, sizeof(chunk))) > 0) {
		for (long pos = 0; pos < len;) {
			const struct dirent64_header *entry = (const void *)(chunk + pos);
			int number;

			if (number_of_name(entry->name, &number))
				each(arg, number);
			pos += entry->reclen;
		}
	}
	return len < 0 ? -errno : 0;
}

static void count_one(void *arg, int number)
{
	(void)number;
	(*(int *)arg)++;
}

int proc_count_fds(int procfd, pid_t pid)
{
	char path[PROC_PATH_MAX];
	int n = 0, err;

	snprintf(path, sizeof(path), "%d/fd", (int)pid);
	err = proc_each_number(procfd, path, count_one, &n);
	if (err)
		return err == -ENOENT ? -ESRCH : err;
	return n;
}

/* The second (effective) number of a "Uid:\t1\t2\t3\t4" line. */
static int parse_effective_id(const char *text, const char *key, unsigned *ret)
{
	const char *value = find_value(text, key);
	unsigned real, effective;

	if (!value || sscanf(value, "%u %u", &real, &effective) != 2)
		return -EINVAL;
	*ret = effective;
	return 0;
}

int proc_read_ids(int procfd, pid_t pid, uid_t *ret_euid, gid_t *ret_egid)
{
	char text[STATUS_TEXT_MAX];
	ssize_t len = read_pid_file(procfd, pid, "status", text, sizeof(text));
	unsigned uid, gid;

	if (len < 0)
		return (int)len;
	if (parse_effective_id(text, "Uid:", &uid) || parse_effective_id(text, "Gid:", &gid))
		return -EINVAL;
	*ret_euid = uid;
	*ret_egid = gid;
	return 0;
}

bool proc_catches_signal(int procfd, pid_t pid, int sig)
{
	char text[STATUS_TEXT_MAX];
	const char *value;

	if (sig < 1 || sig > 64 || read_pid_file(procfd, pid, "status", text, sizeof(text)) < 0)
		return false;
	value = find_value(text, "SigCgt:");
	return value && (strtoull(value, NULL, 16) >> (sig - 1) & 1);
}

ssize_t proc_read_cmdline(int procfd, pid_t pid, char *out, size_t size)
{
	return read_pid_file(procfd, pid, "cmdline", out, size);
}
