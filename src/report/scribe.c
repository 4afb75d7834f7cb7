/* SPDX-License-Identifier: Apache-2.0 */
#include "report/scribe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

#define DOCUMENT_MAX  (256 * 1024)
#define SNAPSHOT_NAME "snapshot.json"

/* fds that the companion keeps: the socket, the store, /proc, and each level's files. */
#define KEEP_MAX (3 + CGROUP_LEVELS_MAX * (sizeof(struct cgroup_files) / sizeof(int)))

struct scribe_shared {
	uint32_t begun, ended; /* number of the order, written before and after it */
	uint32_t finished;     /* by the companion: the last order that it has done with */
	bool as_init;
	uint64_t until_usec;
	struct snapshot_input in; /* its pointers are set anew by the companion */
	struct conf conf;
	struct cgroup cgroup; /* its fds are those of the time of the fork */
};

/* All that the companion has; set up before the fork. */
struct companion {
	int fd, procfd;
	pid_t guard;
	const struct store *store;
	const struct cgroup *cgroup; /* as at the fork, for its fds */
	struct scribe_shared *shared;
};

/* --- the companion's side --- */

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

static void serve(const struct companion *c)
{
	for (;;) {
		struct scribe_answer a = { .order = 0 };
		uint32_t order;
		ssize_t n = recv(c->fd, &order, sizeof(order), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* the guard has gone */
		if (n != sizeof(order))
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
}

static void __attribute__((noreturn)) run_companion(struct companion *c)
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
	serve(c);
	_exit(0);
}

/* --- the guard's side --- */

static int map_shared(struct scribe *s)
{
	void *area;

	if (s->shared)
		return 0;
	area = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		-1, 0);
	if (area == MAP_FAILED)
		return -errno;
	s->shared = area;
	return 0;
}

int scribe_start(struct scribe *s, const struct conf *conf, const struct store *store,
	const struct cgroup *cgroup)
{
	auto_close int ours = -1, theirs = -1;
	int pair[2], err;
	pid_t guard = getpid(), pid;

	(void)conf; /* comes with each order, because it can be loaded again */
	err = map_shared(s);
	if (err < 0)
		return err;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	s->shared->finished = s->last_order; /* what the one before left undone stays so */
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		struct companion c = {
			.fd = theirs,
			.procfd = -1,
			.guard = guard,
			.store = store,
			.cgroup = cgroup,
			.shared = s->shared,
		};

		run_companion(&c);
	}
	s->pid = pid;
	s->fd = take_fd(&ours);
	return 0;
}

static void put_order(struct scribe_shared *sh, const struct snapshot_input *in)
{
	const struct cgroup *cg = in->cgroup;
	size_t used = offsetof(struct cgroup, levels) + cg->n_levels * sizeof(cg->levels[0]);
	size_t tail = offsetof(struct cgroup, levels) + sizeof(cg->levels);

	sh->in = *in;
	sh->conf = *in->conf;
	/* Without the levels that are not in use: 13 of 16, and 1.5 KiB each, as a rule. */
	memcpy(&sh->cgroup, cg, used);
	memcpy((char *)&sh->cgroup + tail, (const char *)cg + tail, sizeof(*cg) - tail);
}

int scribe_order(struct scribe *s, const struct snapshot_input *in, bool as_init,
	uint64_t until_usec, uint32_t *ret_order)
{
	struct scribe_shared *sh = s->shared;
	uint32_t order = s->last_order + 1;

	if (s->pid <= 0 || s->fd < 0)
		return -EPIPE;
	if (__atomic_load_n(&sh->finished, __ATOMIC_ACQUIRE) != s->last_order)
		return -EBUSY;
	__atomic_store_n(&sh->begun, order, __ATOMIC_RELEASE);
	put_order(sh, in);
	sh->as_init = as_init;
	sh->until_usec = until_usec;
	__atomic_store_n(&sh->ended, order, __ATOMIC_RELEASE);
	if (send(s->fd, &order, sizeof(order), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return errno == EAGAIN || errno == EINTR ? -EBUSY : -EPIPE;
	s->last_order = order;
	*ret_order = order;
	return 0;
}

int scribe_take_answer(struct scribe *s, struct scribe_answer *ret)
{
	struct scribe_answer a;
	ssize_t n;

	if (s->fd < 0)
		return -EPIPE;
	do {
		n = recv(s->fd, &a, sizeof(a), MSG_DONTWAIT);
		if (n == 0)
			return -EPIPE;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0 && errno != EINTR)
			return -EPIPE;
	} while (n != sizeof(a));
	a.incident[sizeof(a.incident) - 1] = '\0';
	a.text[sizeof(a.text) - 1] = '\0';
	*ret = a;
	return 1;
}

bool scribe_has_ended(struct scribe *s, pid_t pid)
{
	if (s->pid <= 0 || pid != s->pid)
		return false;
	cleanup_close(&s->fd);
	s->fd = -1;
	s->pid = 0;
	return true;
}
