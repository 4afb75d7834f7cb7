/* SPDX-License-Identifier: Apache-2.0 */
/* What runs in a helper process, between the files of this folder. */
#ifndef OOMGUARD_ACTION_WORK_H
#define OOMGUARD_ACTION_WORK_H

#include "action/action.h"
#include "base/buf.h"
#include "dump/dumpers.h"
#include "proc/proc.h"

/*
 * One function per action that a helper carries out. `line`: the result in words, one line.
 * 0 when done, 1 when failed: the exit status of the helper.
 */
int work_heap_dump(struct action_job *job, struct buf *line);
int work_stacks(struct action_job *job, struct buf *line);
int work_signal(struct action_job *job, struct buf *line);
int work_command(struct action_job *job, struct buf *line);
int work_core(struct action_job *job, struct buf *line);
int work_profile(struct action_job *job, struct buf *line);
int work_relieve(struct action_job *job, struct buf *line);

/* Stacks of one process, into the incident's directory, where headroom covers it. As above. */
int work_stacks_of(struct action_job *job, pid_t pid, int dirfd, struct buf *line);

/* admit.c: may this be done? What it would take: */
struct admission {
	enum conf_dump_kind kind;
	uint64_t need_bytes;	/* headroom */
	uint64_t file_bytes;	/* at most, on the disk; 0: next to nothing */
	uint64_t bytes_per_sec; /* at which the application stands still; 0: it does not */
};
/* True, or false and why not in words. dirfd: the incident, or -errno. */
bool work_admit(
	const struct action_job *job, const struct admission *ask, int dirfd, struct buf *why);

/* keep.c: a dump that is whole, in the incident's directory: packed, if there is time and room. */
struct work_dump {
	struct action_job *job;
	int dirfd;
	enum conf_dump_kind kind;
	const struct proc_stat *stat; /* of the process */
	struct dump_result *result;   /* its name, size and note change with what is done */
};
void work_keep(const struct work_dump *d);
/* From now on this helper hears ACTION_HURRY and SIGTERM. */
void work_listen(void);
/* Headroom as of now, where it can be had. */
uint64_t work_headroom(const struct action_job *job);

/* The application's processes, without this helper and the guard's other ones. 0 or -errno. */
int work_scan(const struct action_job *job, int procfd, struct tree *ret_tree);

/*
 * The job's incident directory, made where there is none yet (job->incident names it then).
 * Owned fd or -errno.
 */
int work_open_incident(struct action_job *job);

/* Removes the incident directory again if this job made it and it has stayed empty. */
void work_drop_incident(struct action_job *job);

/* "; " between what is told of several targets. */
void work_separate(struct buf *line);

#endif
