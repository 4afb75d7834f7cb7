/* SPDX-License-Identifier: Apache-2.0 */
/* What a runtime has been told about memory: on the command line or in its variables. */
#ifndef OOMGUARD_CHECK_FLAGS_H
#define OOMGUARD_CHECK_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "check.h"

#define FLAG_COMMAND "" /* in a list of places: the command line */

struct flag {
	char text[64];	   /* "-Xmx300m", as it is written */
	const char *value; /* in it: "300m" */
	const char *place; /* the variable, or FLAG_COMMAND */
};

/*
 * The one that holds of a flag with these spellings ("-Xmx", "-XX:MaxHeapSize="): places are in the
 * runtime's order, a later one wins; in a place the last one. Both lists are NULL-terminated.
 */
bool flag_find(const struct check *c, const char *const *places, const char *const *spellings,
	struct flag *ret);

/* "512m", "2g", "300" in units of `unit`; false when it is no size. */
bool flag_size(const char *text, uint64_t unit, uint64_t *ret_bytes);

/*
 * The remedy for a flag: `better` in place of what is there, or into `variable` where nothing is
 * (flag NULL).
 */
void flag_remedy(struct check *c, struct check_row *row, const struct flag *flag,
	const char *variable, const char *better);

#endif
