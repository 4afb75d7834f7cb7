/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The companion: one small process, forked at start and ready, that writes snapshots so that a
 * stalled disk, a failing fork or a full pid table cannot hold up the guard. The guard puts an
 * order into shared memory and rings; the companion makes the incident directory, writes
 * snapshot.json there (the memory part first, at once; then again with all processes) and
 * answers. Both sides work on one order at a time.
 */
#ifndef OOMGUARD_REPORT_SCRIBE_H
#define OOMGUARD_REPORT_SCRIBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "report/flight.h"
#include "report/snapshot.h"
#include "store/store.h"

enum scribe_stage {
	SCRIBE_STAGED,	 /* the memory part is whole on disk */
	SCRIBE_COMPLETE, /* with all processes that could be listed in time */
	SCRIBE_FAILED,	 /* text says why */
};

struct scribe_answer {
	uint32_t order; /* which one */
	enum scribe_stage stage;
	char incident[STORE_PATH_MAX]; /* directory, relative to store.path: "incidents/<name>" */
	char text[256];
};

struct scribe_shared; /* the order, in memory shared by both */

struct scribe {
	pid_t pid; /* > 0 while it lives */
	int fd;	   /* our end of a SOCK_SEQPACKET pair, non-blocking, for the loop */
	struct scribe_shared *shared;
	uint32_t last_order;
	struct flight *flight;	      /* the recorder's area, set before scribe_start; NULL: none */
	const char *termination_path; /* where the termination message goes; NULL: nowhere */
	uint64_t flight_bytes;	      /* its file may be so large when it is made ... */
	uint64_t flight_keep_bytes;   /* ... and one that is there so large */
	bool sweeps;		      /* the next companion begins with store_sweep() */
	const char *note_names[FLIGHT_NOTES]; /* files of the notes; NULL: not kept */
};

#define SCRIBE_NONE ((struct scribe){ .fd = -1 })

/*
 * Maps the shared area once (kept over a restart of the companion) and forks. The companion blocks
 * all signals but KILL, has PDEATHSIG KILL, closes every fd that it does not need, names itself
 * "oomguard-scribe", and ends when our end of the socket closes. 0 or -errno.
 */
int scribe_start(struct scribe *s, const struct conf *conf, const struct store *store,
	const struct cgroup *cgroup);

/*
 * Puts an order (copied) and rings; never blocks, never allocates. `child`, `as_init`: whose
 * processes to list (tree_scan). until_usec: when the process list is cut.
 * 0 and the order's number, -EBUSY while one is being worked on, -EPIPE when the companion is dead.
 */
int scribe_order(struct scribe *s, const struct snapshot_input *in, bool as_init,
	uint64_t until_usec, uint32_t *ret_order);

/* What it has answered: 1 and *ret, 0 when nothing is there, -EPIPE when it is dead. */
int scribe_take_answer(struct scribe *s, struct scribe_answer *ret);

/* Wakes it up to carry what is new into the flight recorder's file. Never blocks. */
void scribe_ring(struct scribe *s);

/* Why a note could not be written by now; 0: all could. */
int scribe_note_error(const struct scribe *s);

/* The end: it writes what is left and ends; waited for at most msec. False: the disk is stalled. */
bool scribe_finish(struct scribe *s, int msec);

/* Told by the reaper that pid has ended; true when that was the companion (fd is closed then). */
bool scribe_has_ended(struct scribe *s, pid_t pid);

#endif
