/* SPDX-License-Identifier: Apache-2.0 */
#include "report/previous.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"

#define WAIT_MSEC 2000

struct answer {
	int error;
	struct previous previous;
};

uint64_t previous_boot_id(void)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	char text[64];

	if (file_read_text(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof(text)) <= 0)
		return 0;
	for (const char *c = text; *c; c++)
		hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	return hash;
}

static void summarise(const struct flight_log *log, uint64_t boot_id, struct previous *ret)
{
	ret->end = flight_judge(log, boot_id);
	ret->n_lives = log->n_lives;
	for (unsigned i = 0; i < log->n_lives; i++) {
		ret->ooms += log->lives[i].ooms;
		ret->restarts += log->lives[i].restarts;
	}
	if (!log->n_lives)
		return;
	ret->life = log->lives[log->n_lives - 1];
	if (log->n_samples &&
		log->samples[log->n_samples - 1].wall_usec > ret->life.last_wall_usec) {
		ret->life.last_use_bytes = log->samples[log->n_samples - 1].use_bytes;
		ret->life.last_wall_usec = log->samples[log->n_samples - 1].wall_usec;
	}
}

static void find_in_child(int dirfd, uint64_t boot_id, int fd)
{
	struct answer a = { 0 };
	struct flight_log log;

	a.error = flight_read(dirfd, &log);
	if (!a.error)
		summarise(&log, boot_id, &a.previous);
	_exit(file_write_all(fd, &a, sizeof(a)) < 0);
}

int previous_find(int dirfd, uint64_t boot_id, struct previous *ret)
{
	auto_close int read_fd = -1;
	auto_close int write_fd = -1;
	struct answer a = { .error = -EIO };
	struct pollfd poll_fd;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	read_fd = fds[0];
	write_fd = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		find_in_child(dirfd, boot_id, write_fd);
	close(take_fd(&write_fd));
	poll_fd = (struct pollfd){ .fd = read_fd, .events = POLLIN };
	if (poll(&poll_fd, 1, WAIT_MSEC) != 1)
		a.error = -ETIMEDOUT;
	else if (read(read_fd, &a, sizeof(a)) != (ssize_t)sizeof(a))
		a.error = -EIO;
	/* One that hangs in the kernel is reaped by the loop, whenever it ends. */
	kill(pid, SIGKILL);
	if (a.error != -ETIMEDOUT)
		waitpid(pid, NULL, 0);
	if (!a.error)
		*ret = a.previous;
	return a.error;
}

void previous_describe(const struct previous *p, char *out, size_t size)
{
	const struct flight_life *l = &p->life;
	struct buf b = { .data = out, .size = size };

	buf_reset(&b);
	buf_printf(&b, "the life before (%s): %s",
		units_human_duration(
			l->last_wall_usec - MIN_OF(l->start_wall_usec, l->last_wall_usec))
			.s,
		flight_end_words(p->end));
	if (l->limit_bytes && l->limit_bytes != UINT64_MAX)
		buf_printf(&b, "; last seen at %s of %s", units_human_bytes(l->last_use_bytes).s,
			units_human_bytes(l->limit_bytes).s);
}
