/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inspector of a Node.js that was started with --inspect, over the port that it listens on
 * already. It is never woken up by a signal: the program may use that itself, and a debugger that
 * anybody on the machine may use would stay open.
 */
#ifndef OOMGUARD_DUMP_INSPECTOR_H
#define OOMGUARD_DUMP_INSPECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dump/cdp.h"

#define INSPECTOR_PATH_MAX 128
#define INSPECTOR_PORT	   9229

struct inspector {
	int fd, pidfd; /* owned */
	uint64_t until_usec;
	int id;
};

#define INSPECTOR_NONE ((struct inspector){ .fd = -1, .pidfd = -1 })

/* Pure: the port of "--inspect", "--inspect=[HOST:]PORT" and their like in a block of words that
 * end with NUL or a blank; 0: none. */
unsigned inspector_parse_port(const char *words, size_t len);

/* Pure: "/ID" of the first target in the answer to /json/list. 0 or -EBADMSG. */
int inspector_parse_list(const char *json, char out[INSPECTOR_PATH_MAX]);

/* Connected; -ENOENT: it has none that listens; or -errno. inspector_close in both cases. */
int inspector_open(pid_t pid, uint64_t until_usec, struct inspector *ret);
void inspector_close(struct inspector *in);

/* Bytes of its heap in use. 0 or -errno. */
int inspector_read_used(struct inspector *in, uint64_t *ret_bytes);

/* A snapshot in pieces, up to its end. 0, or -errno as of cdp_feed. */
int inspector_snapshot(struct inspector *in, uint64_t max_bytes, cdp_fn each, void *arg);

#endif
