/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What earlier dumps of this application took, kept over restarts in the state directory ("dumps",
 * one line each): what the next one will need, how long it will take, and whether it is due at all.
 * All but load and save is pure.
 */
#ifndef OOMGUARD_STORE_LEARNED_H
#define OOMGUARD_STORE_LEARNED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/conf.h"

#define LEARNED_MAX	  32 /* the oldest goes */
#define LEARNED_FILE_MAX  192
#define LEARNED_WORD_MAX  24
#define LEARNED_HIGHER_BP 500 /* a new high-water mark is so much above the last one */

struct learned {
	char kind[LEARNED_WORD_MAX], comm[LEARNED_WORD_MAX]; /* blanks and the like as '_' */
	pid_t pid;
	uint64_t start_ticks; /* of the process: the same one is the same ramp-up */
	uint64_t wall_usec;
	uint64_t use_bytes;	     /* of the container when it was taken: the high-water mark */
	uint64_t rss_bytes;	     /* of the process */
	uint64_t file_bytes;	     /* before packing */
	uint64_t took_usec;	     /* until it was whole, packing left out */
	uint64_t pause_usec;	     /* of which the application stood still */
	uint64_t headroom_bytes;     /* that it took */
	char file[LEARNED_FILE_MAX]; /* "incidents/NAME/FILE"; "" elsewhere */
};

struct learned_book {
	unsigned n;
	struct learned all[LEARNED_MAX]; /* oldest first */
};

/* A missing file is an empty book; lines that are damaged are passed over. 0 or -errno. Allocates
 * nothing; 24 KiB of stack. */
int learned_load(int state_dirfd, struct learned_book *ret);
int learned_save(int state_dirfd, const struct learned_book *book);

/* Takes the place of what was known of that kind, name and pid. */
void learned_put(struct learned_book *book, const struct learned *entry);
void learned_set_words(struct learned *entry, const char *kind, const char *comm);

/* The newest of that kind (NULL: any) and name (NULL: any); NULL: none. */
const struct learned *learned_find(
	const struct learned_book *book, const char *kind, const char *comm);

/*
 * dump.cooldown: is it too early for another dump of that name? Not when use is a new high-water
 * mark, not for the other processes of one incident ("incidents/NAME"), and not when the clock was
 * set back. The entry that says so, or NULL; whether its file is still there is not asked.
 */
const struct learned *learned_cools(const struct learned_book *book, const struct conf *conf,
	const char *comm, uint64_t now_wall_usec, uint64_t use_bytes, const char *incident);

/*
 * How long a dump will take until it is whole, when `use_bytes` are in use: by what the last one of
 * each kind took, grown with use; the longest. 0: nothing is known.
 */
uint64_t learned_expect_usec(const struct learned_book *book, uint64_t use_bytes);

#endif
