/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/find.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* libcgroup has a struct of this name too, which we have no use for. */
#define cgroup_stat libcgroup_stat
#include <libcgroup.h>
#undef cgroup_stat

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"

#define LIBRARY_DEADLINE_USEC (2 * USEC_PER_SEC)
#define CGROUP_TEXT_MAX	      (UINT32_C(16) * 1024)
/* Some 150 bytes a mount; nodes with many containers have thousands in the host's namespace. */
#define MOUNTINFO_TEXT_MAX (UINT32_C(4) * 1024 * 1024)
#define SEARCH_DEPTH_MAX   8
#define SEARCH_DIRS_MAX	   20000

/* What the library knows. Less than PIPE_BUF, so that one write brings all of it. */
struct finding {
	char mount[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX];
};

/* In the child: never returns, touches nothing that the parent has. */
static void __attribute__((noreturn)) ask_library(pid_t pid, int out_fd)
{
	struct finding finding = { 0 };
	char *mount = NULL, *path = NULL;

	/* It would write its warnings to our stdout. */
	cgroup_set_logger(NULL, CGROUP_LOG_ERROR, NULL);
	if (cgroup_init() || cgroup_get_subsys_mount_point("memory", &mount) ||
		cgroup_get_current_controller_path(pid, "memory", &path))
		_exit(1);
	if (strlen(mount) >= sizeof(finding.mount) || strlen(path) >= sizeof(finding.path))
		_exit(1);
	strcpy(finding.mount, mount);
	strcpy(finding.path, path);
	_exit(file_write_all(out_fd, &finding, sizeof(finding)) ? 1 : 0);
}

static int read_finding(int fd, struct finding *ret)
{
	uint64_t deadline = clock_now_usec() + LIBRARY_DEADLINE_USEC;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct finding finding;
	uint64_t now;
	ssize_t len;

	while ((now = clock_now_usec()) < deadline) {
		int n = poll(&poll_fd, 1, (int)((deadline - now) / USEC_PER_MSEC) + 1);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		len = read(fd, &finding, sizeof(finding));
		if (len != (ssize_t)sizeof(finding))
			return -ENOENT;
		finding.mount[sizeof(finding.mount) - 1] = '\0';
		finding.path[sizeof(finding.path) - 1] = '\0';
		*ret = finding;
		return 0;
	}
	return -ETIMEDOUT;
}

static int run_library(pid_t pid, struct finding *ret)
{
	int ends[2], err;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0) {
		err = -errno;
		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (!child)
		ask_library(pid, ends[1]);
	close(ends[1]);
	err = read_finding(ends[0], ret);
	close(ends[0]);
	/* Done or overdue: it has nothing more to do for us. */
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return err;
}

/* On the heap: start-up only, and mountinfo has no bound. NULL when it cannot be read. */
static char *read_proc_text(int procfd, pid_t pid, const char *name, size_t size, int *ret_err)
{
	char path[64], *text = malloc(size);
	ssize_t len;

	*ret_err = -ENOMEM;
	if (!text)
		return NULL;
	if (pid)
		snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	else
		snprintf(path, sizeof(path), "self/%s", name);
	len = file_read_text(procfd, path, text, size);
	if (len < 0 && len != -EFBIG) {
		free(text);
		*ret_err = (int)len;
		return NULL;
	}
	*ret_err = 0;
	return text;
}

/* The library's mount and path, completed by what mountinfo says of that mount. */
static int place_by_library(pid_t pid, const char *mountinfo, struct cgroup_place *ret)
{
	struct cgroup_membership membership = { 0 };
	struct cgroup_place place;
	struct finding finding;
	int err = run_library(pid ? pid : getpid(), &finding);

	if (err)
		return err;
	/* Which version it is, the mount tells; the other path only has to be absent. */
	strcpy(membership.v2_path, finding.path);
	err = resolve_place(&membership, mountinfo, finding.mount, &place);
	if (err) {
		strcpy(membership.v1_path, finding.path);
		err = resolve_place(&membership, mountinfo, finding.mount, &place);
	}
	if (err || !place.exact)
		return -ENOENT;
	*ret = place;
	return 0;
}

int cgroup_find(const struct cgroup_source *source, pid_t pid, struct cgroup_place *ret)
{
	auto_free char *mountinfo = NULL, *text = NULL;
	struct cgroup_membership membership;
	int err;

	mountinfo = read_proc_text(source->procfd, pid, "mountinfo", MOUNTINFO_TEXT_MAX, &err);
	if (!mountinfo)
		return err;
	if (source->live && !place_by_library(pid, mountinfo, ret))
		return 0;
	text = read_proc_text(source->procfd, pid, "cgroup", CGROUP_TEXT_MAX, &err);
	if (!text)
		return err; /* a kernel without cgroups */
	resolve_membership(text, &membership);
	return resolve_place(&membership, mountinfo, NULL, ret);
}

static bool lists_pid(const char *dir, pid_t pid)
{
	char path[CGROUP_PATH_MAX + 16];
	auto_fclose FILE *f = NULL;
	int listed;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &listed) == 1) {
		if (listed == pid)
			return true;
	}
	return false;
}

/* Extends `dir` in place; leaves it as it was when there is nothing below. */
static bool search_below(char dir[CGROUP_PATH_MAX], pid_t pid, unsigned depth, unsigned *budget)
{
	auto_closedir DIR *d = NULL;
	size_t len = strlen(dir);
	struct dirent *entry;

	if (!*budget)
		return false;
	(*budget)--;
	if (lists_pid(dir, pid))
		return true;
	d = depth ? opendir(dir) : NULL;
	while (d && (entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
			len + 1 + strlen(entry->d_name) >= CGROUP_PATH_MAX)
			continue;
		sprintf(dir + len, "/%s", entry->d_name);
		if (search_below(dir, pid, depth - 1, budget))
			return true;
		dir[len] = '\0';
	}
	return false;
}

bool cgroup_search_pid(const char *prefix, pid_t pid, struct cgroup_place *place)
{
	char dir[CGROUP_PATH_MAX];
	unsigned budget = SEARCH_DIRS_MAX;
	size_t skip = strlen(prefix);

	if (snprintf(dir, sizeof(dir), "%s%s", prefix, place->dir) >= (int)sizeof(dir) ||
		!search_below(dir, pid, SEARCH_DEPTH_MAX, &budget))
		return false;
	strcpy(place->dir, dir + skip);
	place->depth = 1;
	for (const char *c = place->dir + strlen(place->mount); *c; c++)
		place->depth += *c == '/';
	place->exact = true;
	return true;
}
