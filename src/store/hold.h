/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that stands in for the disk while an application stands still for its dump: taken and
 * touched before, written out when it goes on again.
 */
#ifndef OOMGUARD_STORE_HOLD_H
#define OOMGUARD_STORE_HOLD_H

#include <stddef.h>
#include <stdint.h>

struct holding {
	uint8_t *data; /* owned; NULL: none */
	size_t size, used;
};

#define HOLDING_NONE ((struct holding){ .data = NULL })

/* Takes `bytes` and touches them. 0 or -ENOMEM. */
int hold_take(struct holding *h, size_t bytes);
void hold_drop(struct holding *h);

/* Where `len` bytes for that offset of the file may be put; NULL: there is no room. Nothing is held
 * before hold_commit says how many of them it were. */
void *hold_claim(struct holding *h, uint64_t offset, size_t len);
void hold_commit(struct holding *h, size_t len);

/*
 * Calls `each` with what is held, in the order it came, and gives the memory back behind it. The
 * first value other than 0 ends it and is returned. Drops the rest.
 */
typedef int (*hold_fn)(void *arg, uint64_t offset, const void *data, size_t len);
int hold_each(struct holding *h, hold_fn each, void *arg);

#endif
