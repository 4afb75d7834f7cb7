/* SPDX-License-Identifier: Apache-2.0 */
/* What guard and companion share; for scribe.c and companion.c only. */
#ifndef OOMGUARD_REPORT_COMPANION_H
#define OOMGUARD_REPORT_COMPANION_H

#include "report/flight.h"
#include "report/scribe.h"

#define SCRIBE_BELL 0u /* no order: only the recorder has something new */

struct scribe_shared {
	uint32_t begun, ended; /* number of the order, written before and after it */
	uint32_t finished;     /* by the companion: the last order that it has done with */
	int note_error;	       /* by the companion: of the first note that could not be written */
	bool as_init;
	uint64_t until_usec;
	struct snapshot_input in; /* its pointers are set anew by the companion */
	struct conf conf;
	struct cgroup cgroup; /* its fds are those of the time of the fork */
};

/* All that the companion has; set up before the fork. */
struct companion {
	int fd, procfd;
	pid_t guard;
	const struct store *store;
	const struct cgroup *cgroup; /* as at the fork, for its fds */
	struct scribe_shared *shared;
	const struct flight *flight;
	const char *termination_path;
	uint32_t words_taken;
	bool sweeps;
	uint64_t flight_bytes, flight_keep_bytes;
	const char *note_names[FLIGHT_NOTES];
	uint32_t notes_taken[FLIGHT_NOTES];
	struct flight_file file;
};

/* The companion's whole life: never returns. */
void __attribute__((noreturn)) companion_run(struct companion *c);

#endif
