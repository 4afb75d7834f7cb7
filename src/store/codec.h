/* SPDX-License-Identifier: Apache-2.0 */
/* gzip and zstd, both ways, as streams in bounded memory (codec_need_bytes). */
#ifndef OOMGUARD_STORE_CODEC_H
#define OOMGUARD_STORE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum codec_format { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD };

struct codec {
	enum codec_format format;
	bool unpacks;
	void *state; /* owned */
};

/* What is left of the input and of the room for output; both move on. */
struct codec_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
};

/* ".gz", ".zst"; "" for CODEC_NONE. */
const char *codec_suffix(enum codec_format format);
/* "gzip", "zstd", "none". */
const char *codec_name(enum codec_format format);

/* 0 or -ENOMEM. The lowest level and a window of 512 KiB at most: what comes from an application
 * that is short of memory is to be packed in 2 MiB. */
int codec_begin(struct codec *c, enum codec_format format, bool unpacks);

/*
 * Takes and gives what it can. `last`: no more input comes. 1 when the end of the stream has been
 * given (packing) or met (unpacking), 0 to go on, -EBADMSG: not such a stream, or its own check sum
 * is wrong.
 */
int codec_step(struct codec *c, struct codec_io *io, bool last);

/* Harmless on a zeroed struct. */
void codec_end(struct codec *c);

#endif
