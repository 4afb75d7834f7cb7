/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading what comes from outside as numbers, least significant byte first. What is not there reads
 * as zero and sets `bad`, which stays set: ask once, at the end.
 */
#ifndef OOMGUARD_DUMP_LSB_H
#define OOMGUARD_DUMP_LSB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lsb {
	const uint8_t *at;
	size_t left;
	bool bad;
};

struct lsb lsb_on(const void *data, size_t len);

/* len bytes; NULL when they are not there. */
const uint8_t *lsb_take(struct lsb *c, uint64_t len);

uint8_t lsb_u8(struct lsb *c);
uint16_t lsb_u16(struct lsb *c);
uint32_t lsb_u32(struct lsb *c);
uint64_t lsb_u64(struct lsb *c);

/* Seven bits a byte, the last one without the eighth. */
uint64_t lsb_varint(struct lsb *c);

/* UTF-16 up to its zero: as ASCII, '?' for what is none, cut at size - 1. */
void lsb_text(struct lsb *c, char *out, size_t size);

/* The same, compared (an ASCII text of at most 63 characters). */
bool lsb_text_is(struct lsb *c, const char *text);

#endif
