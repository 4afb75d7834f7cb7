/* SPDX-License-Identifier: Apache-2.0 */
#include "trigger/history.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

static const uint64_t width_usec[HISTORY_RINGS] = {
	250 * USEC_PER_MSEC,
	4 * USEC_PER_SEC,
	64 * USEC_PER_SEC,
};

void history_reset(struct history *h, uint64_t fall_bytes)
{
	memset(h, 0, sizeof(*h));
	h->fall_bytes = fall_bytes;
}

static void bucket_add(struct history_bucket *b, uint64_t number, uint64_t fill, uint64_t own)
{
	if (b->number != number) {
		*b = (struct history_bucket){ number, fill, fill, own };
		return;
	}
	b->low = MIN_OF(b->low, fill);
	b->high = MAX_OF(b->high, fill);
	b->own_low = MIN_OF(b->own_low, own);
}

/*
 * A real fall ends a tooth. The longest of the recent periods counts, and fades by a quarter with
 * each shorter one, so that one odd pause does not blind us for ever.
 */
static void tooth_add(struct history *h, uint64_t time_usec, uint64_t fill)
{
	if (fill >= h->peak) {
		h->peak = fill;
		h->peak_usec = time_usec;
		return;
	}
	if (!h->fall_bytes || h->peak - fill < h->fall_bytes)
		return;
	if (h->fall_usec) {
		uint64_t period = time_usec - h->fall_usec;

		h->tooth_usec = MAX_OF(period, h->tooth_usec / 4 * 3);
	}
	h->fall_usec = time_usec;
	h->peak = fill;
	h->peak_usec = time_usec;
}

void history_add(struct history *h, uint64_t time_usec, uint64_t fill, uint64_t own_use)
{
	if (h->first_usec && time_usec < h->last_usec)
		return;
	if (!h->first_usec)
		h->first_usec = time_usec;
	for (unsigned r = 0; r < HISTORY_RINGS; r++) {
		uint64_t number = time_usec / width_usec[r] + 1;

		bucket_add(&h->ring[r][number % HISTORY_BUCKETS], number, fill, own_use);
	}
	h->raw[h->next_raw] = (struct history_point){ time_usec, fill };
	h->next_raw = (h->next_raw + 1) % HISTORY_RAW;
	h->n_raw = MIN_OF(h->n_raw + 1, (unsigned)HISTORY_RAW);
	h->last_usec = time_usec;
	h->last_fill = fill;
	tooth_add(h, time_usec, fill);
}

uint64_t history_width_usec(unsigned ring)
{
	return width_usec[ring];
}

bool history_floor(const struct history *h, unsigned ring, unsigned n, unsigned window,
	uint64_t *ret_fill, uint64_t *ret_own)
{
	uint64_t fill = UINT64_MAX, own = UINT64_MAX;
	uint64_t newest = h->last_usec / width_usec[ring] + 1;
	uint64_t oldest = h->first_usec / width_usec[ring] + 1;
	uint64_t back = (uint64_t)n * (window + 1);

	if (!h->first_usec || back > HISTORY_BUCKETS || newest < oldest + back - 1)
		return false;
	for (uint64_t number = newest - back + 1; number <= newest - back + n; number++) {
		const struct history_bucket *b = &h->ring[ring][number % HISTORY_BUCKETS];

		if (b->number != number)
			continue;
		fill = MIN_OF(fill, b->low);
		own = MIN_OF(own, b->own_low);
	}
	if (fill == UINT64_MAX)
		return false;
	*ret_fill = fill;
	*ret_own = own;
	return true;
}

bool history_ceiling_before(const struct history *h, uint64_t ago_usec, uint64_t *ret_fill)
{
	uint64_t highest = 0;
	bool found = false;

	if (!h->first_usec || ago_usec > h->last_usec)
		return false;
	for (unsigned r = 0; r < HISTORY_RINGS; r++) {
		uint64_t before = (h->last_usec - ago_usec) / width_usec[r] + 1;

		for (unsigned i = 0; i < HISTORY_BUCKETS; i++) {
			const struct history_bucket *b = &h->ring[r][i];

			if (!b->number || b->number >= before)
				continue;
			highest = MAX_OF(highest, b->high);
			found = true;
		}
	}
	if (found)
		*ret_fill = highest;
	return found;
}

/* The point `i` samples before the last one, NULL beyond the ring or the window. */
static const struct history_point *point_before(
	const struct history *h, unsigned i, uint64_t window_usec)
{
	const struct history_point *p = &h->raw[(h->next_raw + HISTORY_RAW - 1 - i) % HISTORY_RAW];

	if (i >= h->n_raw || h->last_usec - p->time_usec > window_usec)
		return NULL;
	return p;
}

/*
 * The rise is measured from the lowest point; its time only from the newest point that still lies
 * in the lowest quarter of it, because what came before was rest: 200 ms at 80 % and 5 ms to 95 %
 * is a burst of 5 ms.
 */
uint64_t history_burst(const struct history *h, uint64_t window_usec, uint64_t *ret_span_usec)
{
	const struct history_point *p;
	uint64_t lowest = h->last_fill;

	for (unsigned i = 0; (p = point_before(h, i, window_usec)); i++)
		lowest = p->fill < lowest ? p->fill : lowest;
	*ret_span_usec = 0;
	for (unsigned i = 0; (p = point_before(h, i, window_usec)); i++) {
		*ret_span_usec = h->last_usec - p->time_usec;
		if (p->fill <= lowest + (h->last_fill - lowest) / 4)
			break;
	}
	return h->last_fill - lowest;
}
