/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core by the runtime's own createdump, asked for over the diagnostics port. It writes into a
 * fifo: no disk of the target, no page cache, no more than we take, and seen as it passes.
 */
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/core_pages.h"
#include "dump/corecheck.h"
#include "dump/dotnet.h"
#include "dump/fifo.h"
#include "dump/kinds.h"
#include "store/outfile.h"

#define CHUNK	  (256u << 10)
#define TYPE_HEAP 2 /* what the managed heap needs: about its size */
#define TYPE_FULL 4 /* all that is mapped; the only one of programs that are a single file */

/* Without those that say what went wrong, then without those that take flags (.NET 6, 5). */
static const uint8_t commands[] = { 3, 2, 1 };

struct core {
	struct dotnet_ipc *ipc;
	struct outfile out;
	struct corecheck check;
	struct fifo fifo;
	int sockfd;
	uint64_t max_pause_usec;
	bool answered;
};

static int ask(struct core *c, uint8_t command, uint32_t type)
{
	char path[DOTNET_IPC_DIR_MAX + FIFO_NAME_MAX];
	uint8_t body[1024];
	size_t len = 0;
	int r;

	snprintf(path, sizeof(path), "%s%s", c->ipc->dir, c->fifo.name);
	r = dotnet_ipc_add_text(body, sizeof(body), &len, path);
	if (r < 0)
		return r;
	dotnet_ipc_add_u32(body, sizeof(body), &len, type);
	dotnet_ipc_add_u32(body, sizeof(body), &len, 0); /* no words to the application's stderr */
	c->sockfd = dotnet_ipc_send(c->ipc, DOTNET_SET_DUMP, command, body, len);
	return c->sockfd < 0 ? c->sockfd : 0;
}

/* What is in the fifo now: > 0 bytes taken, 0: its end, -EAGAIN, or -errno. */
static ssize_t take_data(struct core *c)
{
	static uint8_t data[CHUNK];
	ssize_t n = fifo_read(&c->fifo, data, sizeof(data));
	int r;

	if (n <= 0)
		return n;
	corecheck_feed(&c->check, data, (size_t)n);
	r = outfile_write(&c->out, data, (size_t)n);
	return r < 0 ? r : n;
}

/* Until the runtime answers, which is after createdump has ended, and the fifo is empty. */
static int take_all(struct core *c)
{
	uint64_t begin = clock_now_usec();
	uint64_t limit = MIN_OF(c->ipc->until_usec, begin + c->max_pause_usec);

	for (;;) {
		/* A fifo that has no writer yet, or none any more, is always "ready". */
		struct pollfd p[3] = { { .fd = c->fifo.fd, .events = POLLIN },
			{ .fd = c->answered ? -1 : c->sockfd, .events = POLLIN },
			{ .fd = c->ipc->pidfd, .events = POLLIN } };
		uint64_t now = clock_now_usec();
		int wait_msec = c->answered ? 0 : 1000;
		ssize_t n;

		if (now >= limit)
			return -ETIMEDOUT;
		if (poll(p, 3,
			    MIN_OF((int)MIN_OF((limit - now) / 1000 + 1, UINT64_C(1000)),
				    wait_msec)) < 0 &&
			errno != EINTR)
			return -errno;
		n = p[0].revents ? take_data(c) : -EAGAIN;
		if (n > 0)
			continue;
		if (n < 0 && n != -EAGAIN)
			return (int)n;
		if (c->answered)
			return 0;
		if (p[2].revents)
			return -ESRCH;
		c->answered = p[1].revents != 0;
		if (n == 0 && !c->answered)
			usleep(1000);
	}
}

static int read_answer(struct core *c)
{
	static uint8_t body[DOTNET_IPC_BODY_MAX];
	size_t len;
	int r = dotnet_ipc_read(c->ipc, c->sockfd, body, &len);

	if (r == 0 && !corecheck_is_complete(&c->check)) {
		snprintf(c->ipc->why, sizeof(c->ipc->why), "what createdump wrote is not whole");
		r = -EBADMSG;
	}
	return r;
}

/* One command, one connection, one fifo. */
static int try_command(struct core *c, uint8_t command, uint32_t type)
{
	struct dotnet_ipc *ipc = c->ipc;
	int r = fifo_make(ipc->dirfd, ipc->nspid, ipc->uid, ipc->gid, &c->fifo);

	ipc->error = 0;
	ipc->why[0] = '\0';
	corecheck_begin(&c->check);
	c->answered = false;
	if (r < 0)
		snprintf(ipc->why, sizeof(ipc->why), "cannot write to its %.64s: %s", ipc->dir,
			strerror(-r));
	if (r == 0)
		r = ask(c, command, type);
	if (r == 0)
		r = take_all(c);
	if (r == -ETIMEDOUT)
		snprintf(ipc->why, sizeof(ipc->why),
			"not complete within dump.deadline and dump.max-pause");
	else if (r == -ECANCELED)
		snprintf(
			ipc->why, sizeof(ipc->why), "given up: too little memory is left, or time");
	if (r == 0)
		r = read_answer(c);
	fifo_remove(&c->fifo);
	cleanup_close(&c->sockfd);
	c->sockfd = -1;
	return r;
}

/* *type: what was asked for in the end. */
static int stream_core(struct core *c, uint32_t *type)
{
	int r = -ENOSYS;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		r = try_command(c, commands[i], *type);
		if (r == -EREMOTEIO && c->ipc->error != DOTNET_UNKNOWN_COMMAND &&
			*type == TYPE_HEAP && !c->fifo.begun_usec) {
			*type = TYPE_FULL;
			r = try_command(c, commands[i], *type);
		}
		if (r != -EREMOTEIO || c->ipc->error != DOTNET_UNKNOWN_COMMAND)
			break;
	}
	return r;
}

static int look_for_library(void *arg, const struct core_map *map)
{
	const char *slash = strrchr(map->path, '/');
	bool *found = arg;

	*found |= slash && !strcmp(slash + 1, "libcoreclr.so");
	return 0;
}

/* createdump of a program in a single file refuses anything else, on the application's stderr. */
static uint32_t choose_type(pid_t pid)
{
	bool found = false;

	core_each_map(pid, look_for_library, &found);
	return found ? TYPE_HEAP : TYPE_FULL;
}

static int keep_core(struct core *c, uint32_t type, struct dump_result *ret)
{
	int r = outfile_finish(&c->out, &ret->bytes);

	if (r < 0) {
		snprintf(c->ipc->why, sizeof(c->ipc->why), "%s", strerror(-r));
		return r;
	}
	ret->pause_usec = c->fifo.ended_usec - c->fifo.begun_usec;
	snprintf(ret->file, sizeof(ret->file), "%s", c->out.name);
	snprintf(ret->note, sizeof(ret->note), "%s by createdump, for dotnet-dump",
		type == TYPE_HEAP ? "heap" : "full core");
	return 0;
}

int dump_dotnet(const struct dump_request *req, struct dump_result *ret)
{
	uint32_t type = choose_type(req->pid);
	char name[OUTFILE_NAME_MAX];
	struct dotnet_ipc ipc;
	struct core c = { .ipc = &ipc, .out = OUTFILE_NONE, .fifo = FIFO_NONE, .sockfd = -1 };
	int r = dotnet_open(req, &ipc, ret);

	if (r < 0) {
		dotnet_ipc_close(&ipc);
		return r;
	}
	c.max_pause_usec = req->conf->dump.max_pause_usec;
	snprintf(name, sizeof(name), "dotnet-%d.core.elf", (int)req->pid);
	r = outfile_create(req->incident_dirfd, name, &c.out);
	if (r == 0) {
		outfile_limit(&c.out, req->conf->dump.max_bytes, req->conf->dump.min_free_bp);
		r = stream_core(&c, &type);
	}
	if (r == 0)
		r = keep_core(&c, type, ret);
	outfile_drop(&c.out);
	dotnet_ipc_close(&ipc);
	return r < 0 ? dotnet_explain(req, r, ipc.why, ret) : 0;
}
