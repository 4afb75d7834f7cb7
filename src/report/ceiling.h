/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much may the runtime take by its own settings: the ceiling of its heap and what it needs
 * beside it. Pure. Sources: java(1), `node --help`, the Go runtime's documentation, .NET's GC
 * settings; what is beside a heap is a rule of thumb (small programs measured).
 */
#ifndef OOMGUARD_REPORT_CEILING_H
#define OOMGUARD_REPORT_CEILING_H

#include <stdint.h>

/* Of a command line and an environment (NULL: none), NULL-terminated. limit_bytes is what a
 * percentage is of. The largest that is found; 0: there is none. */
uint64_t ceiling_of(char *const *argv, char *const *envp, uint64_t limit_bytes);

/* Of one text that holds a command line, as a snapshot has it. */
uint64_t ceiling_of_text(const char *text, uint64_t limit_bytes);

/* What is beside the heap in it. */
uint64_t ceiling_beside(const char *text);

#endif
