/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/gzcheck.h"

#include <string.h>

#include "base/cleanup.h"

#define GZIP_ONLY (15 + 16) /* window bits; 16: a gzip header is expected */

int gzcheck_begin(struct gzcheck *c)
{
	*c = (struct gzcheck){ .unpacked = 0 };
	return inflateInit2(&c->z, GZIP_ONLY) == Z_OK ? 0 : -ENOMEM;
}

static void keep_first(struct gzcheck *c, const uint8_t *out, size_t n)
{
	if (c->unpacked < sizeof(c->first))
		memcpy(c->first + c->unpacked, out,
			MIN_OF(n, sizeof(c->first) - (size_t)c->unpacked));
	c->unpacked += n;
}

void gzcheck_feed(struct gzcheck *c, const void *data, size_t len)
{
	uint8_t out[4096];
	int r = Z_OK;

	if (len == 0 || c->bad)
		return;
	/* Something behind the end. */
	if (c->ended) {
		c->bad = true;
		return;
	}
	c->z.next_in = (z_const Bytef *)(uintptr_t)data;
	c->z.avail_in = (uInt)len;
	do {
		c->z.next_out = out;
		c->z.avail_out = sizeof(out);
		r = inflate(&c->z, Z_NO_FLUSH);
		keep_first(c, out, sizeof(out) - c->z.avail_out);
		if (c->unpacked > GZCHECK_MAX)
			r = Z_DATA_ERROR;
	} while (r == Z_OK && (c->z.avail_in || !c->z.avail_out));
	c->ended = r == Z_STREAM_END;
	c->bad =
		(r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR) || (c->ended && c->z.avail_in);
}

bool gzcheck_is_complete(const struct gzcheck *c)
{
	return c->ended && !c->bad;
}

void gzcheck_end(struct gzcheck *c)
{
	inflateEnd(&c->z);
}
