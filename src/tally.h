/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has happened so far, for metrics and status. Counting is an addition and never fails;
 * tally_save keeps what must outlive a restart of the container in a small text file of the state
 * directory.
 */
#ifndef OOMGUARD_TALLY_H
#define OOMGUARD_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "http/view.h"
#include "report/flight.h"

#define TALLY_FILE     "counters"
#define TALLY_TEXT_MAX 2048 /* at most FLIGHT_NOTE_MAX */

enum tally_restart { TALLY_BY_LEVEL, TALLY_BY_EMERGENCY, TALLY_BY_REQUEST };
enum tally_exit { TALLY_EXIT_OK, TALLY_EXIT_STATUS, TALLY_EXIT_SIGNAL, TALLY_EXIT_GUARDED };
enum tally_kill { TALLY_KILL_OWN, TALLY_KILL_POD, TALLY_KILL_NODE, TALLY_KILL_EXTERNAL };

/* What a report said. */
struct tally_verdict {
	uint64_t cause; /* enum cause */
	uint64_t confidence_pct;
	uint64_t limit_bytes, request_bytes; /* to set; 0: not known */
	uint64_t wall_usec;		     /* when; 0: never */
};

struct tally {
	/* kept */
	uint64_t restarts[VIEW_RESTARTS], exits[VIEW_EXITS], kills[VIEW_KILLS];
	uint64_t lives[VIEW_LIVES];    /* that are over, by tally_life() */
	uint64_t dumps[VIEW_DUMPS][2]; /* ok, failed */
	uint64_t diagnoses[VIEW_CAUSES];
	struct tally_verdict verdict; /* the last one */
	uint64_t last_oom_wall_usec;  /* 0: never */
	uint64_t dump_usec;	      /* what the last dump took; 0: none yet */
	uint64_t dump_bytes;	      /* of the last complete one */
	/* of this process alone */
	uint64_t fired[CONF_LEVELS_MAX];
	uint64_t look_buckets[VIEW_BUCKETS + 1], look_count, look_sum_usec;
	uint64_t pause_usec; /* until the next look */
};

/* Names of the rows, as labels have them. NULL beyond the last. */
const char *tally_restart_name(unsigned i);
const char *tally_exit_name(unsigned i);
const char *tally_kill_name(unsigned i);
const char *tally_dump_name(unsigned i);
const char *tally_life_name(unsigned i);
const char *tally_cause_name(unsigned i);

/* Hot path. */
void tally_look(struct tally *t, uint64_t cost_usec, uint64_t pause_usec);
/* Nothing for an end that is not known yet. */
void tally_life(struct tally *t, enum flight_end end);
/* Nothing for actions that are no dump. bytes: 0 where not known. */
void tally_dump(struct tally *t, enum conf_action action, bool ok, uint64_t usec, uint64_t bytes);
/* Counts it, and keeps it as the last one. */
void tally_diagnosis(struct tally *t, const struct tally_verdict *verdict);

/* Lines of "name value"; what is unknown or odd is skipped. Pure. */
void tally_parse(const char *text, struct tally *t);
/* The length or -ENOSPC. */
int tally_print(const struct tally *t, char *out, unsigned size);

/* A missing file leaves zeroes. 0 or -errno. */
int tally_load(int dirfd, struct tally *t);
/* Whole or not at all, not synced: it is no evidence. 0 or -errno; dirfd < 0 does nothing. */
int tally_save(int dirfd, const struct tally *t);

#endif
