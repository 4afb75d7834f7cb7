/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A HotSpot VM whose heap is full cannot start its attach listener any more ("Exception in VM
 * (AttachListener::init): OutOfMemoryError"); one that was started before answers in the same full
 * heap. So each VM is attached to early: whenever use has grown by a tenth of the limit, because a
 * heap that is full has grown before, and an application that is idle is not to be disturbed.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "dump/hotspot.h"
#include "guard.h"
#include "proc/proc.h"

#define NEED_BYTES (4 * MIB)
#define WORK_USEC  (5 * USEC_PER_SEC)

#define STEPS 10 /* parts of the limit; the last two are for dumps */

/* A VM that touches all of its heap at the start is ready only after that. */
static const uint64_t pauses_usec[] = { 300 * USEC_PER_MSEC, 2 * USEC_PER_SEC, 10 * USEC_PER_SEC };

enum { ARMED, NOTHING, NOT_READY };

static bool is_asked_for(const struct conf *conf)
{
	return conf->dump.kind == DUMP_AUTO || conf->dump.kind == DUMP_HOTSPOT;
}

/* Asks each process that could be one; the guard has seen to it that there is any. */
static int work(void *arg, int result_fd)
{
	struct guard *g = arg;
	uint64_t until = clock_now_usec() + WORK_USEC;
	int status = NOTHING;

	for (unsigned i = 0; i < g->keeper.tree.n; i++) {
		pid_t pid = g->keeper.tree.pids[i];
		int r = hotspot_prearm(pid, until);

		if (r == 0) {
			helper_tell(result_fd, "attached to the Java VM of pid %d early", (int)pid);
			status = ARMED;
		} else if (r != -EAGAIN && r != -EPERM && status == NOTHING) {
			status = NOT_READY;
		}
	}
	return status;
}

/* SIGQUIT is handled by Go and by virtual machines, and by hardly anybody else: no fork for these.
 */
static bool may_be_one(struct guard *g)
{
	if (g->procfd < 0 || guard_scan(g) < 0)
		return false;
	for (unsigned i = 0; i < g->keeper.tree.n; i++)
		if (proc_catches_signal(g->procfd, g->keeper.tree.pids[i], SIGQUIT))
			return true;
	return false;
}

static void next_try(struct guard *g)
{
	struct prearm *p = &g->prearm;

	if (p->tries < ARRAY_LEN(pauses_usec))
		guard_set_timer(p->timer, pauses_usec[p->tries++]);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct guard *g = arg;
	struct prearm *p = &g->prearm;
	int keep[] = { g->procfd };

	(void)fd;
	(void)what;
	if (life_is_ending(g) || p->helper.pid > 0)
		return;
	if (g->lists.step != LIST_IDLE || g->braking.hold != HOLD_NONE ||
		g->watch.sample.headroom_bytes < NEED_BYTES || !may_be_one(g) ||
		helper_start(work, g, keep, 1, WORK_USEC, &p->helper) < 0)
		next_try(g);
}

bool prearm_ended(struct guard *g, pid_t pid, int wait_status)
{
	struct prearm *p = &g->prearm;
	char result[HELPER_RESULT_MAX];

	if (pid <= 0 || pid != p->helper.pid)
		return false;
	helper_take_result(&p->helper, result);
	p->helper = HELPER_NONE;
	if (result[0])
		log_info("%s: its heap can be dumped when it is full", result);
	if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != ARMED)
		next_try(g);
	return true;
}

void prearm_new_life(struct guard *g)
{
	g->prearm.step = 0;
}

void prearm_watch(struct guard *g)
{
	const struct cgroup_sample *s = &g->watch.sample;
	struct prearm *p = &g->prearm;
	unsigned step = (unsigned)(s->use_bytes / (s->limit_bytes / STEPS + 1));

	if (step <= p->step || step > STEPS - 2 || !is_asked_for(g->conf))
		return;
	p->step = step;
	p->tries = 0;
	next_try(g);
}

int prearm_begin(struct guard *g)
{
	g->prearm.helper = HELPER_NONE;
	g->prearm.timer = event_new(g->base, -1, 0, on_timer, g);
	return g->prearm.timer ? 0 : -ENOMEM;
}

void prearm_end(struct guard *g)
{
	if (g->prearm.helper.pid > 0)
		helper_kill(&g->prearm.helper);
	if (g->prearm.helper.result_fd >= 0)
		close(take_fd(&g->prearm.helper.result_fd));
}
