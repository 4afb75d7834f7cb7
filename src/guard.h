/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spine: one loop that owns the state and hands events to those who decide. These files share
 * struct guard, each with its own part of it:
 *
 *   guard.c  the loop, signals, the reaper: who gets told what
 *   watch.c  look -> trigger -> which level has fired; what to say about it
 *   lists.c  carries out a level's list of actions, one after the other
 *   dumping.c the helper that dumps: what it needs of us, and when it is to end
 *   prearm.c early attach, so that a full heap can still be dumped
 *   life.c   carries out what the restart table says
 *   app_env.c     the environment that a new life starts with
 *   record.c tells the flight recorder
 *   brake.c  the frozen application: probe, slices, release
 *   chute.c  memory.high while a dump runs
 *   view.c   what others can see of it: metrics, probes, status
 *   count.c  what is counted for them
 *   verdict.c is anything wrong, by the leak test and by the last report?
 *   drain.c  whether load balancers may still send
 *   allow.c  may the application be restarted just now?
 *   keep.c   what has to be remembered: budget, counters, the state that `status` shows
 *   headline.c    the line that says why a level has fired
 *   reporter.c    the report of an incident, when there is room
 *   last_words.c  the termination message
 *   vitals.c      what a post-mortem needs to have been noted before
 *
 * While the application runs nothing here waits for anything but the loop, and looks and levels do
 * not allocate (HTTP and the control socket may). Bounded waits are at the two ends: for the reader
 * of the last life at the start (2 s), for the last report and the companion at the end (1 s, 0.2
 * s).
 */
#ifndef OOMGUARD_GUARD_H
#define OOMGUARD_GUARD_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "action/action.h"
#include "app_env.h"
#include "base/helper.h"
#include "cgroup/cgroup.h"
#include "cgroup/notify.h"
#include "child/budget.h"
#include "child/favour.h"
#include "child/restart.h"
#include "child/signals.h"
#include "conf/conf.h"
#include "http/view.h"
#include "report/curve.h"
#include "report/flight.h"
#include "report/scribe.h"
#include "store/store.h"
#include "tally.h"
#include "trigger/brake.h"
#include "trigger/pace.h"
#include "trigger/trigger.h"
#include "reporter.h"
#include "vitals.h"

#define GUARD_LINE_MAX 512

struct watch {
	struct event *timer;
	struct event *hint; /* the kernel tells something; NULL: nothing tells */
	struct notify notify;
	struct cgroup cgroup;
	struct cgroup_sample sample; /* of the last look */
	struct cgroup_events events; /* at the start of this life */
	struct trigger trigger;
	struct pace pace;
	struct cpus cpus;
	uint64_t due_usec;		    /* when the next look is to be */
	uint64_t late_usec;		    /* how much later looks came lately; fades */
	uint64_t cpus_due_usec;		    /* when the bound of CPUs is to be read again */
	uint64_t detail_due_usec;	    /* when memory.stat is to be read again at the latest */
	uint64_t limits[CGROUP_LEVELS_MAX]; /* at the last look, to see a resize */
	bool can_look;			    /* false: said once that it cannot be read */
	bool has_limit;			    /* at the last look */
};

enum list_step { LIST_IDLE, LIST_SNAPSHOT, LIST_HELPER, LIST_DRAIN };

/* Index of the list that the control socket asks for, after those of the levels. */
#define LISTS_REQUEST CONF_LEVELS_MAX

struct lists {
	struct event *deadline; /* of the running action */
	enum list_step step;
	unsigned waiting;	   /* levels that have fired and wait for their turn, as bits */
	unsigned level, index;	   /* the action that runs: lists_level(level)->actions[index] */
	unsigned drained;	   /* levels that have reached their `drain`, as bits */
	struct conf_level request; /* LISTS_REQUEST */
	struct helper helper;
	bool given_up;	/* the helper has been told to end */
	uint32_t order; /* of the companion */
	uint64_t begun_usec;
	char incident[STORE_PATH_MAX]; /* "incidents/NAME" of this list, "" so far */
	char reason[CONF_LEVELS_MAX + 1][GUARD_LINE_MAX]; /* why each level has fired */
};

struct chute {
	struct parachute parachute; /* wanted: open, or about to be */
	pid_t helper;		    /* that opens it; 0: none was started */
};

struct keeper { /* of the application's life */
	struct life life;
	struct event *timer;
	pid_t child;	 /* 0: none runs */
	int wait_status; /* of the last child */
	int stop_signal; /* the one that came from outside */
	uint64_t start_usec;
	bool emergency; /* of the restart in progress */
	struct helper pre_stop;
	struct tree tree;
};

enum hold { HOLD_NONE, HOLD_FROZEN, HOLD_PROBE, HOLD_STOPPING };

struct braking {
	struct event *timer;
	enum hold hold;
	bool running;	/* in a slice just now */
	bool pausing;	/* stopped between two slices, so that the room lasts */
	bool waiting;	/* stopped until the brake is asked again */
	unsigned level; /* that froze it */
	uint64_t slice_begun_usec;
	uint64_t until_usec; /* a freeze is always bounded */
	struct brake brake;
	struct freezer freezer;
};

/* Runtimes that answer in a full heap only if they were asked before. */
struct prearm {
	struct event *timer;
	struct helper helper;
	unsigned step, tries;
};

struct recorder {
	struct vitals vitals;
	struct flight *flight;	 /* shared with the companion; NULL: no recorder */
	struct flight_life life; /* as it stands */
	enum flight_end previous_end;
	bool previous_cut;  /* it could not write down itself how it ended */
	uint64_t pidns;	    /* for who reads what `status` shows */
	uint64_t next_usec; /* next sample below the first level, and next life record */
	bool urgent, node_is_short;
};

struct verdict {
	struct curve curve;	   /* of this life; begun anew when next_usec is 0 */
	struct tally_verdict live; /* what it shows */
	uint64_t next_usec;	   /* when a sample is due */
	uint64_t seen_usec;	   /* when the cause in `live` was found last */
};

struct cli;
struct http;
struct incident_verdict;

struct guard {
	const struct conf *conf;
	const struct cli *cli; /* where the settings came from, to read them again */
	char *const *argv;
	char *const *envp;
	struct app_env app_env;	     /* what the application gets instead */
	const struct favour *favour; /* to be given back by the application */
	pid_t self;
	bool as_init; /* we are PID 1 of our namespace */
	int procfd;
	int oom_score_adj; /* as inherited */
	int exit_code;
	struct event_base *base;
	struct event *signal_event, *scribe_event;
	struct signal_state signals;
	struct store store;
	int control_fd, control_error; /* of the control socket, until control_begin() */
	struct budget budget;
	struct scribe scribe;
	struct watch watch;
	struct lists lists;
	struct chute chute;
	struct keeper keeper;
	struct braking braking;
	struct recorder recorder;
	struct reporter reporter;
	struct prearm prearm;
	struct tally tally;
	struct verdict verdict;
	struct http *http; /* NULL: off */
	bool drain_asked;  /* by the user: not ready until the next start */
};

/* guard.c */

/*
 * Runs cli->argv under guard until it is over. Returns the exit status: the application's, 75, 126,
 * 127. What cannot be set up is logged and done without: the application is started in any case.
 */
int guard_run(const struct conf *conf, const struct cli *cli, char *const *envp,
	const struct favour *favour);

/* One-shot timer; replaces what was set. */
void guard_set_timer(struct event *timer, uint64_t usec);
/* Our own processes, for tree_scan and freezing. Returns how many. */
unsigned guard_spare(const struct guard *g, pid_t out[ACTION_SPARE_MAX]);
/* The application's processes into g->keeper.tree. Returns how many, or -errno. */
int guard_scan(struct guard *g);
/* The loop is left; guard_run returns this. */
void guard_over(struct guard *g, int exit_code);
/* Starts the companion (again); logs when that fails. */
void guard_start_scribe(struct guard *g);

/* watch.c */
int watch_begin(struct guard *g);
/* What was found, for -v and for the warning that nothing guards. */
void watch_announce(struct guard *g, const char *why);
/* Now, not when the pause is over. */
void watch_soon(struct guard *g);
/* A fresh look without deciding anything; false when it cannot be read. */
bool watch_refresh(struct guard *g);
/* A look of now, NULL where nothing can be seen. */
const struct cgroup_sample *watch_fresh(struct guard *g);
/* A new program has started: a new curve. */
void watch_new_life(struct guard *g);
/* Did the kernel kill something of ours since the life began? */
bool watch_saw_oom_kill(struct guard *g);
/* "88% of 256MiB not reclaimable (anon 216MiB, +3.1MiB/s, limit in 10s)". */
void watch_describe(const struct guard *g, char *out, size_t size);

/* headline.c */

/* "dump level: 88% of 256MiB ...; snapshot, heap dump asked from pid 7 (python3)" */
void headline_say(struct guard *g, unsigned index);
/* A kernel kill in words, the one line that `OOMKilled` never gives: to the log, to the recorder,
 * and its incident is ordered. */
void headline_killed(struct guard *g);

/* lists.c */
int lists_begin(struct guard *g);
/* The level has fired for the reason in lists.reason[level]. */
void lists_fire(struct guard *g, unsigned level);
/* The brake has let go: the next list that waits. */
void lists_go_on(struct guard *g);
/* The level of that index; that of the request for LISTS_REQUEST. */
static inline const struct conf_level *lists_level(const struct guard *g, unsigned level)
{
	return level == LISTS_REQUEST ? &g->lists.request : &g->conf->levels[level];
}
/* The reaper's: true when it was the running helper. */
bool lists_helper_ended(struct guard *g, pid_t pid, int wait_status);
/* The companion has answered or died. */
void lists_scribe_event(struct guard *g);
/* Everything is over: no helper stays. */
void lists_end(struct guard *g);

/* dumping.c */
#define DUMPING_FDS_MAX (2 + 7 * CGROUP_LEVELS_MAX)
/* What a helper may keep open. Returns how many. */
unsigned dumping_fds(const struct guard *g, int out[DUMPING_FDS_MAX]);
/* After each look: a dump that would cost the last of the headroom is given up, and what it has
 * written goes. */
void dumping_watch_floor(struct guard *g);

/* prearm.c */
int prearm_begin(struct guard *g);
/* The application has started (again). */
void prearm_new_life(struct guard *g);
/* After each look; allocates nothing. */
void prearm_watch(struct guard *g);
/* The reaper's: true when it was the helper. */
bool prearm_ended(struct guard *g, pid_t pid, int wait_status);
void prearm_end(struct guard *g);

/* life.c */
int life_begin(struct guard *g);
/* 0, or the exit status when the command cannot be run at the first start. */
int life_start_child(struct guard *g);
void life_happen(struct guard *g, enum life_event ev);
void life_child_ended(struct guard *g, int wait_status);
/* True when it was the pre-stop command. */
bool life_helper_ended(struct guard *g, pid_t pid);
/* After the reaper has run: is anything left? */
void life_check_gone(struct guard *g);
/* Asks the budget, then begins a guarded restart. False: held back, and said so. */
bool life_restart(struct guard *g, unsigned level);
bool life_is_ending(const struct guard *g);
/* How long the restart in progress gives the application, microseconds. */
uint64_t life_grace(const struct guard *g);

/* record.c */

/* Reads what the recorder says of the life before, and logs it; maps the shared area. True when
 * there was a life before: then recorder.previous_end is how it ended. */
bool record_begin(struct guard *g);
void record_new_life(struct guard *g);
/* Hot path: after each look. */
void record_sample(struct guard *g);
void record_event(struct guard *g, enum flight_kind kind, int value, const char *text);
void record_end(struct guard *g, enum flight_end end, int exit_status);

/* last_words.c */

/* Where the termination message goes; NULL: nowhere. */
const char *last_words_path(const struct conf *conf);
void last_words_put(struct guard *g, enum flight_kind kind, const char *text);

/* brake.c */
int brake_setup(struct guard *g);
/* Stops all of the application for `level`, at most until `max_usec` from now. */
void brake_freeze(struct guard *g, unsigned level, uint64_t max_usec);
/* The level's list asks for the restart while frozen: probe first. False: it was not frozen. */
bool brake_takes_restart(struct guard *g);
/* It is being stopped (pre-stop, stop signal): what was frozen goes on in slices. */
void brake_ending(struct guard *g);
/* Growth rushes while the application is being stopped. */
void brake_while_stopping(struct guard *g, unsigned level);
/* Let go of it, whatever it was. */
void brake_release(struct guard *g);

/* chute.c */
/* At the start: puts back what a life before has left open. */
void chute_begin(struct guard *g);
/* What the helper for that action shall open; not wanted: nothing. */
struct parachute chute_plan(struct guard *g, const char *level, enum conf_action action);
/* The reaper's, for every helper; 0: it could not be started. */
void chute_helper_ended(struct guard *g, pid_t pid);
void chute_end(struct guard *g);

/* allow.c */
/* Why a restart for that level would be held back just now; NULL: it would not. */
const char *allow_restart(const struct guard *g, unsigned level);
/* Is use below the level's `at` again? Then it is to be armed again at once. */
bool allow_level_is_left(const struct guard *g, unsigned level);

/* keep.c */
/* The companion writes them: a disk that hangs does not hold up anybody else. */
void keep_budget(struct guard *g);
void keep_counters(struct guard *g);
/* What could not be written by now: said once, and restarts are no longer counted on. */
void keep_check(struct guard *g);
/* Hot path: what `status` shows. */
void keep_live(struct guard *g);

/* drain.c */
/* Not ready from now on, for a while (LIST_DRAIN). False: nothing to wait for. */
bool drain_begin(struct guard *g);
/* Should load balancers send nothing more? */
bool drain_is_on(const struct guard *g);

/* view.c */
/* The state of now; reads small files of the cgroup and of /proc. */
void view_fill(const struct guard *g, struct guard_view *ret_view);
/* Hot path: without what is in files. */
void view_fill_known(const struct guard *g, struct guard_view *ret_view);
/* Opens http.listen where it is not off; logs when that fails. view_end closes it. */
void view_begin(struct guard *g);
void view_end(struct guard *g);

/* verdict.c */
/* Hot path: after each look. */
void verdict_sample(struct guard *g);
void verdict_new_life(struct guard *g);
/* From the helper that has written a report, and what comes of it in the guard. */
void verdict_tell(const struct incident_verdict *v, int result_fd);
void verdict_reported(struct guard *g, const char *line);
/* Of now: what the curve shows, else what a report of the last day said. */
struct tally_verdict verdict_now(const struct guard *g);

/* count.c */
/* What was counted before, and what nobody could count: how the life before was cut off. */
enum count_end { COUNT_END_KNOWN, COUNT_END_OOM, COUNT_END_KILLED };
void count_begin(struct guard *g, enum count_end before);
void count_restart(struct guard *g, unsigned level);
/* The kernel has killed the application. */
void count_kill(struct guard *g);
/* Somebody else has sent SIGKILL. */
void count_foreign_kill(struct guard *g);
void count_exit(struct guard *g, int wait_status);
/* A life is over. */
void count_life(struct guard *g, enum flight_end end);
/* The action that runs has ended; bytes: what it wrote, 0 where not known. */
void count_action(struct guard *g, enum conf_action action, bool ok, uint64_t usec, uint64_t bytes);
/* Somebody has judged: a report, or the leak test. */
void count_diagnosis(struct guard *g, const struct tally_verdict *verdict);

#endif
