/* SPDX-License-Identifier: Apache-2.0 */
#include "trigger/brake.h"

#include "base/cleanup.h"
#include "base/units.h"

/* A slice may eat at most this part of what is left above the floor, at the fastest speed seen. */
#define SLICE_PART     8
#define SLICE_MIN_USEC UINT64_C(300)
#define SLICE_MAX_USEC (10 * USEC_PER_MSEC)
/* Stopped no longer than this at a time: timers and peers of a program that ends itself must work.
 */
#define PAUSE_MAX_USEC (100 * USEC_PER_MSEC)
/* A probe that would be too dangerous waits so long, so often. */
#define WAIT_USEC (2 * USEC_PER_MSEC)
#define WAITS_MAX 50
/* Run this long without growth: it has ended by itself. */
#define CALM_USEC (150 * USEC_PER_MSEC)
/* Less than this part of the headroom in a slice is no growth. */
#define CALM_PART 64
/* What it may do in its first slice, when nothing faster was seen; and what is never expected less.
 */
#define SPEED_MIN      (256 * MIB)
#define SPEED_FADED_TO (16 * MIB)
/* So many slices in a row that grew, in the last metres: it will not end by itself. */
#define SURE_SLICES 3
/* The floor: what the kernel's per-CPU batches (64 pages each) may hide, and the guard's own needs.
 */
#define FLOOR_MIN_BYTES	 (512 * KIB)
#define FLOOR_LIMIT_PART 1024

void brake_begin(struct brake *b, const struct brake_start *start)
{
	uint64_t floor = MAX_OF(start->limit_bytes / FLOOR_LIMIT_PART, FLOOR_MIN_BYTES);

	*b = (struct brake){
		.zone_bytes = start->zone_bytes,
		.floor_bytes = MIN_OF(floor + start->lag_bytes, start->zone_bytes / 2),
		.before_headroom = start->headroom_bytes,
		.first_headroom = start->headroom_bytes,
		.speed_bytes_per_sec = MAX_OF(start->speed_bytes_per_sec, SPEED_MIN),
		.late_usec = start->late_usec,
		.sure = start->sure,
	};
}

void brake_stop(struct brake *b, uint64_t grace_usec)
{
	b->stopping = true;
	b->grace_usec = grace_usec;
	b->mean_speed = b->speed_bytes_per_sec / 2;
	b->calm_usec = 0;
}

static uint64_t room_above_floor(const struct brake *b, uint64_t headroom_bytes)
{
	return headroom_bytes > b->floor_bytes ? headroom_bytes - b->floor_bytes : 0;
}

/* Shorter by what we are late: the application runs until we are woken up. */
static uint64_t slice_for(const struct brake *b, uint64_t headroom_bytes)
{
	unsigned __int128 t = room_above_floor(b, headroom_bytes) / SLICE_PART;

	t = t * USEC_PER_SEC / b->speed_bytes_per_sec;
	if (t > SLICE_MAX_USEC)
		return SLICE_MAX_USEC;
	return t > b->late_usec + SLICE_MIN_USEC ? (uint64_t)t - b->late_usec : SLICE_MIN_USEC;
}

/* A slice eats slice x speed; so many of them fit into the room; they shall last half of the grace.
 */
static uint64_t pause_for(const struct brake *b, uint64_t headroom_bytes)
{
	uint64_t room = MAX_OF(room_above_floor(b, headroom_bytes), UINT64_C(1));
	unsigned __int128 running = b->mean_speed;
	uint64_t pause;

	running = running * b->slice_usec / USEC_PER_SEC; /* bytes of a slice */
	running = running * (b->grace_usec / 2) / room;	  /* time that it has to stand for */
	if (running <= b->slice_usec)
		return 0;
	pause = running - b->slice_usec > PAUSE_MAX_USEC ? PAUSE_MAX_USEC
							 : (uint64_t)running - b->slice_usec;
	return pause;
}

static bool goes_on(const struct brake *b, uint64_t headroom_bytes)
{
	if (headroom_bytes <= 2 * b->floor_bytes)
		return b->sure || b->grown_slices;
	return headroom_bytes <= b->zone_bytes && (b->sure || b->grown_slices >= SURE_SLICES);
}

/* Would even the shortest slice, at the fastest speed seen, eat all that is left? */
static bool is_too_fast(const struct brake *b, uint64_t headroom_bytes)
{
	unsigned __int128 eaten = b->speed_bytes_per_sec;

	eaten = eaten * (SLICE_MIN_USEC + b->late_usec) / USEC_PER_SEC;
	return eaten > room_above_floor(b, headroom_bytes);
}

/* Stopped it cannot grow: there is time to see whether the next wake-up comes earlier. */
static enum brake_verdict wait_or_restart(struct brake *b)
{
	if (b->waits++ >= WAITS_MAX)
		return BRAKE_RESTART;
	b->late_usec -= b->late_usec / 4;
	b->slice_usec = WAIT_USEC;
	return BRAKE_WAIT;
}

enum brake_verdict brake_next(struct brake *b, uint64_t headroom_bytes)
{
	if (b->stopping && (headroom_bytes <= b->floor_bytes || is_too_fast(b, headroom_bytes)))
		return BRAKE_KILL;
	if (!b->stopping && b->calm_usec >= CALM_USEC)
		return BRAKE_RELEASE;
	if (!b->stopping && goes_on(b, headroom_bytes))
		return BRAKE_RESTART;
	if (!b->stopping && is_too_fast(b, headroom_bytes))
		return wait_or_restart(b);
	b->before_headroom = headroom_bytes;
	b->slice_usec = slice_for(b, headroom_bytes);
	b->pause_usec = b->stopping ? pause_for(b, headroom_bytes) : 0;
	return BRAKE_SLICE;
}

/* The speed fades by an eighth a slice, so that a program that has calmed down gets longer ones. */
void brake_ran(struct brake *b, uint64_t headroom_bytes, uint64_t ran_usec)
{
	uint64_t grown =
		b->before_headroom > headroom_bytes ? b->before_headroom - headroom_bytes : 0;
	uint64_t ran = MAX_OF(ran_usec, UINT64_C(1));
	uint64_t speed = (uint64_t)((unsigned __int128)grown * USEC_PER_SEC / ran);

	/* Lateness fades by a quarter a slice: one bad wake-up is no state of the machine. */
	b->late_usec -= b->late_usec / 4;
	if (ran > b->slice_usec)
		b->late_usec = MAX_OF(ran - b->slice_usec, b->late_usec);
	b->ran_usec += ran;
	b->mean_speed = (b->mean_speed + speed) / 2;
	b->speed_bytes_per_sec -= b->speed_bytes_per_sec / 8;
	b->speed_bytes_per_sec = MAX_OF(MAX_OF(b->speed_bytes_per_sec, speed), SPEED_FADED_TO);
	if (grown > headroom_bytes / CALM_PART) {
		b->calm_usec = 0;
		b->grown_slices++;
	} else {
		b->calm_usec += ran;
		b->grown_slices = 0;
	}
}
