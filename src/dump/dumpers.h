/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How do we get a heap out of X? One row per kind, one file per runtime. Dumpers run in a helper
 * process with a deadline; they tell their result in words.
 */
#ifndef OOMGUARD_DUMP_DUMPERS_H
#define OOMGUARD_DUMP_DUMPERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/conf.h"

#define DUMP_TEXT_MAX 512

struct dump_request {
	const struct conf *conf;
	pid_t pid; /* the process to dump, in our pid namespace */
	const char *comm;
	int incident_dirfd;	   /* where files go */
	const char *incident_path; /* the same as a path, for hooks */
	const char *level;
	uint64_t deadline_usec; /* clock_now_usec() */
	char *const *hook_env;	/* OOMGUARD_EVENT_* for commands, NULL-terminated */
};

struct dump_result {
	char file[DUMP_TEXT_MAX]; /* path or name in the incident; "" unknown */
	uint64_t bytes;		  /* of it; 0 unknown */
	char text[DUMP_TEXT_MAX]; /* what happened, for the log */
};

struct dumper {
	enum conf_dump_kind kind;
	const char *name;
	uint64_t need_bytes; /* headroom that must be left for it to be safe; see facts in the .c */
	/* 0 when done and complete; -errno else, with text set in both cases. */
	int (*capture)(const struct dump_request *req, struct dump_result *ret);
};

/* The row for a kind, NULL when it is not built. */
const struct dumper *dumper_find(enum conf_dump_kind kind);

/* What kind = auto means for this process: signal or command where configured, else none. */
enum conf_dump_kind dumper_choose(const struct conf *conf, pid_t pid);

#endif
