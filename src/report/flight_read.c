/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of flight.rec: it may be written meanwhile, torn, cut off, or not ours at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "report/flight_format.h"

#define FILE_MAX (16 * MIB) /* none of ours is larger */
/* Cut off above this share of the limit, it was the limit that cut it off. */
#define NEAR_BP 8500u

struct reading {
	struct flight_log *log;
	uint32_t ids[FLIGHT_LIVES_MAX]; /* of the lives */
	uint32_t live;			/* number of the newest live record */
};

static void take_life(struct reading *r, const struct flight_life_record *rec)
{
	struct flight_log *log = r->log;
	unsigned i = 0;

	while (i < log->n_lives && r->ids[i] != rec->life)
		i++;
	if (i == FLIGHT_LIVES_MAX)
		return;
	if (i == log->n_lives)
		log->n_lives++;
	else if (log->lives[i].last_wall_usec > rec->body.last_wall_usec)
		return;
	r->ids[i] = rec->life;
	log->lives[i] = rec->body;
}

static void take_live(struct reading *r, const struct flight_live_record *rec)
{
	if (rec->mark.number <= r->live || rec->body.size > FLIGHT_LIVE_MAX)
		return;
	r->live = rec->mark.number;
	r->log->live_wall_usec = rec->body.wall_usec;
	r->log->live_size = rec->body.size;
	memcpy(r->log->live, rec->body.bytes, rec->body.size);
}

static void take_record(struct reading *r, enum flight_ring ring, const union flight_record *record)
{
	struct flight_log *log = r->log;

	switch (ring) {
	case RING_EVENTS:
		log->events[log->n_events] = record->event.event;
		log->events[log->n_events++].text[FLIGHT_TEXT_MAX - 1] = '\0';
		break;
	case RING_LIVES:
		take_life(r, &record->life);
		break;
	case RING_LIVE:
		take_live(r, &record->live);
		break;
	default:
		log->samples[log->n_samples++] = record->sample.sample;
		break;
	}
}

/* What there is of a ring: all of it, unless the file was cut off. */
static uint32_t slots_there(const struct flight_header *h, enum flight_ring ring, size_t len)
{
	uint64_t at = flight_slot_offset(h->slots, ring, 0);

	if (at >= len)
		return 0;
	return (uint32_t)MIN_OF((len - at) / flight_record_bytes(ring), (uint64_t)h->slots[ring]);
}

static void read_ring(const uint8_t *data, size_t len, const struct flight_header *h,
	enum flight_ring ring, struct reading *r)
{
	uint32_t n = slots_there(h, ring, len);
	union flight_record record;

	r->log->damaged += n < h->slots[ring];
	for (uint32_t slot = 0; slot < n; slot++) {
		/* Copied: records are not aligned to what they hold. */
		memcpy(&record, data + flight_slot_offset(h->slots, ring, slot),
			flight_record_bytes(ring));
		if (record.mark.number && record.mark.checksum == flight_checksum(ring, &record))
			take_record(r, ring, &record);
		else if (record.mark.number)
			r->log->damaged++;
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

/* By number, not by time: clocks are set back. */
static void sort_lives(struct reading *r)
{
	for (unsigned i = 1; i < r->log->n_lives; i++) {
		for (unsigned k = i; k > 0 && r->ids[k - 1] > r->ids[k]; k--) {
			struct flight_life life = r->log->lives[k];
			uint32_t id = r->ids[k];

			r->log->lives[k] = r->log->lives[k - 1];
			r->log->lives[k - 1] = life;
			r->ids[k] = r->ids[k - 1];
			r->ids[k - 1] = id;
		}
	}
}

static int parse(const uint8_t *data, size_t len, struct flight_log *log)
{
	struct reading r = { .log = log };
	struct flight_header h;
	size_t n_samples = 0;

	if (len < FLIGHT_HEADER)
		return -EBADMSG;
	memcpy(&h, data, sizeof(h));
	if (!flight_header_is_good(&h))
		return -EBADMSG;
	for (unsigned ring = RING_FULL; ring <= RING_MINUTE; ring++)
		n_samples += slots_there(&h, (enum flight_ring)ring, len);
	log->samples = calloc(n_samples + 1, sizeof(*log->samples));
	log->events = calloc(slots_there(&h, RING_EVENTS, len) + 1u, sizeof(*log->events));
	if (!log->samples || !log->events)
		return -ENOMEM;
	for (unsigned ring = 0; ring < RINGS; ring++)
		read_ring(data, len, &h, (enum flight_ring)ring, &r);
	qsort(log->samples, log->n_samples, sizeof(*log->samples), by_sample_time);
	qsort(log->events, log->n_events, sizeof(*log->events), by_event_time);
	sort_lives(&r);
	return 0;
}

int flight_parse(const void *data, size_t len, struct flight_log *ret_log)
{
	struct flight_log log = { 0 };
	int r = parse(data, len, &log);

	if (r < 0) {
		flight_log_free(&log);
		return r;
	}
	*ret_log = log;
	return 0;
}

int flight_read(int dirfd, struct flight_log *ret_log)
{
	/* NONBLOCK: a fifo in its place would hold us up. */
	auto_close int fd =
		openat(dirfd, FLIGHT_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_free uint8_t *data = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_MAX || st.st_size < FLIGHT_HEADER)
		return -EBADMSG;
	data = malloc((size_t)st.st_size);
	if (!data)
		return -ENOMEM;
	n = pread(fd, data, (size_t)st.st_size, 0);
	if (n < 0)
		return -errno;
	return flight_parse(data, (size_t)n, ret_log);
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
