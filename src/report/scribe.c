/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's side: it never blocks here, and never allocates. */
#include "report/scribe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "report/companion.h"

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
			.flight = s->flight,
			.termination_path = s->termination_path,
			.flight_bytes = s->flight_bytes,
			.flight_keep_bytes = s->flight_keep_bytes,
			.sweeps = s->sweeps,
		};

		memcpy(c.note_names, s->note_names, sizeof(c.note_names));
		companion_run(&c);
	}
	s->pid = pid;
	s->sweeps = false; /* one that comes later finds files that are being written */
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

void scribe_ring(struct scribe *s)
{
	const uint32_t bell = SCRIBE_BELL;

	if (s->pid > 0 && s->fd >= 0)
		send(s->fd, &bell, sizeof(bell), MSG_DONTWAIT | MSG_NOSIGNAL);
}

int scribe_note_error(const struct scribe *s)
{
	return s->shared ? __atomic_load_n(&s->shared->note_error, __ATOMIC_RELAXED) : 0;
}

bool scribe_finish(struct scribe *s, int msec)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	char rest[sizeof(struct scribe_answer)];

	if (s->pid <= 0 || s->fd < 0 || shutdown(s->fd, SHUT_WR) < 0)
		return true;
	/* Answers that nobody waits for come first; the end of file is its end. */
	while (poll(&p, 1, msec) == 1)
		if (recv(s->fd, rest, sizeof(rest), MSG_DONTWAIT) <= 0)
			return true;
	return false;
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
