/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out what the restart table says: the only place that starts and ends the application. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/signame.h"
#include "base/units.h"
#include "child/child.h"
#include "control.h"
#include "guard.h"

#define EMERGENCY_GRACE_USEC (5 * USEC_PER_SEC)
/* Killed processes are gone after this, or looked at again. */
#define RECHECK_USEC (100 * USEC_PER_MSEC)

bool life_is_ending(const struct guard *g)
{
	return g->keeper.life.state != LIFE_RUNNING;
}

/* --- effects, one function each --- */

struct pre_stop_order {
	struct action_job job;
	const char *command;
};

static int pre_stop_work(void *arg, int result_fd)
{
	struct pre_stop_order *o = arg;
	auto_hook_env char **env = hook_environment(&o->job, o->job.child);

	(void)result_fd;
	return hook_run(&o->job, o->command, env) == 0 ? 0 : 1;
}

uint64_t life_grace(const struct guard *g)
{
	uint64_t grace = g->conf->restart.grace_usec;

	return g->keeper.emergency ? MIN_OF(grace, EMERGENCY_GRACE_USEC) : grace;
}

static void do_pre_stop(struct guard *g)
{
	struct keeper *k = &g->keeper;
	uint64_t grace = life_grace(g);
	struct pre_stop_order order = { .command = g->conf->restart.pre_stop };
	int r;

	order.job = (struct action_job){
		.conf = g->conf,
		.store = &g->store,
		.action = ACTION_COMMAND,
		.level = lists_level(g, g->lists.level)->name,
		.reason = g->lists.reason[g->lists.level],
		.incident = g->lists.incident,
		.sample = g->watch.sample,
		.self = g->self,
		.child = k->child,
		.as_init = g->as_init,
		.deadline_usec = clock_now_usec() + grace,
	};
	r = helper_start(pre_stop_work, &order, NULL, 0, grace, &k->pre_stop);
	if (r < 0) {
		log_warning(
			"restart.pre-stop skipped: no process can be started: %s", strerror(-r));
		guard_set_timer(k->timer, 0);
		return;
	}
	log_info("pre-stop command started: %s", g->conf->restart.pre_stop);
	brake_ending(g);
	guard_set_timer(k->timer, grace);
}

static void do_stop_signal(struct guard *g)
{
	struct keeper *k = &g->keeper;
	char name[SIGNAME_TEXT_MAX];
	uint64_t grace = life_grace(g);

	if (k->pre_stop.pid > 0)
		helper_kill(&k->pre_stop);
	log_notice("stopping the application: %s to pid %d, %s to finish",
		signame_print(g->conf->restart.signal, name), (int)k->child,
		units_human_duration(grace).s);
	child_signal(k->child, g->conf->child.forward == FORWARD_GROUP, g->conf->restart.signal);
	brake_ending(g);
	guard_set_timer(k->timer, grace);
}

static void signal_all(struct guard *g, int sig)
{
	struct keeper *k = &g->keeper;

	if (guard_scan(g) < 0 && k->child) {
		child_signal(k->child, true, sig);
		return;
	}
	for (unsigned i = 0; i < k->tree.n; i++)
		kill(k->tree.pids[i], sig);
}

static void do_kill(struct guard *g)
{
	struct keeper *k = &g->keeper;

	log_notice("the application did not end in time: KILL to pid %d and all of its processes",
		(int)k->child);
	signal_all(g, SIGKILL);
	guard_set_timer(k->timer, RECHECK_USEC);
}

/* Only as PID 1 is what the application left behind ours to end: elsewhere it may be a daemon that
 * somebody wants. Before a guarded restart it must go in any case. */
static void do_term_leftovers(struct guard *g)
{
	struct keeper *k = &g->keeper;

	int left = guard_scan(g);

	if (left > 0 && !g->as_init && !k->life.ours) {
		log_warning("the application has ended and left %d processes behind: they run on "
			    "UNGUARDED",
			left);
		left = 0;
	}
	if (left <= 0) {
		life_happen(g, EV_ALL_GONE);
		return;
	}
	log_info("%u processes are left: TERM, %s to finish", k->tree.n,
		units_human_duration(g->conf->child.leftovers_usec).s);
	signal_all(g, SIGTERM);
	signal_all(g, SIGCONT);
	guard_set_timer(k->timer, g->conf->child.leftovers_usec);
}

static void do_kill_leftovers(struct guard *g)
{
	signal_all(g, SIGKILL);
	guard_set_timer(g->keeper.timer, RECHECK_USEC);
	life_check_gone(g);
}

static void do_forward(struct guard *g)
{
	child_signal(
		g->keeper.child, g->conf->child.forward == FORWARD_GROUP, g->keeper.stop_signal);
	/* It was asked to end from outside: should all of us be killed later, that is no OOM. */
	budget_end_life(&g->budget, END_CLEAN);
	keep_budget(g);
	record_event(g, FLIGHT_SIGNAL, g->keeper.stop_signal, "");
}

static void do_backoff(struct guard *g)
{
	uint32_t random = 0;
	uint64_t wait;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)clock_wall_usec();
	wait = budget_backoff_usec(&g->budget, g->conf, clock_wall_usec(), random);
	log_notice("the application is started again in %s", units_human_duration(wait).s);
	brake_release(g);
	record_end(g, FLIGHT_END_GUARDED, 0);
	guard_set_timer(g->keeper.timer, wait);
}

static void do_start(struct guard *g)
{
	int code;

	budget_begin_life(&g->budget, clock_wall_usec(), false);
	keep_budget(g);
	code = life_start_child(g);
	if (code) {
		g->keeper.life.state = LIFE_OVER;
		guard_over(g, code);
		return;
	}
	watch_new_life(g);
	watch_soon(g);
	g->drain_asked = false;
}

static void do_exit_ours(struct guard *g)
{
	log_notice("exit %u: the guard has stopped the application", g->conf->restart.exit_code);
	budget_end_life(&g->budget, END_GUARDED);
	record_end(g, FLIGHT_END_GUARDED, g->conf->restart.exit_code);
	keep_budget(g);
	guard_over(g, g->conf->restart.exit_code);
}

static void do_exit_child(struct guard *g)
{
	struct keeper *k = &g->keeper;
	bool killed = WIFSIGNALED(k->wait_status) && WTERMSIG(k->wait_status) == SIGKILL;
	int code = child_exit_code(g->conf, k->wait_status);

	if (killed && watch_saw_oom_kill(g)) {
		budget_end_life(&g->budget, END_OOM);
		record_end(g, FLIGHT_END_OOM, code);
	} else {
		budget_end_life(&g->budget, END_CLEAN);
		record_end(g,
			WIFSIGNALED(k->wait_status) && !k->life.outside ? FLIGHT_END_CRASH
									: FLIGHT_END_CLEAN,
			code);
	}
	keep_budget(g);
	guard_over(g, code);
}

static const struct {
	unsigned effect;
	void (*carry_out)(struct guard *g);
} effects[] = {
	{ DO_PRE_STOP, do_pre_stop },
	{ DO_FORWARD, do_forward },
	{ DO_STOP_SIGNAL, do_stop_signal },
	{ DO_KILL, do_kill },
	{ DO_TERM_LEFTOVERS, do_term_leftovers },
	{ DO_KILL_LEFTOVERS, do_kill_leftovers },
	{ DO_BACKOFF, do_backoff },
	{ DO_START, do_start },
	{ DO_EXIT_OURS, do_exit_ours },
	{ DO_EXIT_CHILD, do_exit_child },
};

void life_happen(struct guard *g, enum life_event ev)
{
	enum life_state was = g->keeper.life.state;
	unsigned todo = life_step(&g->keeper.life, ev);

	if (was != g->keeper.life.state) {
		log_debug("%s: %s -> %s", life_event_name(ev), life_state_name(was),
			life_state_name(g->keeper.life.state));
		/* A stop from outside ends PRE_STOP, but its grace time goes on. */
		if (!(was == LIFE_PRE_STOP && ev == EV_STOP_SIGNAL))
			event_del(g->keeper.timer);
	}
	for (unsigned i = 0; i < ARRAY_LEN(effects); i++)
		if (todo & effects[i].effect)
			effects[i].carry_out(g);
}

/* --- what happens --- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	life_happen(arg, EV_TIMER);
}

void life_child_ended(struct guard *g, int wait_status)
{
	struct keeper *k = &g->keeper;

	if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL &&
		k->life.state != LIFE_KILLING && k->life.state != LIFE_SWEEPING) {
		if (watch_saw_oom_kill(g)) {
			count_kill(g);
			headline_killed(g);
		} else if (k->life.state == LIFE_RUNNING) {
			count_foreign_kill(g);
		}
	}
	record_event(g, FLIGHT_EXIT, wait_status, "");
	count_exit(g, wait_status);
	child_take_terminal(k->child);
	k->wait_status = wait_status;
	k->child = 0;
	brake_release(g);
	life_happen(g, EV_CHILD_EXIT);
}

bool life_helper_ended(struct guard *g, pid_t pid)
{
	struct keeper *k = &g->keeper;

	if (pid != k->pre_stop.pid)
		return false;
	if (k->pre_stop.result_fd >= 0)
		close(take_fd(&k->pre_stop.result_fd));
	k->pre_stop = HELPER_NONE;
	life_happen(g, EV_PRE_STOP_DONE);
	return true;
}

void life_check_gone(struct guard *g)
{
	enum life_state s = g->keeper.life.state;

	if (s != LIFE_LEFTOVERS && s != LIFE_KILLING && s != LIFE_SWEEPING)
		return;
	if (!g->keeper.child && guard_scan(g) == 0)
		life_happen(g, EV_ALL_GONE);
}

bool life_restart(struct guard *g, unsigned level)
{
	struct keeper *k = &g->keeper;
	const char *why;

	keep_check(g);
	why = allow_restart(g, level);
	if (life_is_ending(g))
		return false;
	if (why) {
		log_notice("%s level: restart held back: %s", lists_level(g, level)->name, why);
		control_say(g, false, why);
		if (allow_level_is_left(g, level))
			trigger_rearm(&g->watch.trigger, level);
		return false;
	}
	k->emergency = trigger_is_emergency(lists_level(g, level));
	/* Danger is what is counted, not that somebody asked. */
	if (level != LISTS_REQUEST)
		budget_spend(&g->budget, clock_wall_usec(), clock_now_usec() - k->start_usec);
	keep_budget(g);
	count_restart(g, level);
	control_say(g, true, "the application is being stopped");
	record_event(g, FLIGHT_RESTART, 0, g->lists.reason[level]);
	life_happen(g, EV_RESTART);
	return true;
}

int life_start_child(struct guard *g)
{
	struct keeper *k = &g->keeper;
	struct child_spec spec = {
		.argv = g->argv,
		.envp = app_env_make(
			&g->app_env, g->conf, watch_fresh(g), &g->store, g->argv, g->envp),
		.signals = &g->signals,
		.favour = g->favour,
		.pdeathsig = g->conf->child.pdeathsig,
		.reset_oom_score = g->conf->guard.survive_oom,
		.oom_score_adj = g->oom_score_adj,
	};
	int r = child_start(&spec, &k->child);

	if (r < 0) {
		log_error("%s: %s", g->argv[0], strerror(-r));
		return child_exec_status(r);
	}
	log_info("started pid %d (%s)", (int)k->child, g->argv[0]);
	if (g->conf->restart.mode != RESTART_IN_PLACE)
		child_release_inherited();
	k->start_usec = clock_now_usec();
	record_new_life(g);
	prearm_new_life(g);
	return 0;
}

int life_begin(struct guard *g)
{
	g->keeper.life = (struct life){
		.state = LIFE_RUNNING,
		.in_place = g->conf->restart.mode == RESTART_IN_PLACE,
		.has_pre_stop = g->conf->restart.pre_stop[0] != '\0',
	};
	g->keeper.timer = event_new(g->base, -1, 0, on_timer, g);
	g->keeper.start_usec = clock_now_usec();
	return g->keeper.timer ? 0 : -ENOMEM;
}
