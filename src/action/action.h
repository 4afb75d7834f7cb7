/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What do we do about it? One row per action: its default deadline and how it is carried out. What
 * is slow runs in a helper process (action_work); what is only a flag or a signal is the guard's.
 */
#ifndef OOMGUARD_ACTION_ACTION_H
#define OOMGUARD_ACTION_ACTION_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "action/parachute.h"
#include "cgroup/cgroup.h"
#include "conf/conf.h"
#include "proc/tree.h"
#include "store/store.h"

enum action_kind {
	ACT_BY_GUARD,	  /* log, freeze, restart, drain: no process needed */
	ACT_BY_COMPANION, /* snapshot */
	ACT_BY_HELPER,	  /* the rest */
	ACT_NOT_BUILT,	  /* said once at start, skipped with a log line */
};

struct action_row {
	enum action_kind kind;
	uint64_t deadline_usec; /* default; 0: from the configuration (dump.deadline) or none */
	bool with_parachute;	/* takes so long that growth is to be held meanwhile */
};

/* The table. */
const struct action_row *action_row(enum conf_action action);

/* The deadline of an action under this configuration, microseconds. */
uint64_t action_deadline(const struct conf *conf, enum conf_action action);

#define ACTION_SPARE_MAX 6 /* processes of the guard besides itself */

/* Everything that a helper may need to know; copied by fork. */
struct action_job {
	const struct conf *conf;
	const struct store *store;
	enum conf_action action;
	const char *level;
	const char *reason;   /* the log line */
	const char *incident; /* "incidents/<name>" relative to store->path; "" when there is none:
			       * one is made then (store_make_incident) */
	struct cgroup_sample sample;
	uint64_t growth_bytes_per_sec; /* 0: it does not grow */
	struct cgroup *cgroup;	    /* to look again, files open; NULL: `sample` is all there is */
	struct parachute parachute; /* to be opened first; the guard closes it */
	pid_t self;		    /* the guard */
	pid_t child;		    /* the application's main process */
	bool as_init;
	pid_t spare[ACTION_SPARE_MAX]; /* our own processes: companion, ... */
	unsigned n_spare;
	const char *hook_dir;	/* where hooks in the application have their sockets; NULL: none */
	uint64_t deadline_usec; /* clock_now_usec() */
	uint64_t dump_bytes;	/* out, in the helper: what it has written; 0: not known */
};

/*
 * Runs job->action in a helper process; tells one line of result through result_fd. Exit status 0:
 * done; 1: failed (the line says why). Never returns an error otherwise.
 */
int action_work(struct action_job *job, int result_fd);

/*
 * To the helper of heap-dump and core: ACTION_HURRY: somebody waits, what is not needed (packing)
 * is left; before that it is ignored. SIGTERM: it ends, cleans up behind itself, and is dead a
 * second later at the latest, with all that it has started.
 */
#define ACTION_HURRY SIGURG
bool action_ends_by_itself(enum conf_action action);

/* Takes what action_work adds to its line for the guard alone (action_job.dump_bytes) off it. */
uint64_t action_take_bytes(char *line);

/* hook.c: runs a shell-less command line ("/bin/sh -c" where a shell is there and the line has
 * shell characters, else split at blanks) with OOMGUARD_EVENT_* in its environment and stdout ->
 * stderr. Waits for it until the deadline, then SIGKILL to its group. Its wait status, or -errno.
 */
int hook_run(const struct action_job *job, const char *command, char *const *env);

/* Environment for hooks: the current one plus OOMGUARD_EVENT_LEVEL, _REASON, _INCIDENT (absolute
 * path), _PID (target), _USE_BYTES, _LIMIT_BYTES, _HEADROOM_BYTES. Allocated (helper only): owned,
 * as `auto_hook_env char **env`. */
char **hook_environment(const struct action_job *job, pid_t target);
void hook_free_environment(char ***env);

#define auto_hook_env __attribute__((cleanup(hook_free_environment)))

/* target.c: which process(es) to dump by dump.target, largest PSS first. Returns how many. */
unsigned target_choose(const struct action_job *job, pid_t *ret_pids, unsigned max);

/* freeze.c: stops / continues every process of the application (SIGSTOP, rescanned until stable:
 * a process forked meanwhile is found by the next scan). Returns how many are stopped, or -errno.
 * Runs in the guard: no allocation. Thaw continues exactly those that freeze stopped. */
struct freezer {
	struct tree tree; /* what was stopped */
	bool frozen;
	int procfd;
};
int freeze_all(struct freezer *f, pid_t self, pid_t child, bool as_init, const pid_t *spare,
	unsigned n_spare);
void freeze_thaw(struct freezer *f);

#endif
