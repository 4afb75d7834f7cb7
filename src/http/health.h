/* SPDX-License-Identifier: Apache-2.0 */
/* What the probes answer, and the state of the guard as JSON. Pure. */
#ifndef OOMGUARD_HTTP_HEALTH_H
#define OOMGUARD_HTTP_HEALTH_H

#include "base/buf.h"
#include "http/view.h"

#define HEALTH_TEXT_MAX 8192

struct health {
	int code;	  /* HTTP status: 200 or 503 */
	const char *text; /* one line that says why */
};

/* Ready: the application runs, is neither being drained nor stopped. */
struct health health_ready(const struct guard_view *view);

/*
 * Alive, by what the guard knows alone: always, except while nothing is left to be alive.
 * health_excuses: the application's own probe need not be asked, because it is being stopped or
 * dumped for a time that is bounded; a probe that kills the container now would lose the evidence.
 */
struct health health_live(const struct guard_view *view);
bool health_excuses(const struct guard_view *view);

/* One JSON object, one line, no newline at the end. */
void health_print_status(const struct guard_view *view, struct buf *out);

#endif
