/* SPDX-License-Identifier: Apache-2.0 */
#include "store/compress.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "store/quiet.h"

#define CHUNK	    QUIET_CHUNK
#define SMALL_BYTES (64 * KIB)
#define ANY	    "*"

struct work {
	const struct compress_order *order;
	struct codec codec;
	struct outfile out;
	int rawfd;
	uint64_t raw_bytes, back_bytes; /* read; got by unpacking */
	uLong raw_crc, back_crc;
	uint8_t in[CHUNK], out_data[CHUNK];
};

static bool ends_with(const char *text, const char *tail)
{
	size_t a = strlen(text), b = strlen(tail);

	return a >= b && strcmp(text + a - b, tail) == 0;
}

static const struct {
	const char *tail, *setting;
	enum codec_format format;
} choices[] = {
	/* packed already, or text for people */
	{ ".gz", ANY, CODEC_NONE },
	{ ".zst", ANY, CODEC_NONE },
	{ ".txt", ANY, CODEC_NONE },
	{ ".json", ANY, CODEC_NONE },
	{ ".partial", ANY, CODEC_NONE },
	{ "", "none", CODEC_NONE },
	{ "", "gzip", CODEC_GZIP },
	{ "", "zstd", CODEC_ZSTD },
	{ ".hprof", "auto", CODEC_GZIP }, /* Eclipse MAT and VisualVM open .hprof.gz */
	{ ".elf", "auto", CODEC_ZSTD },
};

enum codec_format compress_choose(const char *setting, const char *name, uint64_t bytes)
{
	if (bytes < SMALL_BYTES)
		return CODEC_NONE;
	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		if (ends_with(name, choices[i].tail) &&
			(!strcmp(choices[i].setting, ANY) || !strcmp(choices[i].setting, setting)))
			return choices[i].format;
	return CODEC_NONE;
}

static int may_go_on(const struct work *w)
{
	if (outfile_is_stopped())
		return -ECANCELED;
	return clock_now_usec() >= w->order->until_usec ? -ETIMEDOUT : 0;
}

static ssize_t read_chunk(struct work *w, int fd, uint64_t at)
{
	int r = may_go_on(w);

	return r < 0 ? r : quiet_read(fd, w->in, at);
}

/* One chunk of input as far as it goes. As codec_step. */
static int pack_chunk(struct work *w, size_t len, bool last)
{
	struct codec_io io = { .in = w->in, .in_len = len };
	int r;

	do {
		io.out = w->out_data;
		io.out_len = CHUNK;
		r = codec_step(&w->codec, &io, last);
		if (r >= 0 && io.out_len < CHUNK) {
			int written = outfile_write(&w->out, w->out_data, CHUNK - io.out_len);

			r = written < 0 ? written : r;
		}
	} while (r == 0 && (io.in_len || !io.out_len || last));
	return r;
}

static int pack(struct work *w)
{
	int r = codec_begin(&w->codec, w->order->format, false);

	while (r == 0) {
		ssize_t n = read_chunk(w, w->rawfd, w->raw_bytes);

		if (n < 0) {
			r = (int)n;
			break;
		}
		w->raw_crc = crc32(w->raw_crc, w->in, (uInt)n);
		w->raw_bytes += (uint64_t)n;
		r = pack_chunk(w, (size_t)n, n == 0);
	}
	codec_end(&w->codec);
	return r < 0 ? r : 0;
}

/* As codec_step. */
static int unpack_chunk(struct work *w, size_t len)
{
	struct codec_io io = { .in = w->in, .in_len = len };
	int r;

	do {
		io.out = w->out_data;
		io.out_len = CHUNK;
		r = codec_step(&w->codec, &io, false);
		if (r < 0)
			return r;
		w->back_crc = crc32(w->back_crc, w->out_data, (uInt)(CHUNK - io.out_len));
		w->back_bytes += CHUNK - io.out_len;
	} while (r == 0 && (io.in_len || !io.out_len));
	return r == 1 && io.in_len ? -EBADMSG : r;
}

/* From the disk, not from the cache: that is dropped first. */
static int verify(struct work *w)
{
	uint64_t at = 0;
	int r;

	if (fsync(w->out.fd) < 0)
		return -errno;
	posix_fadvise(w->out.fd, 0, 0, POSIX_FADV_DONTNEED);
	quiet_begin(w->out.fd);
	r = codec_begin(&w->codec, w->order->format, true);
	while (r == 0) {
		ssize_t n = read_chunk(w, w->out.fd, at);

		at += n > 0 ? (uint64_t)n : 0;
		r = n < 0 ? (int)n : n == 0 ? -EBADMSG : unpack_chunk(w, (size_t)n);
	}
	codec_end(&w->codec);
	if (r < 0)
		return r;
	return at == w->out.offset && w->back_bytes == w->raw_bytes && w->back_crc == w->raw_crc
		       ? 0
		       : -EBADMSG;
}

static int pack_to(struct work *w, struct compress_result *ret)
{
	char name[OUTFILE_NAME_MAX];
	uint64_t bytes = 0;
	int n = snprintf(
		name, sizeof(name), "%s%s", w->order->name, codec_suffix(w->order->format));
	int r = n >= OUTFILE_NAME_MAX ? -ENAMETOOLONG
				      : outfile_create(w->order->dirfd, name, &w->out);

	if (r < 0)
		return r;
	outfile_limit(&w->out, w->order->max_bytes, w->order->min_free_bp);
	r = pack(w);
	if (r == 0)
		r = verify(w);
	if (r == 0)
		r = outfile_finish(&w->out, &bytes);
	if (r < 0) {
		outfile_drop(&w->out);
		return r;
	}
	*ret = (struct compress_result){ .raw_bytes = w->raw_bytes, .bytes = w->out.offset };
	memcpy(ret->name, w->out.name, sizeof(ret->name));
	unlinkat(w->order->dirfd, w->order->name, 0);
	fsync(w->order->dirfd);
	return 0;
}

int compress_file(const struct compress_order *order, struct compress_result *ret)
{
	auto_free struct work *w = calloc(1, sizeof(*w));
	auto_close int fd =
		openat(order->dirfd, order->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!w)
		return -ENOMEM;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	w->order = order;
	w->rawfd = fd;
	quiet_begin(fd);
	w->out = OUTFILE_NONE;
	return pack_to(w, ret);
}
