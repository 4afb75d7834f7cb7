/* SPDX-License-Identifier: Apache-2.0 */
#include "report/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "report/kernlog.h"
#include "report/lines.h"

/* The kernel's log clock is not corrected by NTP (at most 500 ppm). */
#define DRIFT_PART 2000u
#define SLACK_USEC (5 * USEC_PER_SEC)
struct reader {
	const struct kmsg_wanted *wanted;
	struct kernlog *kernlog;
	struct lines lines;
	uint64_t line_usec; /* of the line at hand */
	bool fits;	    /* the account at hand has our kill in it */
	struct buf account; /* lines since "invoked oom-killer" */
	struct buf found;   /* the newest account that fits */
};

void kmsg_around(uint64_t wall_usec, uint64_t late_usec, struct kmsg_wanted *ret)
{
	struct timespec ts = { 0 };
	uint64_t boot, at, slack;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	boot = (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
	at = boot + wall_usec - MIN_OF(clock_wall_usec(), boot + wall_usec);
	slack = SLACK_USEC + boot / DRIFT_PART;
	ret->from_usec = at - MIN_OF(at, slack);
	ret->to_usec = at + slack + late_usec;
}

/* The path below the usual mount points; "" at the root of a namespace, whatever it really is. */
static const char *below_mount(const char *path)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/memory", "/unified" };

	for (unsigned i = 0; i < ARRAY_LEN(mounts); i++) {
		size_t len = strlen(mounts[i]);

		if (!strncmp(path, mounts[i], len) && (path[len] == '/' || !path[len]))
			path += len;
	}
	return path[0] == '/' && !path[1] ? "" : path;
}

/* The kernel counts from the root of the hierarchy, we from the mount point, which may be lower. */
static bool is_below(const char *task_memcg, const char *ours)
{
	size_t len = strlen(ours);

	for (const char *at = strchr(task_memcg, '/'); at; at = strchr(at + 1, '/'))
		if (!strncmp(at, ours, len) && (at[len] == '\0' || at[len] == '/'))
			return true;
	return false;
}

static void take_kill(const struct kernlog_facts *kill, void *arg)
{
	struct reader *r = arg;
	const struct kmsg_wanted *w = r->wanted;
	const char *task = kill->text[KERNLOG_TASK_MEMCG];

	if (r->line_usec < w->from_usec || r->line_usec > w->to_usec)
		return;
	if (task[0] && below_mount(w->cgroup)[0])
		r->fits |= is_below(task, below_mount(w->cgroup));
	else
		r->fits |= w->comm[0] && !strcmp(kill->text[KERNLOG_COMM], w->comm);
}

static void close_account(struct reader *r)
{
	if (r->fits) {
		buf_reset(&r->found);
		buf_add(&r->found, r->account.data, r->account.len);
	}
	r->fits = false;
	buf_reset(&r->account);
}

/* "6,1234,567890,-;text" as "[    0.567890] text". */
static void take_line(const char *line, size_t len, void *arg)
{
	struct reader *r = arg;
	const char *text = strchr(line, ';');
	unsigned long long usec;
	char shown[2048];
	struct buf b = BUF_ON(shown);

	(void)len;
	if (!text || sscanf(line, "%*u,%*u,%llu", &usec) != 1)
		return;
	r->line_usec = usec;
	if (strstr(text, "invoked oom-killer"))
		close_account(r);
	buf_reset(&b);
	buf_printf(&b, "[%5llu.%06llu] %s", usec / USEC_PER_SEC, usec % USEC_PER_SEC, text + 1);
	if (!kernlog_take_line(r->kernlog, shown, "") && (!r->account.len || r->fits))
		return;
	/* Whole lines, as many as there is room for; the head is what matters most. */
	if (r->account.len + b.len + 1 < r->account.size) {
		buf_add(&r->account, b.data, b.len);
		buf_puts(&r->account, "\n");
	}
}

/* Until there is nothing more, or the time is over and nothing was found. */
static int read_all(struct reader *r, int fd, int wait_msec)
{
	uint64_t until = clock_now_usec() + (uint64_t)wait_msec * USEC_PER_MSEC;
	char bytes[8192];
	ssize_t n;

	for (;;) {
		n = read(fd, bytes, sizeof(bytes));
		if (n > 0) {
			lines_feed(&r->lines, bytes, (size_t)n);
			continue;
		}
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue; /* overwritten before it was read */
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n == 0 || r->fits || r->found.len || clock_now_usec() >= until)
			return 0;
		poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 10);
	}
}

static int search(struct reader *r, int fd, int wait_msec, char *out, size_t size)
{
	int err = read_all(r, fd, wait_msec);

	lines_end(&r->lines);
	kernlog_end(r->kernlog);
	close_account(r);
	if (err < 0)
		return err;
	if (!r->found.len)
		return -ENOENT;
	buf_copy(out, size, r->found.data);
	return (int)strlen(out);
}

int kmsg_find(
	const char *path, const struct kmsg_wanted *wanted, int wait_msec, char *out, size_t size)
{
	auto_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	auto_free char *account = malloc(KMSG_TEXT_MAX);
	auto_free char *found = malloc(KMSG_TEXT_MAX);
	auto_free struct reader *r = calloc(1, sizeof(*r));
	int result;

	if (fd < 0)
		return -errno;
	if (!account || !found || !r)
		return -ENOMEM;
	r->wanted = wanted;
	r->account = (struct buf){ .data = account, .size = KMSG_TEXT_MAX };
	r->found = (struct buf){ .data = found, .size = KMSG_TEXT_MAX };
	buf_reset(&r->account);
	buf_reset(&r->found);
	lines_init(&r->lines, take_line, r);
	r->kernlog = kernlog_new(take_kill, r);
	if (!r->kernlog)
		return -ENOMEM;
	result = search(r, fd, wait_msec, out, size);
	kernlog_free(r->kernlog);
	return result;
}
