/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX 512

/* A tenth of a second of stall within two: without CAP_SYS_RESOURCE the kernel takes no window but
 * multiples of two seconds. */
static const char pressure_trigger[] = "some 100000 2000000";

static int open_beside(const struct cgroup_level *level, const char *name, int flags)
{
	char path[CGROUP_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", level->path, name);
	return open(path, flags | O_CLOEXEC);
}

/* Owns fd from now on. */
static bool add(struct notify *n, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data = { .fd = fd } };

	if (n->n_fds == ARRAY_LEN(n->source_fds) || epoll_ctl(n->fd, EPOLL_CTL_ADD, fd, &ev)) {
		close(fd);
		return false;
	}
	n->source_fds[n->n_fds++] = fd;
	return true;
}

/* Files of our own: what others read through the same open file would be taken for told. */
static void add_events(struct notify *n, const struct cgroup *cg)
{
	char text[TEXT_MAX];

	for (unsigned i = 0; i < cg->n_levels; i++) {
		int fd = open_beside(&cg->levels[i], "memory.events", O_RDONLY);

		/* kernfs tells what has changed since the last read. */
		if (fd < 0)
			continue;
		if (file_pread_text(fd, text, sizeof(text)) < 0)
			close(fd);
		else if (add(n, fd, EPOLLPRI))
			n->sources |= NOTIFY_EVENTS;
	}
}

static void add_pressure(struct notify *n, const struct cgroup *cg)
{
	int fd = open_beside(&cg->levels[0], "memory.pressure", O_RDWR | O_NONBLOCK);

	if (fd < 0)
		return;
	if (write(fd, pressure_trigger, sizeof(pressure_trigger)) < 0)
		close(fd);
	else if (add(n, fd, EPOLLPRI))
		n->sources |= NOTIFY_PRESSURE;
}

/* "EVENT_FD FILE_FD [BYTES]" */
static bool register_v1(int control_fd, int event_fd, int file_fd, const char *rest)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%d %d%s", event_fd, file_fd, rest);

	return file_fd >= 0 && write(control_fd, text, (size_t)len) == len;
}

static void add_v1(struct notify *n, const struct cgroup *cg, uint64_t threshold_bytes)
{
	auto_close int control_fd = open_beside(&cg->levels[0], "cgroup.event_control", O_WRONLY);
	const struct cgroup_files *fd = &cg->levels[0].fd;
	int event_fd = control_fd < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	unsigned sources = 0;
	char bytes[32];

	if (event_fd < 0)
		return;
	snprintf(bytes, sizeof(bytes), " %llu", (unsigned long long)threshold_bytes);
	if (threshold_bytes && register_v1(control_fd, event_fd, fd->usage, bytes))
		sources |= NOTIFY_THRESHOLD;
	if (register_v1(control_fd, event_fd, fd->events, ""))
		sources |= NOTIFY_OOM;
	if (!sources)
		close(event_fd);
	else if (add(n, event_fd, EPOLLIN))
		n->sources = sources;
}

int notify_open(struct notify *n, const struct cgroup *cg, uint64_t threshold_bytes)
{
	*n = NOTIFY_NONE;
	if (!cg->n_levels)
		return -ENOENT;
	n->fd = epoll_create1(EPOLL_CLOEXEC);
	if (n->fd < 0)
		return -errno;
	if (cg->version == CGROUP_V1) {
		add_v1(n, cg, threshold_bytes);
	} else {
		add_pressure(n, cg);
		add_events(n, cg);
	}
	if (n->sources)
		return 0;
	notify_close(n);
	return -ENOENT;
}

void notify_close(struct notify *n)
{
	while (n->n_fds > 0)
		close(n->source_fds[--n->n_fds]);
	cleanup_close(&n->fd);
	*n = NOTIFY_NONE;
}

/* An eventfd knows no offset. */
static ssize_t read_from_start(int fd, char *text, size_t size)
{
	ssize_t len = pread(fd, text, size, 0);

	if (len < 0 && errno == ESPIPE)
		len = read(fd, text, size);
	return len < 0 && errno == EAGAIN ? 0 : len;
}

void notify_take(struct notify *n)
{
	struct epoll_event told[CGROUP_LEVELS_MAX];
	char text[TEXT_MAX];
	int n_told = epoll_wait(n->fd, told, ARRAY_LEN(told), 0);

	/* Reading is what quiets an eventfd and memory.events; memory.pressure is quiet once it has
	 * been polled. What cannot be read has gone with its cgroup and would be told for ever. */
	for (int i = 0; i < n_told; i++)
		if (read_from_start(told[i].data.fd, text, sizeof(text)) < 0)
			epoll_ctl(n->fd, EPOLL_CTL_DEL, told[i].data.fd, NULL);
}

void notify_describe(unsigned sources, char *out, size_t size)
{
	static const struct {
		enum notify_source source;
		const char *words;
	} rows[] = {
		{ NOTIFY_EVENTS, "memory.events" },
		{ NOTIFY_PRESSURE, "memory.pressure" },
		{ NOTIFY_THRESHOLD, "a threshold of memory.usage_in_bytes" },
		{ NOTIFY_OOM, "memory.oom_control" },
	};
	struct buf b = { .data = out, .size = size };

	buf_reset(&b);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (sources & rows[i].source)
			buf_printf(&b, "%s%s", b.len ? ", " : "", rows[i].words);
	if (!b.len)
		buf_puts(&b, "nothing");
}
