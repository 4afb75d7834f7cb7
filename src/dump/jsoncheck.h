/* SPDX-License-Identifier: Apache-2.0 */
/* Is a stream one whole JSON object? Its shape only: brackets that match, strings that end. */
#ifndef OOMGUARD_DUMP_JSONCHECK_H
#define OOMGUARD_DUMP_JSONCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSONCHECK_DEPTH_MAX 4096 /* a tree of calls is nested as deep as the calls were */

struct jsoncheck {
	uint8_t open[JSONCHECK_DEPTH_MAX / 8]; /* bit: '{', else '[' */
	unsigned depth;
	bool in_string, escaped, bad, ended;
};

void jsoncheck_begin(struct jsoncheck *c);
void jsoncheck_feed(struct jsoncheck *c, const void *data, size_t len);
/* An object has begun with the first byte and has ended; only blanks after it. */
bool jsoncheck_is_complete(const struct jsoncheck *c);

#endif
