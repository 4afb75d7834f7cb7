/* SPDX-License-Identifier: Apache-2.0 */
/* The companion's side: what is new in the shared memory goes into the file, record by record. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "report/flight_format.h"
#include "report/flight_shared.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

#define BLOCK_BYTES    4096u
#define FORMAT_VERSION 3 /* 2: without what a post-mortem needs of a life */
#define SLOTS_MAX      16384u

uint32_t flight_record_bytes(enum flight_ring ring)
{
	static const uint32_t bytes[RINGS] = {
		[RING_FULL] = sizeof(struct flight_sample_record),
		[RING_TEN] = sizeof(struct flight_sample_record),
		[RING_MINUTE] = sizeof(struct flight_sample_record),
		[RING_EVENTS] = sizeof(struct flight_event_record),
		[RING_LIVES] = sizeof(struct flight_life_record),
		[RING_LIVE] = sizeof(struct flight_live_record),
	};

	return bytes[ring];
}

uint64_t flight_slot_offset(const uint32_t slots[RINGS], enum flight_ring ring, uint32_t slot)
{
	uint64_t at = FLIGHT_HEADER;

	for (unsigned r = 0; r < (unsigned)ring; r++)
		at += (uint64_t)slots[r] * flight_record_bytes((enum flight_ring)r);
	return at + (uint64_t)slot * flight_record_bytes(ring);
}

uint64_t flight_file_bytes(const uint32_t slots[RINGS])
{
	return flight_slot_offset(slots, RINGS - 1, slots[RINGS - 1]);
}

uint32_t flight_checksum(enum flight_ring ring, const union flight_record *record)
{
	const size_t skip = sizeof(record->mark.checksum);

	return (uint32_t)crc32(
		0, (const Bytef *)record + skip, (uInt)(flight_record_bytes(ring) - skip));
}

uint32_t flight_header_checksum(const struct flight_header *header)
{
	const size_t skip = offsetof(struct flight_header, version);

	return (uint32_t)crc32(0, (const Bytef *)header + skip, (uInt)(sizeof(*header) - skip));
}

/* Rows from large to small; the first that fits is taken. Minutes: a day, 10 s: three hours. */
void flight_layout(uint64_t max_bytes, uint32_t ret_slots[RINGS])
{
	static const uint32_t layouts[][RINGS] = {
		{ 16384, 1080, 1440, 512, FLIGHT_LIFE_SLOTS, FLIGHT_LIVE_SLOTS },
		{ 4096, 1080, 1440, 256, FLIGHT_LIFE_SLOTS, FLIGHT_LIVE_SLOTS },
		{ 1024, 360, 720, 128, FLIGHT_LIFE_SLOTS, FLIGHT_LIVE_SLOTS },
		{ 128, 60, 140, 40, FLIGHT_LIFE_SLOTS, FLIGHT_LIVE_SLOTS },
	};
	unsigned i = 0;

	while (i + 1 < ARRAY_LEN(layouts) && flight_file_bytes(layouts[i]) > max_bytes)
		i++;
	memcpy(ret_slots, layouts[i], sizeof(layouts[i]));
}

static void make_header(const uint32_t slots[RINGS], struct flight_header *header)
{
	memset(header, 0, sizeof(*header));
	header->magic = FLIGHT_MAGIC;
	header->version = FORMAT_VERSION;
	for (unsigned r = 0; r < RINGS; r++) {
		header->slots[r] = slots[r];
		header->record_bytes[r] = flight_record_bytes((enum flight_ring)r);
	}
	buf_copy(header->build, sizeof(header->build), PACKAGE_VERSION);
	header->checksum = flight_header_checksum(header);
}

bool flight_header_is_good(const struct flight_header *h)
{
	if (h->magic != FLIGHT_MAGIC || h->checksum != flight_header_checksum(h) ||
		h->version != FORMAT_VERSION)
		return false;
	for (unsigned r = 0; r < RINGS; r++)
		if (!h->slots[r] || h->slots[r] > SLOTS_MAX ||
			h->record_bytes[r] != flight_record_bytes((enum flight_ring)r))
			return false;
	return true;
}

/*
 * Goes on in what is there: another build of the same format, or another size, made when the limit
 * was another one; to throw that away would be to forget the lives before. All of it must be there:
 * behind a cut there is no room that is promised.
 */
static bool take_over(struct flight_file *file, uint64_t keep_bytes)
{
	struct flight_header found;
	struct stat st;

	if (pread(file->fd, &found, sizeof(found), 0) != (ssize_t)sizeof(found) ||
		!flight_header_is_good(&found) || fstat(file->fd, &st) < 0 ||
		(uint64_t)st.st_size != flight_file_bytes(found.slots) ||
		(uint64_t)st.st_size > keep_bytes)
		return false;
	memcpy(file->slots, found.slots, sizeof(file->slots));
	return true;
}

static void note_number(
	struct flight_file *file, enum flight_ring ring, const union flight_record *r)
{
	if (!r->mark.number || r->mark.checksum != flight_checksum(ring, r))
		return;
	file->number[ring] = MAX_OF(file->number[ring], r->mark.number + 1);
	if (ring == RING_LIVES && r->life.life >= file->life) {
		file->life = r->life.life;
		file->life_start_usec = r->life.body.start_wall_usec;
	}
}

/* Some records at a time: one by one they are 60,000 system calls in a file of 4 MiB. */
static void find_number(struct flight_file *file, enum flight_ring ring)
{
	uint32_t size = flight_record_bytes(ring), at_once = MAX_OF(BLOCK_BYTES / size, 1u);
	uint8_t block[MAX_OF(BLOCK_BYTES, sizeof(union flight_record))];
	union flight_record record;

	file->number[ring] = 1;
	for (uint32_t slot = 0; slot < file->slots[ring]; slot += at_once) {
		uint32_t n = MIN_OF(at_once, file->slots[ring] - slot);
		ssize_t len = pread(file->fd, block, (size_t)n * size,
			(off_t)flight_slot_offset(file->slots, ring, slot));

		for (uint32_t i = 0; len >= (ssize_t)size * (i + 1) && i < n; i++) {
			memcpy(&record, block + i * size, size);
			note_number(file, ring, &record);
		}
	}
}

/* Numbers go on where the last whole record of each ring ends. A life of the same start is the
 * same: the companion may have been replaced in it. */
static void find_numbers(struct flight_file *file)
{
	file->life = 0;
	for (unsigned r = 0; r < RINGS; r++)
		find_number(file, (enum flight_ring)r);
}

static int write_record(
	struct flight_file *file, enum flight_ring ring, union flight_record *record)
{
	uint32_t size = flight_record_bytes(ring);
	uint32_t slot = file->number[ring] % file->slots[ring];
	ssize_t n;

	record->mark.number = file->number[ring];
	record->mark.checksum = flight_checksum(ring, record);
	n = pwrite(file->fd, record, size, (off_t)flight_slot_offset(file->slots, ring, slot));
	if (n != (ssize_t)size)
		return n < 0 ? -errno : -EIO;
	file->number[ring]++;
	return 0;
}

static int make_file(struct flight_file *file, int dirfd, const struct flight_header *header)
{
	uint64_t size = flight_file_bytes(file->slots);
	auto_close int fd = openat(
		dirfd, FLIGHT_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	/* All of it now: a full disk is found out at the start, not in the emergency. */
	r = posix_fallocate(fd, 0, (off_t)size);
	if (!r && pwrite(fd, header, sizeof(*header), 0) != (ssize_t)sizeof(*header))
		r = EIO;
	if (r) {
		unlinkat(dirfd, FLIGHT_NAME, 0);
		return -r;
	}
	file->fd = take_fd(&fd);
	return 0;
}

int flight_file_open(struct flight_file *file, int dirfd, uint64_t max_bytes, uint64_t keep_bytes)
{
	struct flight_header header;
	int r;

	memset(file, 0, sizeof(*file));
	/* NONBLOCK: a fifo in its place must not hold us up; it is set aside as well. */
	file->fd = openat(dirfd, FLIGHT_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file->fd < 0 && errno != ENOENT && errno != ELOOP && errno != EISDIR && errno != ENXIO)
		return -errno;
	if ((file->fd >= 0 || errno != ENOENT) && !take_over(file, MAX_OF(keep_bytes, 64 * KIB))) {
		if (file->fd >= 0)
			close(take_fd(&file->fd));
		if (renameat(dirfd, FLIGHT_NAME, dirfd, FLIGHT_BAD_NAME))
			return -errno;
	}
	if (file->fd < 0) {
		flight_layout(MAX_OF(max_bytes, 64 * KIB), file->slots);
		make_header(file->slots, &header);
		r = make_file(file, dirfd, &header);
		if (r < 0) {
			file->fd = -1;
			return r;
		}
	}
	find_numbers(file);
	return 0;
}

/* The highest use of each period is what counts afterwards. */
static int decimate(struct flight_file *file, enum flight_ring ring, uint64_t period_usec,
	struct flight_sample *high, const struct flight_sample *s)
{
	union flight_record record;
	int r = 0;

	if (high->wall_usec && high->wall_usec / period_usec != s->wall_usec / period_usec) {
		memset(&record, 0, sizeof(record));
		record.sample.sample = *high;
		r = write_record(file, ring, &record);
		high->wall_usec = 0;
	}
	if (!high->wall_usec || s->use_bytes >= high->use_bytes)
		*high = *s;
	return r;
}

static int flush_samples(struct flight_file *file, const struct flight *f)
{
	uint32_t n = __atomic_load_n(&f->n_samples, __ATOMIC_ACQUIRE);
	union flight_record record;
	int r = 0;

	if (n - file->sample_taken > FLIGHT_SHARED_SAMPLES)
		file->sample_taken = n - FLIGHT_SHARED_SAMPLES; /* overtaken: those are lost */
	for (; file->sample_taken != n && !r; file->sample_taken++) {
		memset(&record, 0, sizeof(record));
		record.sample.sample = f->samples[file->sample_taken % FLIGHT_SHARED_SAMPLES];
		r = write_record(file, RING_FULL, &record);
		if (!r)
			r = decimate(file, RING_TEN, 10 * USEC_PER_SEC, &file->ten,
				&record.sample.sample);
		if (!r)
			r = decimate(file, RING_MINUTE, 60 * USEC_PER_SEC, &file->minute,
				&record.sample.sample);
	}
	return r;
}

static int flush_events(struct flight_file *file, const struct flight *f)
{
	uint32_t n = __atomic_load_n(&f->n_events, __ATOMIC_ACQUIRE);
	union flight_record record;
	int r = 0;

	if (n - file->event_taken > FLIGHT_SHARED_EVENTS)
		file->event_taken = n - FLIGHT_SHARED_EVENTS;
	for (; file->event_taken != n && !r; file->event_taken++) {
		memset(&record, 0, sizeof(record));
		record.event.event = f->events[file->event_taken % FLIGHT_SHARED_EVENTS];
		r = write_record(file, RING_EVENTS, &record);
	}
	return r;
}

static int flush_life(struct flight_file *file, const struct flight *f)
{
	uint32_t n = __atomic_load_n(&f->n_lives, __ATOMIC_ACQUIRE);
	union flight_record record;

	if (n == file->life_taken)
		return 0;
	file->life_taken = n;
	memset(&record, 0, sizeof(record));
	record.life.body = f->life[(n - 1) % 2];
	if (!file->life || file->life_start_usec != record.life.body.start_wall_usec)
		file->life++;
	file->life_start_usec = record.life.body.start_wall_usec;
	record.life.life = file->life;
	/* Two slots of its own, in turn: while one is written the other is whole. */
	file->number[RING_LIVES] = file->life * 2 + n % 2;
	return write_record(file, RING_LIVES, &record);
}

static int flush_live(struct flight_file *file, const struct flight *f)
{
	uint32_t n = __atomic_load_n(&f->n_live, __ATOMIC_ACQUIRE);
	union flight_record record;

	if (n == file->live_taken)
		return 0;
	file->live_taken = n;
	memset(&record, 0, sizeof(record));
	record.live.body = f->live[(n - 1) % 2];
	return write_record(file, RING_LIVE, &record);
}

int flight_file_flush(struct flight_file *file, const struct flight *f)
{
	int r;

	if (file->fd < 0 || !f)
		return 0;
	r = flush_samples(file, f);
	if (!r)
		r = flush_events(file, f);
	if (!r)
		r = flush_life(file, f);
	if (!r)
		r = flush_live(file, f);
	return r;
}
