/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/signame.h"
#include "base/units.h"
#include "check.h"
#include "child/child.h"
#include "child/reap.h"
#include "cli.h"
#include "control.h"
#include "places.h"
#include "proc/proc.h"

/* As PID 1 our end is the companion's too: it gets so long to write its last words. */
#define SCRIBE_FINISH_MSEC 200

/* One guard a process; static so that its size is known at link time and never on the heap. */
static struct guard the_guard;

void guard_set_timer(struct event *timer, uint64_t usec)
{
	struct timeval tv = {
		.tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_usec = (suseconds_t)(usec % USEC_PER_SEC),
	};

	event_add(timer, &tv);
}

unsigned guard_spare(const struct guard *g, pid_t out[ACTION_SPARE_MAX])
{
	const pid_t ours[] = { g->scribe.pid, g->lists.helper.pid, g->keeper.pre_stop.pid,
		g->reporter.helper.pid, g->prearm.helper.pid };
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(ours); i++)
		if (ours[i] > 0)
			out[n++] = ours[i];
	return n;
}

int guard_scan(struct guard *g)
{
	pid_t spare[ACTION_SPARE_MAX];
	unsigned n = guard_spare(g, spare);
	int r = tree_scan(
		g->procfd, g->self, g->keeper.child, g->as_init, spare, n, &g->keeper.tree);

	return r < 0 ? r : (int)g->keeper.tree.n;
}

void guard_over(struct guard *g, int exit_code)
{
	g->exit_code = exit_code;
	event_base_loopbreak(g->base);
}

/* --- signals --- */

/* What asks the application to end, as engines and people send it. Not HUP (reload) nor QUIT (a
 * thread dump of a JVM): those are forwarded and mean nothing to us. */
static bool is_stop_signal(int sig)
{
	return sig == SIGTERM || sig == SIGINT || sig == SIGPWR || sig == SIGRTMIN + 3;
}

static void forward_signal(struct guard *g, int sig)
{
	int to = signals_rewrite(g->conf, sig);
	char name[SIGNAME_TEXT_MAX];

	if (!to)
		return;
	if (is_stop_signal(sig)) {
		g->keeper.stop_signal = to;
		life_happen(g, EV_STOP_SIGNAL);
		return;
	}
	log_debug("signal %s forwarded", signame_print(to, name));
	child_signal(g->keeper.child, g->conf->child.forward == FORWARD_GROUP, to);
}

static void told_of_end(void *arg, pid_t pid, int wait_status)
{
	struct guard *g = arg;

	if (pid == g->keeper.child)
		life_child_ended(g, wait_status);
	else if (scribe_has_ended(&g->scribe, pid))
		guard_start_scribe(g);
	else if (!reporter_ended(g, pid) && !prearm_ended(g, pid, wait_status) &&
		 !lists_helper_ended(g, pid, wait_status))
		life_helper_ended(g, pid);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct guard *g = arg;
	struct signalfd_siginfo info;

	(void)what;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD || signals_is_own(&info, g->self))
			continue;
		forward_signal(g, (int)info.ssi_signo);
	}
	/* Always: SIGCHLD coalesces, and may have been read together with others. */
	if (reap_all(told_of_end, g))
		life_check_gone(g);
}

static void on_scribe(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	lists_scribe_event(arg);
}

void guard_start_scribe(struct guard *g)
{
	int r;

	if (g->scribe_event)
		event_del(g->scribe_event);
	r = scribe_start(&g->scribe, g->conf, &g->store, &g->watch.cgroup);
	if (r < 0) {
		log_warning(
			"no companion process (%s): snapshots go to the log only", strerror(-r));
		keep_budget(g);
		return;
	}
	event_assign(g->scribe_event, g->base, g->scribe.fd, EV_READ | EV_PERSIST, on_scribe, g);
	event_add(g->scribe_event, NULL);
}

/* --- start --- */

static int read_own_oom_score(void)
{
	char text[32];

	if (file_read_text(AT_FDCWD, "/proc/self/oom_score_adj", text, sizeof(text)) < 0)
		return 0;
	return atoi(text);
}

static void survive_oom(struct guard *g)
{
	auto_close int fd = -1;

	g->oom_score_adj = read_own_oom_score();
	if (!g->conf->guard.survive_oom)
		return;
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || file_write_all(fd, "-1000", 5) < 0)
		log_warning("guard.survive-oom has no effect: oom_score_adj -1000 needs "
			    "CAP_SYS_RESOURCE (add it to the container): %s",
			strerror(errno));
}

static void open_places(struct guard *g)
{
	struct places places;
	int r;

	places_open(g->conf, &places);
	g->store = places.store;
	g->control_fd = places.socket_fd;
	g->control_error = places.socket_error;
	if (places.why)
		log_warning("%s", places.why);
	if (g->store.dirfd < 0)
		return;
	g->budget.remembers = true;
	r = budget_load(g->store.dirfd, &g->budget);
	if (r == -EBADMSG)
		log_warning("%s/budget was torn or foreign: set aside as budget.bad, restarts are "
			    "counted anew",
			g->store.path);
	else if (r < 0)
		g->budget.remembers = false;
	/* What is lost at exit does not remember, whatever can be written there now. */
	if (g->store.throw_away && g->conf->restart.mode == RESTART_EXIT)
		g->budget.remembers = false;
}

/* The life before could not tell of its end itself. */
static enum count_end how_cut_off(const struct guard *g, bool oom)
{
	if (!g->budget.remembers || !g->budget.in_life)
		return COUNT_END_KNOWN;
	if (oom)
		return COUNT_END_OOM;
	return g->recorder.previous_end == FLIGHT_END_KILLED ? COUNT_END_KILLED : COUNT_END_KNOWN;
}

static void begin_life(struct guard *g)
{
	/* An unclean end without a stop signal is taken for the kernel's: with memory.oom.group=1
	 * guard and application die together and nobody can write down how. */
	bool oom = g->budget.in_life || g->budget.last_end == END_OOM;

	if (record_begin(g))
		oom = g->recorder.previous_end == FLIGHT_END_OOM ||
		      g->recorder.previous_end == FLIGHT_END_OOM_GROUP;
	else if (g->budget.remembers && oom)
		log_notice(
			"the life before ended without a word: killed by the kernel, most likely");
	count_begin(g, how_cut_off(g, oom));
	budget_begin_life(&g->budget, clock_wall_usec(), oom);
	if (g->budget.disarmed)
		log_notice("%s", budget_verdict_text(BUDGET_NO_DISARMED));
	g->watch.trigger.safe_bytes = g->budget.disarmed ? 0 : g->budget.safe_bytes;
	keep_budget(g);
}

static int make_loop(struct guard *g)
{
	struct event_config *cfg = event_config_new();

	if (!cfg)
		return -ENOMEM;
	/* timerfd instead of epoll's whole milliseconds: slices of the brake are shorter. */
	event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NOLOCK |
					   EVENT_BASE_FLAG_NO_CACHE_TIME);
	g->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (!g->base)
		return -ENOMEM;
	g->signal_event = event_new(g->base, g->signals.fd, EV_READ | EV_PERSIST, on_signal, g);
	g->scribe_event = event_new(g->base, -1, 0, on_scribe, g);
	return g->signal_event && g->scribe_event ? 0 : -ENOMEM;
}

static int set_up(struct guard *g)
{
	int r = child_fix_stdio();

	if (r < 0)
		log_warning("no placeholder for closed standard files: %s", strerror(-r));
	r = signals_begin(&g->signals);
	if (r < 0) {
		log_error("signals cannot be taken over: %s", strerror(-r));
		return r;
	}
	g->procfd = proc_open_root();
	if (g->procfd < 0)
		log_warning("/proc %s: the application's processes cannot be listed",
			g->procfd == -EXDEV ? "is that of another pid namespace (mount our own)"
					    : "is not there");
	r = make_loop(g);
	if (r < 0)
		log_error("no event loop: %s", strerror(-r));
	return r;
}

static void become_reaper(const struct guard *g)
{
	bool wanted = g->conf->child.subreaper == TRI_YES ||
		      (g->conf->child.subreaper == TRI_AUTO && !g->as_init);

	if (wanted && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		log_warning(
			"orphans will not come to us: PR_SET_CHILD_SUBREAPER: %s", strerror(errno));
}

int guard_run(const struct conf *conf, const struct cli *cli, char *const *envp,
	const struct favour *favour)
{
	struct guard *g = &the_guard;
	const char *why = NULL;
	int r;

	/* Not assigned as a whole: that would touch 100 kB of process lists that are never used. */
	g->conf = conf;
	g->cli = cli;
	g->argv = cli->argv;
	g->envp = envp;
	g->app_env = APP_ENV_NONE;
	g->favour = favour;
	g->scribe = SCRIBE_NONE;
	g->store.dirfd = g->store.lockfd = -1;
	g->lists.helper = g->keeper.pre_stop = g->reporter.helper = HELPER_NONE;
	g->self = getpid();
	g->as_init = g->self == 1;
	r = set_up(g);
	if (r < 0)
		return 126;
	become_reaper(g);
	survive_oom(g);
	open_places(g);
	r = cgroup_open(&g->watch.cgroup, 0, conf, &why);
	if (r < 0)
		why = strerror(-r);
	chute_begin(g);
	if (watch_begin(g) < 0 || lists_begin(g) < 0 || life_begin(g) < 0 || brake_setup(g) < 0 ||
		prearm_begin(g) < 0)
		return 126;
	begin_life(g);
	guard_start_scribe(g);
	watch_announce(g, why);
	r = life_start_child(g);
	if (r)
		return r;
	if (g->watch.has_limit)
		check_at_start(conf, g->argv, g->envp);
	event_add(g->signal_event, NULL);
	control_begin(g);
	view_begin(g);
	/* ONFAULT: what is touched stays, what is not costs nothing. Best effort: RLIMIT_MEMLOCK.
	 */
	mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	watch_soon(g);
	reporter_try(g);
	event_base_dispatch(g->base);
	view_end(g);
	lists_end(g);
	prearm_end(g);
	reporter_finish(g);
	control_end(g, scribe_finish(&g->scribe, SCRIBE_FINISH_MSEC));
	app_env_end(&g->app_env);
	return g->exit_code;
}
