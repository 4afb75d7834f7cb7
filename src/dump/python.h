/* SPDX-License-Identifier: Apache-2.0 */
/* What the Python hook tells, for people. */
#ifndef OOMGUARD_DUMP_PYTHON_H
#define OOMGUARD_DUMP_PYTHON_H

#include "base/buf.h"

/*
 * Pure: the tables of an answer of the hook (JSON, see python_hook.py) as text, largest first:
 *
 *     objects by type
 *           bytes      count  type
 *         9600000     200000  app.PlantedCulprit
 *
 * 0; -EBADMSG: that is no such JSON.
 */
/* A tuple, its numbers and a slot in a list for each block, beside the entry that is there already;
 * measured, see tests/bench: 2.2 times of all that is resident. */
#define PYTHON_TRACE_FACTOR 4

int python_print_tables(const char *json, struct buf *out);

#endif
