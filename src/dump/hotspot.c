/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/hotspot.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/attach.h"
#include "dump/hprof.h"
#include "dump/kinds.h"
#include "store/outfile.h"
#include "dump/recognise.h"
#include "dump/wire.h"
#include "proc/proc.h"

#define CHUNK	    (256u << 10)
#define PIPE_BYTES  (1 << 20)
#define DONE	    "Heap dump file created" /* its exit status is 0 even when it failed */
#define MARGIN_USEC (500 * USEC_PER_MSEC)
#define FIFO_MAX    64

static uint64_t until_of(const struct dump_request *req)
{
	return req->deadline_usec - MIN_OF(req->deadline_usec, MARGIN_USEC);
}

int hotspot_explain(const struct dump_request *req, int r, const char *why, struct dump_result *ret)
{
	snprintf(ret->text, sizeof(ret->text), "HotSpot of pid %d (%s): %s", (int)req->pid,
		req->comm ? req->comm : "?", why[0] ? why : strerror(-r));
	return r;
}

int hotspot_parse_version(const char *text)
{
	const char *p = strstr(text, "\nJDK ");

	return p ? atoi(p + strlen("\nJDK ")) : 0;
}

/* The VM is to be the one that we think it is before anything is sent to it. */
int hotspot_open(const struct dump_request *req, struct attach *a, struct dump_result *ret)
{
	int r;

	*ret = (struct dump_result){ .bytes = 0 };
	*a = (struct attach){ .pidfd = -1, .tmpfd = -1 };
	if (recognise_runtime(req->pid) != DUMP_HOTSPOT)
		return hotspot_explain(req, -ENOEXEC, "that is no HotSpot VM", ret);
	if (wire_is_stopped(req->pid))
		return hotspot_explain(req, -EBUSY, "it is stopped and cannot answer", ret);
	r = attach_open(req->pid, until_of(req), a);
	return r < 0 ? hotspot_explain(req, r, a->why, ret) : 0;
}

/* --- the dump, through a fifo: no disk of the target, no page cache, and seen as it passes --- */

struct stream {
	struct attach *vm;
	struct outfile out;
	struct hprof hprof;
	char fifo[FIFO_MAX]; /* its name in the target's /tmp */
	int fifofd, sockfd;
	uint64_t max_pause_usec;
	uint64_t begun_usec; /* of the first byte: from there on the application stands still */
	uint64_t ended_usec;
	bool answered; /* the VM has closed its side */
	int rc;
	char text[ATTACH_TEXT_MAX];
};

static int make_fifo(struct stream *s)
{
	struct attach *vm = s->vm;
	struct wire_identity before;
	struct stat st;
	int r = wire_become(vm->uid, vm->gid, &before);

	if (r < 0)
		return r;
	snprintf(s->fifo, sizeof(s->fifo), ".oomguard-%d-%llx", (int)vm->nspid,
		(unsigned long long)clock_now_usec());
	r = mkfifoat(vm->tmpfd, s->fifo, 0600) < 0 ? -errno : 0;
	/* Before the VM opens it: it would wait for us, and everybody else for it. */
	if (r == 0)
		s->fifofd =
			openat(vm->tmpfd, s->fifo, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (r == 0 && s->fifofd < 0)
		r = -errno;
	wire_return(&before);
	if (r == 0 && (fstat(s->fifofd, &st) < 0 || !S_ISFIFO(st.st_mode)))
		r = -EPERM;
	if (r == 0)
		fcntl(s->fifofd, F_SETPIPE_SZ, PIPE_BYTES);
	return r;
}

static int ask_dump(struct stream *s)
{
	char path[FIFO_MAX + 8], argument[FIFO_MAX + 64], text[ATTACH_TEXT_MAX];
	int version;
	int r = attach_ask(s->vm, "jcmd", "VM.version", NULL, text);

	if (r < 0)
		return r;
	version = hotspot_parse_version(text);
	snprintf(path, sizeof(path), "/tmp/%s", s->fifo);
	snprintf(argument, sizeof(argument), "GC.heap_dump -all -overwrite %s%s",
		version >= HOTSPOT_PARALLEL_SINCE ? "-parallel=1 " : "", path);
	s->sockfd = attach_send(s->vm, "jcmd", argument, NULL);
	return s->sockfd < 0 ? s->sockfd : 0;
}

/* What is in the fifo now: > 0 bytes taken, 0: its end, -EAGAIN, or -errno. */
static ssize_t take_data(struct stream *s)
{
	static char data[CHUNK];
	ssize_t n = read(s->fifofd, data, sizeof(data));
	int r;

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (n == 0)
		return 0;
	if (!s->begun_usec)
		s->begun_usec = clock_now_usec();
	s->ended_usec = clock_now_usec();
	hprof_feed(&s->hprof, data, (size_t)n);
	r = outfile_write(&s->out, data, (size_t)n);
	return r < 0 ? r : n;
}

static uint64_t limit_of(const struct stream *s)
{
	return s->begun_usec ? MIN_OF(s->vm->until_usec, s->begun_usec + s->max_pause_usec)
			     : s->vm->until_usec;
}

/*
 * Until the VM has closed the fifo, or has answered without ever opening it. An end is one only
 * after data: before the VM opens it there is nobody to write.
 */
static int take_all(struct stream *s)
{
	for (;;) {
		struct pollfd p[3] = { { .fd = s->fifofd, .events = POLLIN },
			{ .fd = s->answered ? -1 : s->sockfd, .events = POLLIN },
			{ .fd = s->vm->pidfd, .events = POLLIN } };
		uint64_t now = clock_now_usec(), limit = limit_of(s);
		ssize_t n;

		if (now >= limit)
			return -ETIMEDOUT;
		if (poll(p, 3, (int)MIN_OF((limit - now + 999) / 1000, UINT64_C(1000))) < 0 &&
			errno != EINTR)
			return -errno;
		n = p[0].revents ? take_data(s) : -EAGAIN;
		if (n == 0 && (s->begun_usec || s->answered))
			return 0;
		if (n > 0)
			continue;
		if (n < 0 && n != -EAGAIN)
			return (int)n;
		if (s->answered || p[2].revents)
			return s->answered ? 0 : -ESRCH;
		s->answered = p[1].revents != 0;
	}
}

static int stream_dump(struct stream *s)
{
	struct attach *vm = s->vm;
	int r = make_fifo(s);

	if (r < 0) {
		snprintf(vm->why, sizeof(vm->why), "cannot write to its /tmp: %s", strerror(-r));
		return r;
	}
	r = ask_dump(s);
	if (r == 0)
		r = take_all(s);
	if (r == 0)
		r = attach_read_reply(vm, s->sockfd, NULL, &s->rc, s->text);
	/* Closed before its end the VM says so, gives up and lives on. */
	if (r == -ETIMEDOUT && s->begun_usec)
		snprintf(vm->why, sizeof(vm->why),
			"not complete within dump.deadline and dump.max-pause");
	else if (r == -ECANCELED)
		snprintf(vm->why, sizeof(vm->why), "given up: too little memory is left, or time");
	else if (r < 0 && !vm->why[0])
		snprintf(vm->why, sizeof(vm->why), "%s", strerror(-r));
	if (r < 0 || (s->rc == 0 && strstr(s->text, DONE) && hprof_is_complete(&s->hprof)))
		return r;
	wire_first_line(s->text, vm->why, sizeof(vm->why));
	return -EBADMSG;
}

static int keep_dump(struct stream *s, struct dump_result *ret)
{
	int r = outfile_finish(&s->out, &ret->bytes);

	if (r < 0) {
		snprintf(s->vm->why, sizeof(s->vm->why), "%s", strerror(-r));
		return r;
	}
	ret->pause_usec = s->ended_usec - s->begun_usec;
	snprintf(ret->file, sizeof(ret->file), "%s", s->out.name);
	snprintf(ret->note, sizeof(ret->note), "HPROF, stopped for %s",
		units_human_duration(s->ended_usec - s->begun_usec).s);
	return 0;
}

int dump_hotspot(const struct dump_request *req, struct dump_result *ret)
{
	struct attach vm;
	struct stream s = { .vm = &vm, .fifofd = -1, .sockfd = -1, .out = OUTFILE_NONE };
	char name[OUTFILE_NAME_MAX];
	int r = hotspot_open(req, &vm, ret);

	if (r < 0) {
		attach_close(&vm);
		return r;
	}
	s.max_pause_usec = req->conf->dump.max_pause_usec;
	snprintf(name, sizeof(name), "hotspot-%d.hprof", (int)req->pid);
	r = outfile_create(req->incident_dirfd, name, &s.out);
	if (r == 0) {
		outfile_limit(&s.out, req->conf->dump.max_bytes, req->conf->dump.min_free_bp);
		r = stream_dump(&s);
	}
	cleanup_close(&s.fifofd);
	cleanup_close(&s.sockfd);
	if (s.fifo[0])
		unlinkat(vm.tmpfd, s.fifo, 0);
	if (r == 0)
		r = keep_dump(&s, ret);
	outfile_drop(&s.out);
	if (r == 0)
		hotspot_tell_more(req, &vm, ret);
	attach_close(&vm);
	return r < 0 ? hotspot_explain(req, r, vm.why, ret) : 0;
}

/* --- what costs next to nothing --- */

int relieve_hotspot(const struct dump_request *req, struct dump_result *ret)
{
	char text[ATTACH_TEXT_MAX];
	struct attach vm;
	int r = hotspot_open(req, &vm, ret);

	if (r == 0) {
		r = attach_ask(&vm, "jcmd", "GC.run", NULL, text);
		hotspot_explain(req, r, vm.why, ret);
		/* malloc_trim in the VM, where it knows that way (17.0.9): a refusal is none of
		 * ours. */
		if (r == 0) {
			attach_ask(&vm, "jcmd", "System.trim_native_heap", NULL, text);
			snprintf(ret->text, sizeof(ret->text), "garbage collection");
		}
	}
	attach_close(&vm);
	return r;
}

int hotspot_prearm(pid_t pid, uint64_t until_usec)
{
	auto_close int procfd = proc_open_root();
	char text[ATTACH_TEXT_MAX];
	struct attach vm;
	int r;

	if (procfd < 0 || !proc_catches_signal(procfd, pid, SIGQUIT) ||
		recognise_runtime(pid) != DUMP_HOTSPOT)
		return -EAGAIN;
	r = attach_open(pid, until_usec, &vm);
	if (r == 0)
		r = attach_ask(&vm, "jcmd", "VM.version", NULL, text);
	attach_close(&vm);
	return r;
}
