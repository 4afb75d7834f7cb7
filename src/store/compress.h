/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs a dump after the application goes on: never inside its pause. The raw file goes only when
 * the packed one is whole, on the disk, and has been unpacked again to the same length and CRC-32.
 */
#ifndef OOMGUARD_STORE_COMPRESS_H
#define OOMGUARD_STORE_COMPRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/codec.h"
#include "store/outfile.h"

/* Headroom: codec (1.3 MiB at most), our buffers, and the page cache of two windows of the new
 * file. What was read leaves the cache every MiB. */
#define COMPRESS_NEED_BYTES (UINT64_C(12) << 20)

/*
 * Pure: dump.compress ("auto", "gzip", "zstd", "none") for a file of that name. auto: what the
 * dump's ordinary tool opens by itself, zstd for cores. What is small, packed already, or text that
 * people read stays as it is, whatever is asked for.
 */
enum codec_format compress_choose(const char *setting, const char *name, uint64_t bytes);

struct compress_order {
	int dirfd;
	const char *name; /* in it, a plain file */
	enum codec_format format;
	uint64_t max_bytes; /* of the new file; beyond it, and beyond min_free_bp, it is given up */
	uint32_t min_free_bp;
	uint64_t until_usec; /* clock_now_usec() */
};

struct compress_result {
	char name[OUTFILE_NAME_MAX];
	uint64_t raw_bytes, bytes; /* lengths before and after */
};

/*
 * 0, or -errno with the raw file left as it was and nothing else left behind: -ETIMEDOUT,
 * -ECANCELED (outfile_stop), -ENOSPC, -EBADMSG (what was written did not read back the same),
 * -ELOOP, -ENAMETOOLONG ...
 */
int compress_file(const struct compress_order *order, struct compress_result *ret);

#endif
