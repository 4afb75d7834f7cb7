/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a Java heap dump whole? Read as it passes by, nothing is kept. The format: the manual of HPROF
 * ("HPROF Agent", binary dump format), as HotSpot writes it (heapDumper.cpp).
 */
#ifndef OOMGUARD_DUMP_HPROF_H
#define OOMGUARD_DUMP_HPROF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hprof {
	enum { HPROF_TITLE, HPROF_SIZES, HPROF_HEAD, HPROF_BODY, HPROF_BAD } state;
	uint8_t piece[32]; /* a header that lies across two reads */
	size_t have;
	uint64_t left; /* of the body of a record */
	uint8_t tag;   /* of the last record */
	uint32_t len;
	uint64_t records;
};

/* Starts with zeroes: (struct hprof){ .have = 0 }. */
void hprof_feed(struct hprof *h, const void *data, size_t len);

/* Ended behind its end record (0x2C), and nothing was wrong on the way. */
bool hprof_is_complete(const struct hprof *h);

#endif
