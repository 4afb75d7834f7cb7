/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How do we get a heap out of X? One row per kind, one file per runtime. Dumpers run in a helper
 * process with a deadline; they tell their result in words.
 */
#ifndef OOMGUARD_DUMP_DUMPERS_H
#define OOMGUARD_DUMP_DUMPERS_H

#include <stdbool.h>
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
	uint64_t spare_bytes;	 /* memory that may be used to make the pause short; 0: none */
	uint64_t deadline_usec;	 /* clock_now_usec() */
	uint64_t headroom_bytes; /* that was left when this was decided */
	const char *hook_dir;	 /* sockets of hooks, "<pid>.sock" (tune/inject.h); NULL: none */
	char *const *hook_env;	 /* OOMGUARD_EVENT_* for commands, NULL-terminated */
};

struct dump_result {
	char file[DUMP_TEXT_MAX]; /* path or name in the incident; "" unknown */
	uint64_t bytes;		  /* of it; 0 unknown */
	uint64_t pause_usec;	  /* for which the application stood still; 0 unknown */
	char text[DUMP_TEXT_MAX]; /* what happened, for the log */
	char note[DUMP_TEXT_MAX]; /* what is worth knowing of a file that is there; "" nothing */
};

struct dumper {
	enum conf_dump_kind kind;
	const char *name;
	uint64_t need_bytes;	/* headroom that must be left for it to be safe; see the .c */
	uint64_t bytes_per_sec; /* at which the application stands still for it; 0: it does not */
	bool is_small;		/* its file is next to nothing, however large the heap is */
	/* 0 when done and complete; -errno else, with text set in both cases. */
	int (*capture)(const struct dump_request *req, struct dump_result *ret);
	/* The same for what can be had in a moment (less than 0.2 s); NULL: nothing. */
	int (*profile)(const struct dump_request *req, struct dump_result *ret);
	uint64_t profile_need_bytes;
	/* Collects garbage; text says what was done. NULL: no way is known. */
	int (*relieve)(const struct dump_request *req, struct dump_result *ret);
};

/* The row for a kind, NULL when it is not built. */
const struct dumper *dumper_find(enum conf_dump_kind kind);

/* The row for what a process runs, whatever dump.kind says; NULL when it is not built. */
const struct dumper *dumper_of_runtime(pid_t pid);

#define DUMPER_LADDER_MAX 4
/*
 * What to try for this process, best first: the configured kind alone; for kind = auto what its
 * runtime speaks, then command or signal where configured, then a core. How many.
 */
unsigned dumper_ladder(
	const struct conf *conf, pid_t pid, enum conf_dump_kind ret_kinds[DUMPER_LADDER_MAX]);

/* The first of them; DUMP_NONE when there is none. */
enum conf_dump_kind dumper_choose(const struct conf *conf, pid_t pid);

#endif
