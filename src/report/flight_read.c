/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of flight.rec: it may be written meanwhile, torn, cut off, or not ours at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "report/flight_format.h"

#define SLOTS_MAX (1u << 20) /* of any ring: a hostile header does not make us allocate */
/* Cut off above this share of the limit, it was the limit that cut it off. */
#define NEAR_BP 8500u

static bool header_is_good(const struct flight_header *h)
{
	if (h->magic != FLIGHT_MAGIC || h->checksum != flight_header_checksum(h) || h->version != 1)
		return false;
	for (unsigned r = 0; r < RINGS; r++)
		if (!h->slots[r] || h->slots[r] > SLOTS_MAX ||
			h->record_bytes[r] != flight_record_bytes((enum flight_ring)r))
			return false;
	return true;
}

static void take_life(struct flight_log *log, uint32_t ids[FLIGHT_LIVES_MAX],
	const struct flight_life_record *rec)
{
	unsigned i = 0;

	while (i < log->n_lives && ids[i] != rec->life)
		i++;
	if (i == FLIGHT_LIVES_MAX)
		return;
	if (i == log->n_lives)
		log->n_lives++;
	else if (log->lives[i].last_wall_usec > rec->body.last_wall_usec)
		return;
	ids[i] = rec->life;
	log->lives[i] = rec->body;
}

static void take_record(struct flight_log *log, uint32_t ids[FLIGHT_LIVES_MAX],
	enum flight_ring ring, const union flight_record *record)
{
	switch (ring) {
	case RING_EVENTS:
		log->events[log->n_events] = record->event.event;
		log->events[log->n_events++].text[FLIGHT_TEXT_MAX - 1] = '\0';
		break;
	case RING_LIVES:
		take_life(log, ids, &record->life);
		break;
	default:
		log->samples[log->n_samples++] = record->sample.sample;
		break;
	}
}

static void read_ring(int fd, const struct flight_header *h, enum flight_ring ring,
	struct flight_log *log, uint32_t ids[FLIGHT_LIVES_MAX])
{
	ssize_t size = (ssize_t)flight_record_bytes(ring);
	union flight_record record;

	for (uint32_t slot = 0; slot < h->slots[ring]; slot++) {
		off_t at = (off_t)flight_slot_offset(h->slots, ring, slot);

		if (pread(fd, &record, (size_t)size, at) != size) {
			log->damaged++;
			return; /* cut off: nothing comes after it */
		}
		if (record.mark.number && record.mark.checksum == flight_checksum(ring, &record))
			take_record(log, ids, ring, &record);
		else if (record.mark.number)
			log->damaged++;
	}
}

static int by_sample_time(const void *a, const void *b)
{
	const struct flight_sample *x = a, *y = b;

	return (x->wall_usec > y->wall_usec) - (x->wall_usec < y->wall_usec);
}

static int by_event_time(const void *a, const void *b)
{
	const struct flight_event *x = a, *y = b;

	return (x->wall_usec > y->wall_usec) - (x->wall_usec < y->wall_usec);
}

static int by_life_start(const void *a, const void *b)
{
	const struct flight_life *x = a, *y = b;

	return (x->start_wall_usec > y->start_wall_usec) -
	       (x->start_wall_usec < y->start_wall_usec);
}

static int read_file(int fd, struct flight_log *log)
{
	uint32_t ids[FLIGHT_LIVES_MAX] = { 0 };
	struct flight_header h;
	size_t n_samples;

	if (pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || !header_is_good(&h))
		return -EBADMSG;
	n_samples = (size_t)h.slots[RING_FULL] + h.slots[RING_TEN] + h.slots[RING_MINUTE];
	log->samples = calloc(n_samples, sizeof(*log->samples));
	log->events = calloc(h.slots[RING_EVENTS], sizeof(*log->events));
	if (!log->samples || !log->events)
		return -ENOMEM;
	for (unsigned r = 0; r < RINGS; r++)
		read_ring(fd, &h, (enum flight_ring)r, log, ids);
	qsort(log->samples, log->n_samples, sizeof(*log->samples), by_sample_time);
	qsort(log->events, log->n_events, sizeof(*log->events), by_event_time);
	qsort(log->lives, log->n_lives, sizeof(*log->lives), by_life_start);
	return 0;
}

int flight_read(int dirfd, struct flight_log *ret_log)
{
	auto_close int fd = openat(dirfd, FLIGHT_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct flight_log log = { 0 };
	int r;

	if (fd < 0)
		return -errno;
	r = read_file(fd, &log);
	if (r < 0) {
		flight_log_free(&log);
		return r;
	}
	*ret_log = log;
	return 0;
}

void flight_log_free(struct flight_log *log)
{
	free(log->samples);
	free(log->events);
	log->samples = NULL;
	log->events = NULL;
	log->n_samples = log->n_events = 0;
}

/* A stop signal from outside in the last life: whoever sent it also sends the KILL that follows. */
static bool was_told_to_stop(const struct flight_log *log, const struct flight_life *life)
{
	for (unsigned i = log->n_events; i-- > 0;) {
		const struct flight_event *e = &log->events[i];

		if (e->wall_usec < life->start_wall_usec)
			break;
		if (e->kind == FLIGHT_SIGNAL)
			return true;
	}
	return false;
}

enum flight_end flight_judge(const struct flight_log *log, uint64_t boot_id)
{
	const struct flight_life *life;
	uint64_t use;

	if (!log->n_lives)
		return FLIGHT_END_UNKNOWN;
	life = &log->lives[log->n_lives - 1];
	if (life->end != FLIGHT_END_RUNNING)
		return (enum flight_end)MIN_OF(life->end, (uint32_t)FLIGHT_ENDS - 1);
	if (life->boot_id && boot_id && life->boot_id != boot_id)
		return FLIGHT_END_REBOOT;
	if (was_told_to_stop(log, life))
		return FLIGHT_END_CLEAN;
	use = life->last_use_bytes;
	if (log->n_samples)
		use = MAX_OF(use, log->samples[log->n_samples - 1].use_bytes);
	if (life->limit_bytes && life->limit_bytes != UINT64_MAX &&
		units_share_bp(use, life->limit_bytes) >= NEAR_BP)
		return FLIGHT_END_OOM_GROUP;
	return FLIGHT_END_KILLED;
}
