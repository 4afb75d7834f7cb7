/* SPDX-License-Identifier: Apache-2.0 */
/* Is an ELF core (64 bits) whole? Looked at as it passes: do all segments lie within it? */
#ifndef OOMGUARD_DUMP_CORECHECK_H
#define OOMGUARD_DUMP_CORECHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct corecheck {
	uint64_t offset, end; /* end: of the last segment */
	uint64_t headers;     /* where they end */
	uint8_t part[64];     /* of the ELF header, then of each program header */
	size_t have;
	bool bad;
};

void corecheck_begin(struct corecheck *c);
void corecheck_feed(struct corecheck *c, const uint8_t *data, size_t len);
bool corecheck_is_complete(const struct corecheck *c);

#endif
