/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brake: an application that was stopped just before the limit runs on in slices, so short that
 * what it can allocate in one is less than a part of what is left. Pure; src/brake.c stops and
 * continues.
 *
 * It begins with a probe. Growth that ends by itself (a heap mapped at once, a step that stays
 * below the limit) is let go; growth that goes on into the last metres is stopped for good: the
 * stop signal, its grace time still in slices, and SIGKILL at the floor.
 */
#ifndef OOMGUARD_TRIGGER_BRAKE_H
#define OOMGUARD_TRIGGER_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

enum brake_verdict {
	BRAKE_SLICE, /* continue it for slice_usec, then stop it and look */
	BRAKE_WAIT,  /* stay stopped for slice_usec and ask again: we are woken up too late just now
		      */
	BRAKE_RELEASE, /* growth has ended: let it go */
	BRAKE_RESTART, /* it goes on: restart (probe only) */
	BRAKE_KILL,    /* at the floor (stopping only) */
};

struct brake {
	bool stopping;		  /* the stop signal has been sent */
	uint64_t zone_bytes;	  /* the last metres: `free` of the level */
	uint64_t floor_bytes;	  /* kill at this headroom */
	uint64_t before_headroom; /* at the begin of the slice */
	uint64_t slice_usec;
	uint64_t pause_usec; /* to stay stopped before the next slice, so that room lasts */
	uint64_t mean_speed; /* bytes per second of running, of the last slices; 0 when it rests */
	uint64_t grace_usec; /* in which it shall be able to end (stopping) */
	uint64_t speed_bytes_per_sec; /* fastest seen in a slice or before */
	uint64_t calm_usec;	      /* ran so long without a rise worth mentioning */
	uint64_t ran_usec;	      /* in all */
	unsigned waits;		      /* in all */
	unsigned grown_slices;	      /* in a row */
	uint64_t late_usec;	 /* how late we were woken up lately: a slice is longer by that */
	bool sure;		 /* growth was established before: no probe needed in the zone */
	uint64_t first_headroom; /* when the brake took hold */
};

struct brake_start {
	uint64_t limit_bytes, headroom_bytes;
	uint64_t zone_bytes;	      /* the last metres */
	uint64_t lag_bytes;	      /* of the kernel's counters */
	uint64_t speed_bytes_per_sec; /* of the burst that led here */
	uint64_t late_usec;	      /* how late our timers were lately */
	bool sure;		      /* growth has been watched for long enough already */
};

void brake_begin(struct brake *b, const struct brake_start *start);

/*
 * The stop signal has been sent: from now on only slices or the kill. What is left of memory is
 * spread over half of the grace time: a program that waits for something ends gracefully even when
 * it allocates flat out whenever it runs; one that does not grow runs nearly all the time.
 */
void brake_stop(struct brake *b, uint64_t grace_usec);

/* How to go on; with BRAKE_SLICE b->slice_usec tells for how long. Called while it is stopped. */
enum brake_verdict brake_next(struct brake *b, uint64_t headroom_bytes);

/* Called after a slice that really took `ran` microseconds. */
void brake_ran(struct brake *b, uint64_t headroom_bytes, uint64_t ran_usec);

#endif
