/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/fifo.h"
#include "dump/hook.h"
#include "dump/kinds.h"
#include "dump/nspath.h"
#include "dump/recognise.h"
#include "dump/wire.h"
#include "proc/proc.h"
#include "store/outfile.h"

#define CHUNK	    (256u << 10)
#define MARGIN_USEC (500 * USEC_PER_MSEC)
#define TYPES_USEC  (8 * USEC_PER_SEC) /* looks for a second; so long where others want the CPU */

/* All objects as lines of JSON, which ObjectSpace.dump_all writes into a fifo. */
struct objects {
	const struct dump_request *req;
	int pidfd;
	struct outfile out;
	struct fifo fifo;
	uint64_t until_usec;
	char first, last;
	bool is_over;
};

static int explain(const struct dump_request *req, int r, const char *why, struct dump_result *ret)
{
	snprintf(ret->text, sizeof(ret->text), "Ruby of pid %d (%s): %s", (int)req->pid,
		req->comm ? req->comm : "?", why);
	return r;
}

static uint64_t until_of(const struct dump_request *req)
{
	return req->deadline_usec - MIN_OF(req->deadline_usec, MARGIN_USEC);
}

static int look(const struct dump_request *req, struct dump_result *ret)
{
	*ret = (struct dump_result){ .bytes = 0 };
	return recognise_runtime(req->pid) == DUMP_RUBY
		       ? 0
		       : explain(req, -ENOEXEC, "that is no Ruby", ret);
}

/* > 0 taken, 0: its end, or -errno. */
static ssize_t take_data(struct objects *o)
{
	static char data[CHUNK];
	ssize_t n = fifo_read(&o->fifo, data, sizeof(data));
	int r;

	if (n <= 0)
		return n;
	if (!o->out.offset)
		o->first = data[0];
	o->last = data[n - 1];
	r = outfile_write(&o->out, data, (size_t)n);
	return r < 0 ? r : n;
}

/*
 * Called with the frame that says that it begins: the fifo has its writer by then, so that its end
 * is the end. From here on the program stands still.
 */
static int take_all(void *arg, const void *frame, size_t len)
{
	struct objects *o = arg;
	uint64_t limit =
		MIN_OF(o->until_usec, clock_now_usec() + o->req->conf->dump.max_pause_usec);

	(void)frame;
	(void)len;
	while (!o->is_over) {
		struct pollfd p[2] = { { .fd = o->fifo.fd, .events = POLLIN },
			{ .fd = o->pidfd, .events = POLLIN } };
		uint64_t now = clock_now_usec();
		ssize_t n;

		if (now >= limit)
			return -ETIMEDOUT;
		if (poll(p, 2, (int)MIN_OF((limit - now) / 1000 + 1, UINT64_C(1000))) < 0)
			continue;
		n = p[0].revents ? take_data(o) : -EAGAIN;
		if (n < 0 && n != -EAGAIN)
			return (int)n;
		if (n == -EAGAIN && p[1].revents)
			return -ESRCH;
		o->is_over = n == 0;
	}
	return 0;
}

/* Where its socket is; fifos are made there by its user. */
static int open_place(const struct dump_request *req)
{
	int fd;

	if (!req->hook_dir)
		return hook_open_dir(req->pid);
	fd = open(req->hook_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int make_fifo(struct objects *o, int dirfd)
{
	auto_close int procfd = proc_open_root();
	pid_t nspid = 0;
	uid_t uid = 0;
	gid_t gid = 0;
	int r = procfd < 0 ? procfd : proc_read_ids(procfd, o->req->pid, &uid, &gid);

	if (r == 0)
		r = nspath_read_pid(o->req->pid, &nspid);
	return r < 0 ? r : fifo_make(dirfd, nspid, uid, gid, &o->fifo);
}

static int ask_objects(struct objects *o, int dirfd, char why[HOOK_WHY_MAX])
{
	struct hook_ask ask = { .pid = o->req->pid,
		.dir = o->req->hook_dir,
		.until_usec = o->until_usec,
		.first_usec = 2 * USEC_PER_SEC,
		.max_bytes = 64,
		.each = take_all,
		.arg = o };
	char request[HOOK_REQUEST_MAX];
	int r = dirfd < 0 ? dirfd : make_fifo(o, dirfd);

	why[0] = '\0';
	if (r < 0) {
		snprintf(why, HOOK_WHY_MAX, "%s",
			r == -ENOENT ? "it has no hook (dump.inject)" : strerror(-r));
		return r;
	}
	snprintf(request, sizeof(request), "objects %s", o->fifo.name);
	ask.request = request;
	r = hook_ask(&ask, why);
	if (r == -ETIMEDOUT && o->fifo.begun_usec)
		snprintf(why, HOOK_WHY_MAX, "not complete within dump.deadline and dump.max-pause");
	if (r == 0 && !(o->is_over && o->first == '{' && o->last == '\n')) {
		snprintf(why, HOOK_WHY_MAX, "what its hook writes is not whole");
		r = -EBADMSG;
	}
	return r;
}

static int keep_objects(struct objects *o, struct dump_result *ret, char why[HOOK_WHY_MAX])
{
	int r = outfile_finish(&o->out, &ret->bytes);

	if (r < 0) {
		snprintf(why, HOOK_WHY_MAX, "%s", strerror(-r));
		return r;
	}
	ret->pause_usec = o->fifo.ended_usec - o->fifo.begun_usec;
	snprintf(ret->file, sizeof(ret->file), "%s", o->out.name);
	snprintf(ret->note, sizeof(ret->note), "ObjectSpace, for heapy and sheap; stopped for %s",
		units_human_duration(ret->pause_usec).s);
	return 0;
}

int dump_ruby(const struct dump_request *req, struct dump_result *ret)
{
	auto_close int dirfd = -1, pidfd = wire_open_pidfd(req->pid);
	struct objects o = { .req = req,
		.pidfd = pidfd,
		.out = OUTFILE_NONE,
		.fifo = FIFO_NONE,
		.until_usec = until_of(req) };
	char name[OUTFILE_NAME_MAX], why[HOOK_WHY_MAX];
	int r = look(req, ret);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "ruby-%d.objspace.jsonl", (int)req->pid);
	r = outfile_create(req->incident_dirfd, name, &o.out);
	if (r < 0)
		return explain(req, r, strerror(-r), ret);
	outfile_limit(&o.out, req->conf->dump.max_bytes, req->conf->dump.min_free_bp);
	dirfd = open_place(req);
	r = ask_objects(&o, dirfd, why);
	if (r == 0)
		r = keep_objects(&o, ret, why);
	fifo_remove(&o.fifo);
	outfile_drop(&o.out);
	return r < 0 ? explain(req, r, why, ret) : 0;
}

int profile_ruby(const struct dump_request *req, struct dump_result *ret)
{
	struct hook_ask ask = { .pid = req->pid,
		.dir = req->hook_dir,
		.request = "types",
		.until_usec = MIN_OF(until_of(req), clock_now_usec() + TYPES_USEC) };
	char name[OUTFILE_NAME_MAX], why[HOOK_WHY_MAX];
	int r = look(req, ret);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "ruby-%d.types.json", (int)req->pid);
	r = hook_save(req, &ask, name, ret, why);
	if (r < 0)
		return explain(req, r, why, ret);
	snprintf(ret->note, sizeof(ret->note), "objects by class");
	return 0;
}

int relieve_ruby(const struct dump_request *req, struct dump_result *ret)
{
	char text[256], why[HOOK_WHY_MAX];
	int r = look(req, ret);

	if (r < 0)
		return r;
	r = hook_ask_text(req, "gc", until_of(req), text, sizeof(text), why);
	if (r < 0)
		return explain(req, r, why, ret);
	snprintf(ret->text, sizeof(ret->text), "garbage collection%s",
		strstr(text, "\"compacted\":true") ? " and compaction" : "");
	return 0;
}
