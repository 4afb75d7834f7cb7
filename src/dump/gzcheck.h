/* SPDX-License-Identifier: Apache-2.0 */
/* Is a gzip stream whole? Unpacked as it passes by, nothing is kept. */
#ifndef OOMGUARD_DUMP_GZCHECK_H
#define OOMGUARD_DUMP_GZCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#define GZCHECK_MAX (UINT64_C(1) << 30) /* unpacked; more is a bomb */

struct gzcheck {
	z_stream z;
	bool bad, ended;
	uint64_t unpacked;
	uint8_t first[4]; /* of what is in it */
};

/* 0 or -ENOMEM; gzcheck_end in both cases. */
int gzcheck_begin(struct gzcheck *c);
void gzcheck_feed(struct gzcheck *c, const void *data, size_t len);
/* True when exactly one whole stream has passed, its check sum included. */
bool gzcheck_is_complete(const struct gzcheck *c);
void gzcheck_end(struct gzcheck *c);

#endif
