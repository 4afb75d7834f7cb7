/* SPDX-License-Identifier: Apache-2.0 */
/* What the Python hook tells, for people. */
#ifndef OOMGUARD_DUMP_PYTHON_H
#define OOMGUARD_DUMP_PYTHON_H

#include "base/buf.h"

/*
 * How much more a snapshot takes than what tracemalloc has for itself: 2.3 times as much (238 MiB,
 * 3.8), 3.3 (3.11), 3.4 (3.13); given back afterwards.
 */
#define PYTHON_TRACE_FACTOR 5

/*
 * Pure: the tables of an answer of the hook (JSON, see python_hook.py) as text, largest first:
 *
 *     objects by type
 *           bytes      count  type
 *         9600000     200000  app.PlantedCulprit
 *
 * 0; -EBADMSG: that is no such JSON.
 */
int python_print_tables(const char *json, struct buf *out);

#endif
