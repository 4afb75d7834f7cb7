/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the memory controller's files to numbers. Pure, allocates nothing. */
#ifndef OOMGUARD_CGROUP_STAT_H
#define OOMGUARD_CGROUP_STAT_H

#include "cgroup/version.h"

/*
 * A decimal number at the start of the text, ended by a blank, a newline or NUL; "max" is
 * CGROUP_NO_LIMIT. A number that does not fit is CGROUP_NO_LIMIT too. 0 or -EINVAL.
 */
int stat_parse_u64(const char *text, uint64_t *ret);

/* pread of a file that holds one such number. 0 or -errno (-EBADF for a file that is not there). */
int stat_read_u64(int fd, uint64_t *ret);

/*
 * memory.stat. Lines that are not "KEY NUMBER" and unknown keys are passed over, a last line that
 * was cut off (no newline) as well; fields without a key are 0.
 */
void stat_parse(const struct cgroup_format *format, const char *text, struct cgroup_stat *ret);

/* Reads and parses memory.stat. 0 or -errno; *ret is untouched on failure. */
int stat_read(const struct cgroup_format *format, int fd, struct cgroup_stat *ret);

#endif
