/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The incident of a life that is over: what the recorder has of its last minutes, what the kernel's
 * log says, verdict and advice. Written at once where the guard has outlived the application, else
 * at the next start. For helpers: it allocates and takes its time.
 */
#ifndef OOMGUARD_REPORT_DEATH_H
#define OOMGUARD_REPORT_DEATH_H

#include "conf/conf.h"
#include "report/flight.h"
#include "store/store.h"

#define DEATH_TEXT_MAX 512

struct incident_verdict;

struct death_order {
	const struct conf *conf;
	const struct store *store;
	struct flight_life life; /* `end` as it has been judged */
	char reason[DEATH_TEXT_MAX];
	bool just_now; /* the kernel may still be writing of it */
};

/* Is that an end that deserves an incident? Its "level" in the name; NULL: it does not. */
const char *death_level(enum flight_end end);

/*
 * Writes incidents/<time>-oom/ (or -killed, -crash), unless the life has one already (-EEXIST).
 * ret_text: the verdict in a line, for the log. 0 or -errno.
 */
int death_write(const struct death_order *order, struct incident_verdict *ret_verdict,
	char ret_text[DEATH_TEXT_MAX]);

#endif
