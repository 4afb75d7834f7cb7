/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out a level's list: one action after the other, each with its deadline; an expired one is
 * ended and the next begins. One list at a time; levels that fire meanwhile wait for their turn in
 * the order of the configuration, so that evidence comes before a restart; the emergency takes
 * over.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "control.h"
#include "guard.h"
#include "proc/proc.h"

/* A freeze ends by itself, whatever becomes of the list. */
#define FREEZE_MAX_USEC (5 * USEC_PER_SEC)
/* A helper shall end by its own clock and tell what it has done; it is ended this much later. */
#define HELPER_EXTRA_USEC (250 * USEC_PER_MSEC)

static void step_next(struct guard *g);

static const struct conf_level *level_now(const struct guard *g)
{
	return lists_level(g, g->lists.level);
}

static enum conf_action action_now(const struct guard *g)
{
	return level_now(g)->actions[g->lists.index];
}

/* One that would leave a part of a dump behind ends itself; it sees to it that it does. */
static void stop_helper(struct guard *g)
{
	struct lists *l = &g->lists;

	if (l->helper.pid > 0 && action_ends_by_itself(action_now(g)))
		kill(l->helper.pid, SIGTERM);
	else if (l->helper.pid > 0)
		helper_kill(&l->helper);
	if (l->helper.result_fd >= 0)
		close(take_fd(&l->helper.result_fd));
	l->helper = HELPER_NONE; /* the reaper meets an unknown pid and lets it go */
}

/* Starting a helper takes milliseconds, in which a slice of the brake would be too long. */
static bool must_wait(const struct guard *g)
{
	return g->lists.step != LIST_IDLE || g->braking.hold >= HOLD_PROBE;
}

void lists_go_on(struct guard *g)
{
	struct lists *l = &g->lists;

	for (unsigned i = 0; i <= LISTS_REQUEST && !must_wait(g); i++) {
		if (l->waiting & (1u << i)) {
			l->waiting &= ~(1u << i);
			lists_fire(g, i);
		}
	}
}

static void list_finish(struct guard *g)
{
	struct lists *l = &g->lists;

	l->step = LIST_IDLE;
	event_del(l->deadline);
	if (g->braking.hold == HOLD_FROZEN)
		brake_release(g);
	control_list_ends(g);
	reporter_note(g, l->incident);
	lists_go_on(g);
}

static void order_snapshot(struct guard *g)
{
	struct lists *l = &g->lists;
	struct watch *w = &g->watch;
	struct snapshot_input in = {
		.conf = g->conf,
		.cgroup = &w->cgroup,
		.sample = w->sample,
		.wall_usec = clock_wall_usec(),
		.growth_bytes_per_sec = w->trigger.forecast.growth_bytes_per_sec,
		.eta_usec = w->trigger.forecast.eta_usec,
		.life_age_usec = clock_now_usec() - g->keeper.start_usec,
		.child = g->keeper.child,
	};
	uint64_t deadline = action_deadline(g->conf, ACTION_SNAPSHOT);
	int r;

	cgroup_limit_source(&w->cgroup, &w->sample, in.limit_source, sizeof(in.limit_source));
	buf_copy(in.level, sizeof(in.level), level_now(g)->name);
	buf_copy(in.reason, sizeof(in.reason), l->reason[l->level]);
	r = scribe_order(
		&g->scribe, &in, g->as_init, clock_now_usec() + deadline * 4 / 5, &l->order);
	/* What is being written is of this very moment when an emergency comes on its heels. */
	if (r == -EBUSY && trigger_is_emergency(level_now(g))) {
		l->order = g->scribe.last_order;
		r = 0;
	}
	if (r < 0) {
		log_warning("%s level: no snapshot: the companion process %s", level_now(g)->name,
			r == -EBUSY ? "is still at work on the last one" : "is not there");
		control_say(g, false, "no snapshot: the companion process is busy or not there");
		l->index++;
		step_next(g);
		return;
	}
	l->step = LIST_SNAPSHOT;
	guard_set_timer(l->deadline, deadline);
}

struct helper_order {
	struct guard *guard;
	struct action_job job;
};

static int helper_work(void *arg, int result_fd)
{
	struct helper_order *order = arg;

	return action_work(&order->job, result_fd);
}

static void start_helper(struct guard *g)
{
	struct lists *l = &g->lists;
	uint64_t deadline = action_deadline(g->conf, action_now(g));
	struct helper_order order = { .guard = g };
	int64_t growth = g->watch.trigger.forecast.growth_bytes_per_sec;
	int keep[DUMPING_FDS_MAX];
	unsigned n_keep = dumping_fds(g, keep);
	int r;

	order.job = (struct action_job){
		.conf = g->conf,
		.store = &g->store,
		.parachute = chute_plan(g, level_now(g)->name, action_now(g)),
		.action = action_now(g),
		.level = level_now(g)->name,
		.reason = l->reason[l->level],
		.incident = l->incident,
		.sample = g->watch.sample,
		.growth_bytes_per_sec = growth > 0 ? (uint64_t)growth : 0,
		.cgroup = &g->watch.cgroup,
		.self = g->self,
		.child = g->keeper.child,
		.as_init = g->as_init,
		.hook_dir = app_env_hook_dir(&g->app_env),
		.deadline_usec = clock_now_usec() + deadline,
	};
	order.job.n_spare = guard_spare(g, order.job.spare);
	r = helper_start(
		helper_work, &order, keep, n_keep, deadline + HELPER_EXTRA_USEC, &l->helper);
	if (r < 0) {
		chute_helper_ended(g, 0);
		log_warning("%s level: %s skipped: no process can be started: %s",
			level_now(g)->name, conf_action_name(action_now(g)), strerror(-r));
		control_say(g, false, "no process can be started");
		count_action(g, action_now(g), false, 0, 0);
		l->index++;
		step_next(g);
		return;
	}
	if (order.job.parachute.wanted)
		g->chute.helper = l->helper.pid;
	l->step = LIST_HELPER;
	l->given_up = false;
	guard_set_timer(l->deadline, deadline + HELPER_EXTRA_USEC);
}

/* Actions that the guard does itself; `log` was done when the level fired. True: it takes time. */
static bool act_by_guard(struct guard *g, enum conf_action action)
{
	if (action == ACTION_DRAIN)
		return drain_begin(g);
	if (action == ACTION_FREEZE)
		brake_freeze(g, g->lists.level, FREEZE_MAX_USEC);
	else if (action == ACTION_RESTART && !brake_takes_restart(g))
		life_restart(g, g->lists.level);
	return false;
}

static void step_next(struct guard *g)
{
	struct lists *l = &g->lists;

	while (l->index < level_now(g)->n_actions) {
		enum conf_action action = action_now(g);

		l->begun_usec = clock_now_usec();
		switch (action_row(action)->kind) {
		case ACT_NOT_BUILT:
			log_info("%s level: %s is not built yet: skipped", level_now(g)->name,
				conf_action_name(action));
			break;
		case ACT_BY_GUARD:
			if (act_by_guard(g, action))
				return;
			break;
		case ACT_BY_COMPANION:
			order_snapshot(g);
			return;
		case ACT_BY_HELPER:
			start_helper(g);
			return;
		}
		l->index++;
	}
	list_finish(g);
}

static void abandon(struct guard *g)
{
	struct lists *l = &g->lists;

	log_notice("%s level: %s is left for the emergency", level_now(g)->name,
		conf_action_name(action_now(g)));
	stop_helper(g);
	event_del(l->deadline);
	l->step = LIST_IDLE;
	if (l->waiting & (1u << LISTS_REQUEST))
		l->level = LISTS_REQUEST;
	l->waiting = 0;
	control_say(g, false, "left for the emergency");
	control_list_ends(g);
}

void lists_fire(struct guard *g, unsigned level)
{
	struct lists *l = &g->lists;
	bool emergency = trigger_is_emergency(lists_level(g, level));

	if (level != LISTS_REQUEST)
		g->tally.fired[level]++;
	if (must_wait(g) && !emergency) {
		l->waiting |= 1u << level;
		if (l->step == LIST_HELPER && l->helper.pid > 0)
			kill(l->helper.pid, ACTION_HURRY);
		return;
	}
	if (l->step != LIST_IDLE)
		abandon(g);
	l->level = level;
	l->index = 0;
	l->incident[0] = '\0';
	l->drained &= ~(1u << level);
	control_list_begins(g);
	/* The emergency stops first and talks then: a log line takes longer than a page fault. */
	if (emergency && level_now(g)->actions[0] == ACTION_FREEZE)
		brake_freeze(g, level, FREEZE_MAX_USEC);
	headline_say(g, level);
	step_next(g);
}

/* --- what comes back --- */

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct guard *g = arg;
	struct lists *l = &g->lists;

	(void)fd;
	(void)what;
	if (l->step == LIST_IDLE)
		return;
	if (l->step == LIST_DRAIN) {
		l->index++;
		step_next(g);
		return;
	}
	control_say(g, false, "not done in time");
	count_action(g, action_now(g), false, clock_now_usec() - l->begun_usec, 0);
	log_warning("%s level: %s not done after %s: left behind", level_now(g)->name,
		conf_action_name(action_now(g)),
		units_human_duration(clock_now_usec() - l->begun_usec).s);
	if (l->step == LIST_HELPER)
		stop_helper(g);
	l->index++;
	step_next(g);
}

bool lists_helper_ended(struct guard *g, pid_t pid, int wait_status)
{
	struct lists *l = &g->lists;
	char result[HELPER_RESULT_MAX];
	uint64_t bytes;
	bool done = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;

	chute_helper_ended(g, pid);
	if (pid <= 0 || pid != l->helper.pid)
		return false;
	helper_take_result(&l->helper, result);
	bytes = action_take_bytes(result);
	event_del(l->deadline);
	l->helper = HELPER_NONE;
	count_action(g, action_now(g), done, clock_now_usec() - l->begun_usec, bytes);
	control_say(g, done, result[0] ? result : done ? "done" : "failed without a word");
	record_event(g, FLIGHT_ACTION, done ? 0 : 1, result);
	log_write(done ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING, "%s level: %s%s", level_now(g)->name,
		result[0] ? result : conf_action_name(action_now(g)),
		result[0] ? ""
		: done	  ? " done"
			  : " failed without a word");
	l->index++;
	step_next(g);
	return true;
}

static void take_answer(struct guard *g, const struct scribe_answer *a)
{
	struct lists *l = &g->lists;

	if (l->step != LIST_SNAPSHOT || a->order != l->order) {
		if (a->stage == SCRIBE_FAILED)
			log_info("the rest of a snapshot: %s", a->text);
		return; /* an emergency goes on with what is staged: the rest is there now */
	}
	if (a->incident[0])
		buf_copy(l->incident, sizeof(l->incident), a->incident);
	/* In an emergency what is staged must do: the rest is written while the list goes on. */
	if (a->stage == SCRIBE_STAGED && !trigger_is_emergency(level_now(g)))
		return;
	control_say(
		g, a->stage != SCRIBE_FAILED, a->stage == SCRIBE_FAILED ? a->text : l->incident);
	if (a->stage == SCRIBE_FAILED)
		log_warning("%s level: no snapshot: %s", level_now(g)->name, a->text);
	else
		log_info("%s level: snapshot: %s/%s/snapshot.json", level_now(g)->name,
			g->store.path, l->incident);
	event_del(l->deadline);
	l->index++;
	step_next(g);
}

void lists_scribe_event(struct guard *g)
{
	struct scribe_answer a;
	int r;

	while ((r = scribe_take_answer(&g->scribe, &a)) > 0)
		take_answer(g, &a);
	if (r < 0)
		event_del(g->scribe_event); /* the reaper will tell, and start it again */
}

int lists_begin(struct guard *g)
{
	g->lists.deadline = event_new(g->base, -1, 0, on_deadline, g);
	return g->lists.deadline ? 0 : -ENOMEM;
}

void lists_end(struct guard *g)
{
	if (g->lists.step == LIST_HELPER)
		stop_helper(g);
	chute_end(g);
	if (g->keeper.pre_stop.pid > 0)
		helper_kill(&g->keeper.pre_stop);
}
