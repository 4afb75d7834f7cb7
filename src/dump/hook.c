/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/hook.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/dumpers.h"
#include "dump/nspath.h"
#include "dump/wire.h"
#include "proc/proc.h"

#define OK	  "oomguard-hook 1 ok"
#define ERROR	  "oomguard-hook 1 error "
#define READ_MAX  (64u << 10)
#define TEXT_USEC (2 * USEC_PER_SEC) /* a loop that runs answers in milliseconds */

void hook_reply_begin(struct hook_reply *r, hook_fn each, void *arg, uint64_t max_bytes)
{
	*r = (struct hook_reply){ .each = each, .arg = arg, .max_bytes = max_bytes };
}

static int end_line(struct hook_reply *r)
{
	char reason[HOOK_WHY_MAX];

	r->line[r->n_line] = '\0';
	if (!strcmp(r->line, OK)) {
		r->state = HOOK_FRAMES;
		return 0;
	}
	if (strncmp(r->line, ERROR, strlen(ERROR)))
		return -EBADMSG;
	wire_first_line(r->line + strlen(ERROR), reason, sizeof(reason));
	buf_copy(r->line, sizeof(r->line), reason);
	r->state = HOOK_REFUSED;
	return 0;
}

static int begin_frame(struct hook_reply *r, uint8_t byte)
{
	r->length[r->n_length++] = byte;
	if (r->n_length < sizeof(r->length))
		return 0;
	r->n_length = 0;
	r->left = (uint32_t)r->length[0] << 24 | (uint32_t)r->length[1] << 16 |
		  (uint32_t)r->length[2] << 8 | r->length[3];
	if (r->left > r->max_bytes - r->bytes)
		return -EMSGSIZE;
	if (r->left == 0)
		r->state = HOOK_DONE;
	return 0;
}

static int take_frame(struct hook_reply *r, const uint8_t *data, size_t len, size_t *ret_used)
{
	size_t n = MIN_OF(len, (size_t)r->left);

	*ret_used = n;
	r->left -= (uint32_t)n;
	r->bytes += n;
	return r->each ? r->each(r->arg, data, n) : 0;
}

int hook_reply_feed(struct hook_reply *r, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len) {
		size_t used = 1;
		int e = 0;

		if (r->state == HOOK_DONE || r->state == HOOK_REFUSED)
			return -EBADMSG;
		if (r->state == HOOK_FRAMES && r->left)
			e = take_frame(r, from, len, &used);
		else if (r->state == HOOK_FRAMES)
			e = begin_frame(r, *from);
		else if (*from == '\n')
			e = end_line(r);
		else if (r->n_line == sizeof(r->line) - 1)
			e = -EBADMSG;
		else
			r->line[r->n_line++] = (char)*from;
		if (e)
			return e;
		from += used;
		len -= used;
	}
	return 0;
}

bool hook_find_number(const char *text, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	for (const char *at = strstr(text, key); at; at = strstr(at + 1, key)) {
		const char *value = at + n;
		char *end;
		unsigned long long number;

		if (at == text || at[-1] != '"' || *value++ != '"')
			continue;
		value += strspn(value, ": ");
		if (*value < '0' || *value > '9')
			continue;
		errno = 0;
		number = strtoull(value, &end, 10);
		if (errno)
			continue;
		*ret = number;
		return true;
	}
	return false;
}

static int open_dir(const struct hook_ask *ask)
{
	int fd = -1;

	if (!ask->dir)
		return hook_open_dir(ask->pid);
	fd = open(ask->dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Its user, or root: a program that starts as root and gives that up has its socket from before. */
static int connect_hook(const struct hook_ask *ask)
{
	auto_close int procfd = proc_open_root(), dirfd = open_dir(ask);
	pid_t nspid = 0;
	char name[32];
	uid_t uid = 0;
	gid_t gid;
	int r;

	if (procfd < 0 || dirfd < 0)
		return procfd < 0 ? procfd : dirfd;
	r = proc_read_ids(procfd, ask->pid, &uid, &gid);
	if (r == 0)
		r = nspath_read_pid(ask->pid, &nspid);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%d.sock", (int)nspid);
	r = wire_connect_unix(dirfd, name, ask->pid, uid, ask->until_usec);
	if (r == -EPERM && uid != 0)
		r = wire_connect_unix(dirfd, name, ask->pid, 0, ask->until_usec);
	/* Left behind by a process of the same number: as good as none. */
	return r == -ECONNREFUSED ? -ENOENT : r;
}

static int read_reply(const struct hook_ask *ask, int fd, int pidfd, struct hook_reply *reply)
{
	static char data[READ_MAX];
	uint64_t first = ask->first_usec ? clock_now_usec() + ask->first_usec : ask->until_usec;
	uint64_t until = MIN_OF(first, ask->until_usec);

	for (;;) {
		/* One that trickles must not keep us past the deadline either. */
		ssize_t n = clock_now_usec() >= until
				    ? -ETIMEDOUT
				    : wire_read(fd, pidfd, until, data, sizeof(data));
		int r;

		if (n < 0)
			return (int)n;
		if (n == 0)
			return reply->state == HOOK_DONE      ? 0
			       : reply->state == HOOK_REFUSED ? -EOPNOTSUPP
							      : -EBADMSG;
		until = ask->until_usec;
		r = hook_reply_feed(reply, data, (size_t)n);
		if (r)
			return r;
		if (reply->state == HOOK_DONE)
			return 0;
	}
}

static int explain(int r, const struct hook_reply *reply, char *ret_why)
{
	static const struct {
		int error;
		const char *words;
	} table[] = {
		{ -ENOENT, "no hook in it (dump.inject)" },
		{ -EPERM, "its hook's socket belongs to somebody else" },
		{ -ELOOP, "its hook directory is a symlink" },
		{ -EBADMSG, "its hook answers nonsense, or not to the end" },
		{ -EMSGSIZE, "its hook answers without end" },
		{ -ETIMEDOUT, "its hook does not answer in time" },
		{ -EBUSY, "it is stopped and cannot answer" },
		{ -ESRCH, "it has ended" },
	};
	const char *words = strerror(-r);

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].error == r)
			words = table[i].words;
	if (reply->state == HOOK_REFUSED)
		words = reply->line;
	buf_copy(ret_why, HOOK_WHY_MAX, words);
	return r;
}

static int ask_once(const struct hook_ask *ask, int pidfd, struct hook_reply *reply)
{
	auto_close int fd = connect_hook(ask);
	char line[HOOK_REQUEST_MAX];
	int n, r;

	if (fd < 0)
		return fd;
	n = snprintf(line, sizeof(line), "%s\n", ask->request);
	if (n < 0 || (size_t)n >= sizeof(line))
		return -ENAMETOOLONG;
	r = wire_send_all(fd, ask->until_usec, line, (size_t)n);
	return r < 0 ? r : read_reply(ask, fd, pidfd, reply);
}

int hook_ask(const struct hook_ask *ask, char ret_why[HOOK_WHY_MAX])
{
	auto_close int pidfd = wire_open_pidfd(ask->pid);
	struct hook_reply reply;
	int r = pidfd < 0 ? pidfd : wire_is_stopped(ask->pid) ? -EBUSY : 0;

	hook_reply_begin(&reply, ask->each, ask->arg, ask->max_bytes);
	if (r == 0)
		r = ask_once(ask, pidfd, &reply);
	/* A program that has closed all its files opens its socket anew when we knock. */
	if ((r == -EBADMSG || r == -ECONNRESET || r == -EPIPE) && reply.state == HOOK_LINE &&
		!reply.n_line)
		r = ask_once(ask, pidfd, &reply);
	ret_why[0] = '\0';
	return r ? explain(r, &reply, ret_why) : 0;
}

static int take_text(void *arg, const void *data, size_t len)
{
	buf_add(arg, data, len);
	return 0;
}

int hook_ask_text(const struct dump_request *req, const char *request, uint64_t until_usec,
	char *out, size_t size, char ret_why[HOOK_WHY_MAX])
{
	struct buf text = { .data = out, .size = size };
	struct hook_ask ask = {
		.pid = req->pid,
		.dir = req->hook_dir,
		.request = request,
		.until_usec = until_usec,
		.first_usec = TEXT_USEC,
		.max_bytes = size - 1,
		.each = take_text,
		.arg = &text,
	};

	buf_reset(&text);
	return hook_ask(&ask, ret_why);
}
