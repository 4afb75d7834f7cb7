/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OOMGUARD_BASE_CLOCK_H
#define OOMGUARD_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* CLOCK_BOOTTIME in microseconds: all decisions are taken on it; it never steps and counts suspend.
 */
uint64_t clock_now_usec(void);

/* CPU time of this thread in microseconds: what a look costs, not how long others kept us waiting.
 */
uint64_t clock_cpu_usec(void);

/* CLOCK_REALTIME in microseconds since the epoch, for people and file names only. */
uint64_t clock_wall_usec(void);

#define CLOCK_TEXT_MAX 32
/* RFC 3339 in UTC with milliseconds: 2026-11-25T20:58:44.123Z. Allocates nothing. */
void clock_print_rfc3339(char out[CLOCK_TEXT_MAX], uint64_t wall_usec);
/* For file names, sorts by time: 20261125T205844.123Z */
void clock_print_compact(char out[CLOCK_TEXT_MAX], uint64_t wall_usec);

#endif
