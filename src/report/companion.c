/* SPDX-License-Identifier: Apache-2.0 */
/* The companion's side of the scribe: waits, writes, answers. */
#include "report/companion.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "proc/proc.h"
#include "store/sweep.h"

#define DOCUMENT_MAX  (256 * 1024)
#define SNAPSHOT_NAME "snapshot.json"

/* fds that the companion keeps: the socket, the store, /proc, and each level's files. */
#define KEEP_MAX (3 + CGROUP_LEVELS_MAX * (sizeof(struct cgroup_files) / sizeof(int)))

/* How far the recorder's file may lag behind: near the limit 50 ms, else as long as one sample is
 * from the next (`status` reads it). */
#define FLUSH_URGENT_MSEC 50
#define FLUSH_CALM_MSEC	  1000

static void block_all_signals(void)
{
	uint64_t all = ~UINT64_C(0);

	/* Not sigfillset(): C libraries leave out the real-time signals that they use themselves.
	 */
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
}

static void close_between(unsigned first, unsigned last)
{
	long open_max;

	if (first > last || !syscall(SYS_close_range, first, last, 0))
		return;
	/* Before Linux 5.9. */
	open_max = sysconf(_SC_OPEN_MAX);
	for (unsigned fd = first; fd <= last && (long)fd < MIN_OF(open_max, 65536L); fd++)
		close((int)fd);
}

/* Sorted, so that what lies between two of them can be closed. */
static unsigned keep_fd(unsigned *keep, unsigned n, int fd)
{
	unsigned at = n;

	if (fd < 0 || n == KEEP_MAX)
		return n;
	for (; at > 0 && keep[at - 1] > (unsigned)fd; at--)
		keep[at] = keep[at - 1];
	keep[at] = (unsigned)fd;
	return n + 1;
}

static void close_all_else(const struct companion *c)
{
	unsigned keep[KEEP_MAX], n = 0, next = 3;

	n = keep_fd(keep, n, c->fd);
	n = keep_fd(keep, n, c->procfd);
	n = keep_fd(keep, n, c->store->dirfd);
	for (unsigned i = 0; i < c->cgroup->n_levels; i++) {
		int fds[sizeof(struct cgroup_files) / sizeof(int)];

		memcpy(fds, &c->cgroup->levels[i].fd, sizeof(fds));
		for (unsigned k = 0; k < ARRAY_LEN(fds); k++)
			n = keep_fd(keep, n, fds[k]);
	}
	for (unsigned i = 0; i < n; i++) {
		if (keep[i] >= next) {
			if (keep[i] > next)
				close_between(next, keep[i] - 1);
			next = keep[i] + 1;
		}
	}
	close_between(next, UINT_MAX);
}

/* The application's pipes must see the end of file when the application closes them. */
static void leave_stdio(const struct companion *c)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd < 3; fd++) {
		if (fd != c->fd && fd != c->store->dirfd)
			dup2(null, fd);
	}
	if (null > 2)
		close(null);
}

static void answer_text(struct scribe_answer *a, const char *what, int err)
{
	snprintf(a->text, sizeof(a->text), "%s: %s", what, strerror(-err));
}

static void send_answer(const struct companion *c, struct scribe_answer *a, enum scribe_stage stage)
{
	a->stage = stage;
	if (stage != SCRIBE_STAGED)
		__atomic_store_n(&c->shared->finished, a->order, __ATOMIC_RELEASE);
	while (send(c->fd, a, sizeof(*a), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* The order as a snapshot_input of our own: pointers and fds of this process. */
static void take_order(const struct companion *c, struct snapshot_input *in)
{
	struct cgroup *cg = &c->shared->cgroup;

	for (unsigned i = 0; i < cg->n_levels; i++) {
		if (i < c->cgroup->n_levels)
			cg->levels[i].fd = c->cgroup->levels[i].fd;
		else
			memset(&cg->levels[i].fd, 0xff, sizeof(cg->levels[i].fd)); /* -1 each */
	}
	*in = c->shared->in;
	in->conf = &c->shared->conf;
	in->cgroup = cg;
}

static int write_document(const struct companion *c, int dirfd, const char *document, size_t len)
{
	/* On memory there is nothing that a sync could make safer. */
	if (!len)
		return -EFBIG;
	return file_write_whole(dirfd, SNAPSHOT_NAME, document, len, !c->store->on_memory);
}

static int make_incident(
	const struct companion *c, const struct snapshot_input *in, struct scribe_answer *a)
{
	char name[STORE_PATH_MAX];
	int dirfd = store_make_incident(c->store, in->wall_usec, in->level, name);

	if (dirfd >= 0)
		snprintf(a->incident, sizeof(a->incident), "incidents/%.*s",
			(int)sizeof(a->incident) - (int)sizeof("incidents/"), name);
	return dirfd;
}

/* Evidence first: the memory part is whole on disk before any process is looked at. */
static void carry_out(const struct companion *c, struct scribe_answer *a)
{
	static char document[DOCUMENT_MAX];
	static struct tree tree;
	struct snapshot_input in;
	pid_t self = getpid();
	auto_close int dirfd = -1;
	size_t len;
	int err;

	take_order(c, &in);
	if (c->store->dirfd < 0) {
		snprintf(a->text, sizeof(a->text), "no place for incidents");
		return send_answer(c, a, SCRIBE_FAILED);
	}
	len = snapshot_write_memory(&in, document, sizeof(document));
	dirfd = make_incident(c, &in, a);
	if (dirfd < 0) {
		answer_text(a, "cannot make the incident directory", dirfd);
		return send_answer(c, a, SCRIBE_FAILED);
	}
	err = write_document(c, dirfd, document, len);
	if (err < 0) {
		answer_text(a, "cannot write " SNAPSHOT_NAME, err);
		return send_answer(c, a, SCRIBE_FAILED);
	}
	send_answer(c, a, SCRIBE_STAGED);
	err = tree_scan(c->procfd, c->guard, in.child, c->shared->as_init, &self, 1, &tree);
	if (err < 0) {
		answer_text(a, "cannot list processes", err);
		return send_answer(c, a, SCRIBE_FAILED);
	}
	len = snapshot_write(
		&in, c->procfd, &tree, c->shared->until_usec, document, sizeof(document));
	err = write_document(c, dirfd, document, len);
	if (err < 0)
		answer_text(a, "only the memory part of " SNAPSHOT_NAME " could be written", err);
	send_answer(c, a, err < 0 ? SCRIBE_FAILED : SCRIBE_COMPLETE);
}

/* In place: the kubelet has the file open for reading by its path, and a rename would break the
 * mount. */
static void write_words(struct companion *c)
{
	const char *words = flight_take_words(c->flight, &c->words_taken);
	auto_close int fd = -1;
	ssize_t len;

	if (!words || !c->termination_path)
		return;
	len = (ssize_t)strnlen(words, FLIGHT_WORDS_MAX);
	fd = open(c->termination_path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && pwrite(fd, words, (size_t)len, 0) == len && ftruncate(fd, len) < 0)
		return; /* longer words before stay behind it: readers take the first line */
}

/* Synced: what they hold decides what the next life may do. */
static void write_notes(struct companion *c)
{
	static char text[FLIGHT_NOTE_MAX];
	int r = 0;

	for (unsigned i = 0; i < FLIGHT_NOTES && c->store->dirfd >= 0; i++) {
		enum flight_note note = (enum flight_note)i;
		size_t len = flight_take_note(c->flight, note, &c->notes_taken[i], text);

		if (!len || !c->note_names[i])
			continue;
		r = file_write_whole(c->store->dirfd, c->note_names[i], text, len,
			note == FLIGHT_NOTE_BUDGET && !c->store->on_memory);
		if (r < 0 && !c->shared->note_error)
			__atomic_store_n(&c->shared->note_error, r, __ATOMIC_RELAXED);
	}
}

static void write_all(struct companion *c)
{
	write_words(c);
	flight_file_flush(&c->file, c->flight); /* a full disk: the next one may fit again */
	write_notes(c);
}

static void wait_for_order(struct companion *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int msec = flight_is_urgent(c->flight) ? FLUSH_URGENT_MSEC : FLUSH_CALM_MSEC;

	write_all(c);
	poll(&p, 1, msec);
}

static void serve(struct companion *c)
{
	for (;;) {
		struct scribe_answer a = { .order = 0 };
		uint32_t order;
		ssize_t n;

		wait_for_order(c);
		n = recv(c->fd, &order, sizeof(order), MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			break; /* the guard has gone */
		if (n != sizeof(order) || order == SCRIBE_BELL)
			continue;
		a.order = order;
		if (__atomic_load_n(&c->shared->begun, __ATOMIC_ACQUIRE) != order ||
			__atomic_load_n(&c->shared->ended, __ATOMIC_ACQUIRE) != order) {
			snprintf(a.text, sizeof(a.text), "the order is torn");
			send_answer(c, &a, SCRIBE_FAILED);
			continue;
		}
		carry_out(c, &a);
	}
	write_all(c);
}

void companion_run(struct companion *c)
{
	block_all_signals();
	prctl(PR_SET_NAME, "oomguard-scribe");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != c->guard)
		_exit(0); /* it ended before we asked to be told */
	setsid();	  /* no signals from the terminal, nor for the guard's group */
	leave_stdio(c);
	c->procfd = proc_open_root();
	close_all_else(c);
	c->file.fd = -1;
	if (c->sweeps && c->store->dirfd >= 0)
		store_sweep(c->store->dirfd);
	if (c->flight && c->store->dirfd >= 0)
		flight_file_open(&c->file, c->store->dirfd, c->flight_bytes, c->flight_keep_bytes);
	serve(c);
	_exit(0);
}
