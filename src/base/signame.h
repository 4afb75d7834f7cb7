/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as people write them. */
#ifndef OOMGUARD_BASE_SIGNAME_H
#define OOMGUARD_BASE_SIGNAME_H

#define SIGNAME_TEXT_MAX 16

/*
 * "TERM", "SIGTERM", "term", "15", "RTMIN", "RTMIN+3", "RTMAX-1". 0, or -EINVAL (no such signal),
 * or -ERANGE (a number that is none: 0, 65; RTMIN+99); the output is untouched on failure.
 * RTMIN is the C library's, as for kill(1).
 */
int signame_parse(const char *text, int *ret_sig);

/* "TERM", "RTMIN+3"; a bare number where there is no name. signame_parse() reads it back. */
const char *signame_print(int sig, char out[SIGNAME_TEXT_MAX]);

#endif
