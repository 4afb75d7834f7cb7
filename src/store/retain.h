/* SPDX-License-Identifier: Apache-2.0 */
/* Which incidents go when there are too many; the choice is pure. */
#ifndef OOMGUARD_STORE_RETAIN_H
#define OOMGUARD_STORE_RETAIN_H

#include <stdbool.h>
#include <stdint.h>

#define RETAIN_NAME_MAX 128

struct retain_item {
	char name[RETAIN_NAME_MAX]; /* sorts by time */
	uint64_t bytes;
	bool complete;	/* no ".partial" in it */
	bool has_dump;	/* a whole dump is in it (index_is_dump) */
	bool is_newest; /* protected: the newest of all (being written?), the newest complete one,
			 * the newest with a dump
			 */
	bool drop;	/* the answer */
};

/* True for names that we make: "20261125T205844.123Z-level", anything else is not ours to delete.
 */
bool retain_is_ours(const char *name);

/* Sorts oldest first and sets is_newest. */
void retain_sort(struct retain_item *items, unsigned n);

/*
 * Sets `drop` on the oldest of the sorted items until at most `keep` are left and they have at most
 * max_bytes; protected ones are counted but never dropped. Returns how many are to go.
 */
unsigned retain_choose(struct retain_item *items, unsigned n, uint32_t keep, uint64_t max_bytes);

/*
 * The incidents in dirfd: n, or -errno. *ret_items is allocated.
 */
int retain_list(int dirfd, struct retain_item **ret_items);

/* Disk space in use by the plain files of one directory (symlinks not followed); 0 when unreadable.
 */
uint64_t retain_used_bytes(int dirfd, bool *ret_complete, bool *ret_has_dump);

/* Deletes one incident: its files (one level), then itself. 0 or -errno (-ENOTEMPTY: it holds a
 * directory). */
int retain_delete(int dirfd, const char *name);

#endif
