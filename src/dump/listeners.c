/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/listeners.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define INODES_MAX   4096
#define STATE_LISTEN 0x0A
#define ACCEPTS	     0x10000 /* __SO_ACCEPTCON */
#define ROWS_MAX     200000  /* of all states: a busy server has some 10000 */

struct inodes {
	uint64_t list[INODES_MAX];
	size_t n;
};

static int read_inodes(pid_t pid, struct inodes *ret)
{
	auto_closedir DIR *d = NULL;
	struct dirent *e;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (!d)
		return -errno;
	ret->n = 0;
	while ((e = readdir(d)) && ret->n < INODES_MAX) {
		char link[64];
		ssize_t n = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);

		if (n <= 0)
			continue;
		link[n] = '\0';
		if (sscanf(link, "socket:[%" SCNu64 "]", &ret->list[ret->n]) == 1)
			ret->n++;
	}
	return 0;
}

static bool has_inode(const struct inodes *inodes, uint64_t inode)
{
	for (size_t i = 0; i < inodes->n; i++)
		if (inodes->list[i] == inode)
			return true;
	return false;
}

/* Addresses are printed as the machine's own words of what is in network order. */
static void set_v4(struct listener *l, const uint32_t *words, uint16_t port)
{
	l->address.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	l->address.v4.sin_addr.s_addr = words[0] ? words[0] : htonl(INADDR_LOOPBACK);
	l->len = sizeof(l->address.v4);
}

static void set_v6(struct listener *l, const uint32_t *words, uint16_t port)
{
	static const uint32_t loopback_v4;

	/* On all addresses means IPv4's, too, and its loopback is there where IPv6 is off. */
	if (!words[0] && !words[1] && !words[2] && !words[3]) {
		set_v4(l, &loopback_v4, port);
		return;
	}
	l->address.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
	memcpy(&l->address.v6.sin6_addr, words, sizeof(l->address.v6.sin6_addr));
	l->len = sizeof(l->address.v6);
}

bool listeners_parse_row(const char *row, struct listener *ret)
{
	unsigned words[4] = { 0 }, port, state;
	struct listener l = { .len = 0 };
	char address[33] = "";
	size_t len;

	if (sscanf(row,
		    " %*u: %32[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*x %2x %*x:%*x %*x:%*x %*x %*u "
		    "%*u %" SCNu64,
		    address, &port, &state, &l.inode) != 4)
		return false;
	len = strlen(address);
	if ((len != 8 && len != 32) || state != STATE_LISTEN || port == 0)
		return false;
	for (size_t i = 0; i < len / 8; i++)
		sscanf(address + i * 8, "%8x", &words[i]);
	if (len == 8)
		set_v4(&l, words, (uint16_t)port);
	else
		set_v6(&l, words, (uint16_t)port);
	*ret = l;
	return true;
}

static uint16_t port_of(const struct listener *l)
{
	return ntohs(l->address.any.sa_family == AF_INET ? l->address.v4.sin_port
							 : l->address.v6.sin6_port);
}

static int by_port(const void *a, const void *b)
{
	return (int)port_of(a) - (int)port_of(b);
}

static int read_rows(
	const char *path, const struct inodes *inodes, struct listener ret[LISTENERS_MAX], int n)
{
	auto_fclose FILE *f = fopen(path, "re");
	char row[512];

	for (int i = 0; f && i < ROWS_MAX && n < LISTENERS_MAX && fgets(row, sizeof(row), f); i++)
		if (listeners_parse_row(row, &ret[n]) && has_inode(inodes, ret[n].inode))
			n++;
	return n;
}

int listeners_find(pid_t pid, struct listener ret[LISTENERS_MAX])
{
	static const char *const files[] = { "tcp", "tcp6" };
	static struct inodes inodes;
	int n = 0, r = read_inodes(pid, &inodes);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[40];

		snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, files[i]);
		n = read_rows(path, &inodes, ret, n);
	}
	qsort(ret, (size_t)n, sizeof(*ret), by_port);
	return n;
}

bool listeners_parse_unix(const char *row, uint64_t *ret_inode, char ret_path[LISTENERS_PATH_MAX])
{
	char path[LISTENERS_PATH_MAX];
	unsigned flags;
	uint64_t inode;

	if (sscanf(row, "%*[^:]: %*x %*x %x %*x %*x %" SCNu64 " %107[^\n]", &flags, &inode, path) !=
			3 ||
		!(flags & ACCEPTS) || path[0] != '/')
		return false;
	*ret_inode = inode;
	memcpy(ret_path, path, sizeof(path));
	return true;
}

int listeners_find_unix(pid_t pid, char ret_path[LISTENERS_PATH_MAX])
{
	static struct inodes inodes;
	auto_fclose FILE *f = NULL;
	int r = read_inodes(pid, &inodes);
	char path[40], row[512];
	uint64_t inode;

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/net/unix", (int)pid);
	f = fopen(path, "re");
	for (int i = 0; f && i < ROWS_MAX && fgets(row, sizeof(row), f); i++)
		if (listeners_parse_unix(row, &inode, ret_path) && has_inode(&inodes, inode))
			return 0;
	return -ENOENT;
}

int listeners_enter_network(pid_t pid)
{
	auto_close int fd = -1;
	struct stat ours, theirs;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &theirs) < 0 || stat("/proc/self/ns/net", &ours) < 0)
		return -errno;
	if (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev)
		return 0;
	return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}
