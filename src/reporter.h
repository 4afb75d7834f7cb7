/* SPDX-License-Identifier: Apache-2.0 */
/* The report of an incident, and the incident of a life that is over, when there is room. */
#ifndef OOMGUARD_REPORTER_H
#define OOMGUARD_REPORTER_H

#include <stdbool.h>

#include "base/helper.h"
#include "report/death.h"
#include "store/store.h"

struct guard;

struct reporter {
	struct helper helper;	      /* that writes incident.json and report.txt */
	char pending[STORE_PATH_MAX]; /* "incidents/NAME" that waits for it, "" none */
	struct death_order death; /* a life whose end is to be written of; death.store NULL: none */
};

/* A list has ended: its incident is to be reported. */
void reporter_note(struct guard *g, const char *incident);
/* A life is over and deserves an incident (death_level): it is written when there is room. It is
 * just over when `life` is that of the recorder. */
void reporter_note_death(
	struct guard *g, const struct flight_life *life, enum flight_end end, const char *reason);
/* Starts the helper where one waits and there is room. */
void reporter_try(struct guard *g);
/* The reaper's: true when it was the helper. */
bool reporter_ended(struct guard *g, pid_t pid);
/* At the end: what waits is written now; waited for at most a second. */
void reporter_finish(struct guard *g);

#endif
