/* SPDX-License-Identifier: Apache-2.0 */
/* One function per runtime: its memory settings against the limit. */
#ifndef OOMGUARD_CHECK_RUNTIME_H
#define OOMGUARD_CHECK_RUNTIME_H

#include "check.h"
#include "check_flags.h"

/*
 * `sure`: the command is of that runtime; else its variables are set and only they are judged. The
 * limit is known.
 */
void check_java(struct check *c, bool sure);
void check_php(struct check *c, bool sure);

/* All of them, by a table. runtimes: bits of TUNE_RUNTIME(), 0 unknown. */
void check_runtimes(struct check *c, uint32_t runtimes);

#endif
