/* SPDX-License-Identifier: Apache-2.0 */
#include "store/codec.h"

#include <zlib.h>
#include <zstd.h>

#include "base/cleanup.h"

#define GZIP_BITS   (15 + 16) /* window bits of zlib; 16: with a gzip header */
#define GZIP_MEMORY 8	      /* zlib's default: 256 KiB in all with that window */
#define ZSTD_WINDOW 19	      /* log2; the level alone would take as much */
#define LEVEL	    1	      /* of both: time is short, and so is memory */

struct row {
	const char *name, *suffix;
	void *(*begin)(bool unpacks);
	int (*step)(struct codec *c, struct codec_io *io, bool last);
	void (*end)(struct codec *c);
};

static void *begin_gzip(bool unpacks)
{
	z_stream *z = calloc(1, sizeof(*z));
	int r;

	if (!z)
		return NULL;
	r = unpacks ? inflateInit2(z, GZIP_BITS)
		    : deflateInit2(
			      z, LEVEL, Z_DEFLATED, GZIP_BITS, GZIP_MEMORY, Z_DEFAULT_STRATEGY);
	if (r != Z_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static int step_gzip(struct codec *c, struct codec_io *io, bool last)
{
	z_stream *z = c->state;
	int r;

	z->next_in = (z_const Bytef *)(uintptr_t)io->in;
	z->avail_in = (uInt)io->in_len;
	z->next_out = io->out;
	z->avail_out = (uInt)io->out_len;
	r = c->unpacks ? inflate(z, Z_NO_FLUSH) : deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
	io->in = z->next_in;
	io->in_len = z->avail_in;
	io->out = z->next_out;
	io->out_len = z->avail_out;
	if (r == Z_STREAM_END)
		return 1;
	return r == Z_OK || r == Z_BUF_ERROR ? 0 : -EBADMSG;
}

static void end_gzip(struct codec *c)
{
	if (c->unpacks)
		inflateEnd(c->state);
	else
		deflateEnd(c->state);
	free(c->state);
}

static void *begin_zstd(bool unpacks)
{
	ZSTD_CCtx *z;

	if (unpacks)
		return ZSTD_createDCtx();
	z = ZSTD_createCCtx();
	if (z && (ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL)) ||
			 ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, ZSTD_WINDOW)) ||
			 ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)))) {
		ZSTD_freeCCtx(z);
		return NULL;
	}
	return z;
}

static int step_zstd(struct codec *c, struct codec_io *io, bool last)
{
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_len };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_len };
	size_t r = c->unpacks ? ZSTD_decompressStream(c->state, &out, &in)
			      : ZSTD_compressStream2(
					c->state, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);

	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	if (ZSTD_isError(r))
		return -EBADMSG;
	return r == 0 && (c->unpacks || last);
}

static void end_zstd(struct codec *c)
{
	if (c->unpacks)
		ZSTD_freeDCtx(c->state);
	else
		ZSTD_freeCCtx(c->state);
}

static const struct row rows[] = {
	[CODEC_NONE] = { .name = "none", .suffix = "" },
	[CODEC_GZIP] = { "gzip", ".gz", begin_gzip, step_gzip, end_gzip },
	[CODEC_ZSTD] = { "zstd", ".zst", begin_zstd, step_zstd, end_zstd },
};

const char *codec_suffix(enum codec_format format)
{
	return rows[format].suffix;
}

const char *codec_name(enum codec_format format)
{
	return rows[format].name;
}

int codec_begin(struct codec *c, enum codec_format format, bool unpacks)
{
	*c = (struct codec){ .format = format, .unpacks = unpacks };
	c->state = rows[format].begin(unpacks);
	return c->state ? 0 : -ENOMEM;
}

int codec_step(struct codec *c, struct codec_io *io, bool last)
{
	return rows[c->format].step(c, io, last);
}

void codec_end(struct codec *c)
{
	if (c->state)
		rows[c->format].end(c);
	c->state = NULL;
}
