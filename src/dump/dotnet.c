/* SPDX-License-Identifier: Apache-2.0 */
/* The heap of a .NET runtime by EventPipe: what `dotnet-gcdump` records, and a collection. */
#include "dump/dotnet.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/dotnet_heap.h"
#include "dump/kinds.h"
#include "dump/lsb.h"
#include "dump/nettrace.h"
#include "dump/recognise.h"
#include "dump/wire.h"
#include "proc/proc.h"
#include "store/outfile.h"

#define MARGIN_USEC  (500 * USEC_PER_MSEC)
#define TRACE_MAX    (512 * MIB)
#define BUFFER_MIB   32 /* of the runtime's, allocated as it fills; it is read all the time */
#define FORMAT	     1	/* Nettrace */
#define VERBOSE	     5
#define INFORMATION  4
#define PROVIDER     "Microsoft-Windows-DotNETRuntime"
#define COLLECT	     3 /* CollectTracing2 */
#define STOP	     1
#define LINES_MAX    1000
#define WALK_PER_SEC (200 * MIB) /* of what is resident; the heap is a part of it */

/* GC, Type, GCHeapDump and what goes with it: GCHeapSnapshot, as dotnet-gcdump has it. */
#define KEYWORDS_SNAPSHOT UINT64_C(0x1980001)
/* GC and GCHeapCollect: enabling it collects. */
#define KEYWORDS_COLLECT UINT64_C(0x800001)

int dotnet_explain(const struct dump_request *req, int r, const char *why, struct dump_result *ret)
{
	snprintf(ret->text, sizeof(ret->text), ".NET of pid %d (%s): %s", (int)req->pid,
		req->comm ? req->comm : "?", why[0] ? why : strerror(-r));
	return r;
}

int dotnet_open(const struct dump_request *req, struct dotnet_ipc *ipc, struct dump_result *ret)
{
	uint64_t until = req->deadline_usec - MIN_OF(req->deadline_usec, MARGIN_USEC);
	int r;

	*ret = (struct dump_result){ .bytes = 0 };
	*ipc = (struct dotnet_ipc){ .pidfd = -1, .dirfd = -1 };
	if (recognise_runtime(req->pid) != DUMP_DOTNET)
		return dotnet_explain(req, -ENOEXEC, "that is no .NET runtime", ret);
	if (wire_is_stopped(req->pid))
		return dotnet_explain(req, -EBUSY, "it is stopped and cannot answer", ret);
	r = dotnet_ipc_open(req->pid, until, ipc);
	return r < 0 ? dotnet_explain(req, r, ipc->why, ret) : 0;
}

/* --- one session, until the collection that it causes is over --- */

struct session {
	struct dotnet_ipc *ipc;
	struct outfile *out; /* NULL: nothing is kept */
	int fd, stopfd;	     /* owned */
	uint64_t id, bytes;
	struct nettrace trace;
	struct dotnet_heap heap;
};

static int why(struct session *s, int r, const char *words)
{
	snprintf(s->ipc->why, sizeof(s->ipc->why), "%s", words);
	return r;
}

static int begin(struct session *s, uint64_t keywords, uint32_t verbosity)
{
	static uint8_t answer[DOTNET_IPC_BODY_MAX];
	uint8_t body[256];
	const uint8_t no_rundown = 0;
	size_t len = 0;
	struct lsb c;
	int r;

	dotnet_ipc_add_u32(body, sizeof(body), &len, BUFFER_MIB);
	dotnet_ipc_add_u32(body, sizeof(body), &len, FORMAT);
	dotnet_ipc_add(body, sizeof(body), &len, &no_rundown, 1);
	dotnet_ipc_add_u32(body, sizeof(body), &len, 1); /* providers */
	dotnet_ipc_add_u64(body, sizeof(body), &len, keywords);
	dotnet_ipc_add_u32(body, sizeof(body), &len, verbosity);
	dotnet_ipc_add_text(body, sizeof(body), &len, PROVIDER);
	dotnet_ipc_add_text(body, sizeof(body), &len, "");
	s->fd = dotnet_ipc_send(s->ipc, DOTNET_SET_TRACE, COLLECT, body, len);
	if (s->fd < 0)
		return s->fd;
	r = dotnet_ipc_read(s->ipc, s->fd, answer, &len);
	if (r < 0)
		return r;
	c = lsb_on(answer, len);
	s->id = lsb_u64(&c);
	return c.bad ? why(s, -EBADMSG, "its answer is no session") : 0;
}

/* The answer comes when the session is closed; what it says does not matter then. */
static int stop(struct session *s)
{
	uint8_t body[8];
	size_t len = 0;

	dotnet_ipc_add_u64(body, sizeof(body), &len, s->id);
	s->stopfd = dotnet_ipc_send(s->ipc, DOTNET_SET_TRACE, STOP, body, len);
	return s->stopfd < 0 ? s->stopfd : 0;
}

static int take(struct session *s, const uint8_t *data, size_t len)
{
	int r;

	s->bytes += len;
	if (s->bytes > TRACE_MAX)
		return why(s, -EMSGSIZE, "its events do not end");
	if (nettrace_feed(&s->trace, data, len) < 0)
		return why(s, -EBADMSG, "what it sends are no events");
	r = s->out ? outfile_write(s->out, data, len) : 0;
	if (r == -ECANCELED)
		return why(s, r, "given up: too little memory is left, or time");
	return r < 0 ? why(s, r, strerror(-r)) : 0;
}

/* To its end: 0, or -errno. */
static int take_all(struct session *s)
{
	static uint8_t data[64 << 10];
	ssize_t n;
	int r = 0;

	for (;;) {
		n = wire_read(s->fd, s->ipc->pidfd, s->ipc->until_usec, data, sizeof(data));
		if (n <= 0)
			break;
		r = take(s, data, (size_t)n);
		if (r == 0 && s->heap.is_over && s->stopfd < 0)
			r = stop(s);
		if (r < 0)
			return r;
	}
	if (n == -ETIMEDOUT)
		return why(s, -ETIMEDOUT, "the collection is not over within dump.deadline");
	if (n < 0)
		return why(s, (int)n, strerror((int)-n));
	if (!nettrace_is_complete(&s->trace))
		return why(s, -EBADMSG, "its events break off");
	return s->heap.is_over ? 0 : why(s, -EBADMSG, "it ends without a collection");
}

static int run(struct session *s, struct dotnet_ipc *ipc, struct outfile *out, uint64_t keywords,
	uint32_t verbosity)
{
	int r;

	s->ipc = ipc;
	s->out = out;
	s->fd = s->stopfd = -1;
	s->bytes = 0;
	dotnet_heap_begin(&s->heap);
	nettrace_begin(&s->trace, dotnet_heap_take, &s->heap);
	r = begin(s, keywords, verbosity);
	if (r == 0)
		r = take_all(s);
	/* A session that nobody reads any more would go on in the runtime. */
	if (r < 0 && s->id && s->stopfd < 0) {
		ipc->until_usec = clock_now_usec() + MARGIN_USEC;
		stop(s);
	}
	cleanup_close(&s->fd);
	cleanup_close(&s->stopfd);
	return r;
}

static struct session the_session; /* 3 MiB as far as it is used, in a helper of its own */

/* --- the histogram beside it --- */

static int write_line(struct outfile *out, struct buf *line)
{
	int r = outfile_write(out, line->data, line->len);

	buf_reset(line);
	return r;
}

static int write_types(struct session *s, unsigned n, struct outfile *out)
{
	const struct dotnet_heap *h = &s->heap;
	char text[DOTNET_LINE_MAX];
	struct buf line = BUF_ON(text);
	int r;

	buf_reset(&line);
	buf_printf(&line, "%12s %14s  type\n", "objects", "bytes");
	r = write_line(out, &line);
	for (unsigned i = 0; i < MIN_OF(n, LINES_MAX) && r == 0; i++) {
		const struct dotnet_type *t = &h->types[i];

		buf_printf(&line, "%12llu %14llu  %s\n", (unsigned long long)t->objects,
			(unsigned long long)t->bytes, dotnet_heap_name(h, t));
		r = write_line(out, &line);
	}
	buf_printf(&line, "%12llu %14llu  all of %u types\n", (unsigned long long)h->objects,
		(unsigned long long)h->bytes, n);
	if (h->lost_batches)
		buf_printf(&line, "the runtime had no room for %u batches more\n", h->lost_batches);
	return r == 0 ? write_line(out, &line) : r;
}

static void keep_types(const struct dump_request *req, struct session *s, struct dump_result *ret)
{
	struct outfile out = OUTFILE_NONE;
	struct buf note = BUF_ON(ret->note);
	char name[OUTFILE_NAME_MAX];
	unsigned n = dotnet_heap_sort(&s->heap);
	uint64_t bytes;
	int r;

	buf_reset(&note);
	if (n)
		buf_printf(&note, "largest: %.100s, %s in %llu objects",
			dotnet_heap_name(&s->heap, &s->heap.types[0]),
			units_human_bytes(s->heap.types[0].bytes).s,
			(unsigned long long)s->heap.types[0].objects);
	snprintf(name, sizeof(name), "dotnet-%d.types.txt", (int)req->pid);
	r = outfile_create(req->incident_dirfd, name, &out);
	if (r == 0)
		r = write_types(s, n, &out);
	if (r == 0 && outfile_finish(&out, &bytes) == 0)
		buf_printf(&note, "; types: %s", out.name);
	outfile_drop(&out);
	if (s->heap.lost_batches)
		buf_puts(&note, "; not all of the heap");
}

/* The application stands still while its heap is walked through. */
static int admit_walk(const struct dump_request *req, struct dump_result *ret)
{
	auto_close int procfd = proc_open_root();
	struct proc_stat stat;
	uint64_t pause;
	char words[DOTNET_IPC_WHY_MAX];

	if (procfd < 0 || proc_read_stat(procfd, req->pid, &stat) < 0)
		return 0;
	pause = stat.rss_bytes / (WALK_PER_SEC / USEC_PER_SEC);
	if (pause <= req->conf->dump.max_pause_usec)
		return 0;
	snprintf(words, sizeof(words),
		"a walk through %s would stop it for about %s (dump.max-pause = %s)",
		units_human_bytes(stat.rss_bytes).s, units_human_duration(pause).s,
		units_human_duration(req->conf->dump.max_pause_usec).s);
	return dotnet_explain(req, -ENOSPC, words, ret);
}

int profile_dotnet(const struct dump_request *req, struct dump_result *ret)
{
	struct session *s = &the_session;
	struct outfile out = OUTFILE_NONE;
	char name[OUTFILE_NAME_MAX];
	struct dotnet_ipc ipc;
	int r = dotnet_open(req, &ipc, ret);

	if (r == 0)
		r = admit_walk(req, ret);
	if (r < 0) {
		dotnet_ipc_close(&ipc);
		return r;
	}
	snprintf(name, sizeof(name), "dotnet-%d.gcdump.nettrace", (int)req->pid);
	r = outfile_create(req->incident_dirfd, name, &out);
	if (r == 0) {
		outfile_limit(&out, req->conf->dump.max_bytes, req->conf->dump.min_free_bp);
		r = run(s, &ipc, &out, KEYWORDS_SNAPSHOT, VERBOSE);
	}
	if (r == 0)
		r = outfile_finish(&out, &ret->bytes);
	if (r == 0) {
		snprintf(ret->file, sizeof(ret->file), "%s", out.name);
		keep_types(req, s, ret);
	}
	outfile_drop(&out);
	dotnet_ipc_close(&ipc);
	return r < 0 ? dotnet_explain(req, r, ipc.why, ret) : 0;
}

int relieve_dotnet(const struct dump_request *req, struct dump_result *ret)
{
	struct dotnet_ipc ipc;
	int r = dotnet_open(req, &ipc, ret);

	if (r == 0) {
		r = run(&the_session, &ipc, NULL, KEYWORDS_COLLECT, INFORMATION);
		if (r < 0)
			dotnet_explain(req, r, ipc.why, ret);
		else
			snprintf(ret->text, sizeof(ret->text), "garbage collection");
	}
	dotnet_ipc_close(&ipc);
	return r;
}
