/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incidents/index.json: every dump that is there, with what one needs to know to use it and to see
 * that it has come over whole. {"version": 1, "files": [{...}]}, oldest first. A file that has gone
 * leaves the index with the next one that comes; an index that is damaged is made anew from the
 * files. What is not known is null.
 */
#ifndef OOMGUARD_STORE_INDEX_H
#define OOMGUARD_STORE_INDEX_H

#include <stdint.h>
#include <sys/types.h>

#include "store/store.h"

#define INDEX_NAME "index.json"

struct index_entry {
	const char *incident;		   /* "20261125T205844.123Z-dump" */
	const char *file;		   /* in it */
	const char *kind;		   /* "hotspot", "core" ... */
	const char *runtime;		   /* of the process, NULL: none that is known */
	const char *comm, *exe, *build_id; /* NULL: not known */
	pid_t pid;
	uint64_t raw_bytes; /* before packing; 0: not packed */
	uint64_t pause_usec, took_usec;
	/* what made us dump */
	const char *level, *reason;
	uint64_t wall_usec, use_bytes, limit_bytes, headroom_bytes;
};

/*
 * Adds an entry, with size and SHA-256 of the file as it lies there ("sha256": null when there is
 * no time until until_usec). Whole or not at all. 0 or -errno.
 */
int index_add(const struct store *st, const struct index_entry *e, uint64_t until_usec);

/*
 * Is that a dump by its name? Not what we write for people and programs (.json, .txt, .html), not
 * what is ".partial".
 */
bool index_is_dump(const char *name);

#endif
