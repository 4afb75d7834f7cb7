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
int work_terminate_largest(struct action_job *job, struct buf *line);

/* reclaim.c: adds to `line` what was given back; nothing where there is no way. */
void work_reclaim(const struct action_job *job, struct buf *line);

/* Stacks of one process, into the incident's directory, where headroom covers it. As above. */
int work_stacks_of(struct action_job *job, pid_t pid, int dirfd, struct buf *line);

/* admit.c: may this be done? What it would take: */
struct admission {
	enum conf_dump_kind kind;
	uint64_t need_bytes;	/* headroom */
	uint64_t file_bytes;	/* at most, on the disk; 0: next to nothing */
	uint64_t bytes_per_sec; /* at which the application stands still; 0: it does not */
	uint64_t took_usec;	/* how long, where it does not stand still; it may grow meanwhile */
};
/* True, or false and why not in words. dirfd: the incident, or -errno. */
bool work_admit(
	const struct action_job *job, const struct admission *ask, int dirfd, struct buf *why);

/*
 * keep.c: a file that is whole. A dump is packed, if there is time and room, takes the place of a
 * smaller one of the same process, is remembered, and old incidents go; all are indexed.
 */
struct work_dump {
	struct action_job *job;
	int dirfd;
	enum conf_dump_kind kind;	    /* DUMP_NONE: something small, for the index alone */
	const struct proc_stat *stat;	    /* of the process */
	uint64_t took_usec, headroom_bytes; /* that it took; 0: not known */
	struct dump_result *result;	    /* its name, size and note change with what is done */
};
void work_keep(const struct work_dump *d);

/* memo.c: what was learned from earlier dumps, read anew; static. */
struct learned_book *work_book(const struct action_job *job);
/* False, and why in words: dump.cooldown. What the user asks for is always due. */
bool work_is_due(const struct action_job *job, const char *comm, struct buf *why);
/* What dumping that process by that row would take. */
struct admission work_estimate(const struct action_job *job, const struct dumper *d,
	const struct proc_stat *stat, int dirfd);
/* Puts a dump down in the book; deletes the smaller one of the same process. True: it did. */
bool work_remember(const struct work_dump *d, uint64_t raw_bytes);
/* From now on this helper hears ACTION_HURRY and SIGTERM. */
void work_listen(void);
/* Headroom as of now, where it can be had. */
uint64_t work_headroom(const struct action_job *job);

/* How much memory may stand in for the disk during the pause: all that is asked for, or none. */
uint64_t work_spare(const struct action_job *job, const struct admission *ask);

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
