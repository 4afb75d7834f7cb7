/* SPDX-License-Identifier: Apache-2.0 */
#include "report/shape.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

#define NOTHING		UINT64_MAX
#define FIRST_WIDTH	(100 * USEC_PER_MSEC)
#define PARTS		6
#define ENOUGH_CELLS	18 /* 1.8 s at least: three cells a part */
#define MINUTE_USEC	(60 * USEC_PER_SEC)
#define GROWTH_MIN_BP	1500 /* of the limit */
#define PART_MIN_PCT	25   /* of the mean growth of a part */
#define PARTS_REST_MAX	1
#define PACE_MIN_PCT	40 /* last two parts against the first two after the start */
#define PACE_MAX_PCT	300
#define USUAL_MIN_BP	100
#define RISE_CELLS_PART 6 /* the last sixth of the life is where a jump is looked for */

void shape_init(struct shape *s)
{
	memset(s, 0, sizeof(*s));
	memset(s->low, 0xff, sizeof(s->low));
	s->width_usec = FIRST_WIDTH;
}

/* Two cells become one. */
static void widen(struct shape *s)
{
	for (unsigned i = 0; i < SHAPE_CELLS / 2; i++) {
		s->low[i] = MIN_OF(s->low[2 * i], s->low[2 * i + 1]);
		s->high[i] = MAX_OF(s->high[2 * i], s->high[2 * i + 1]);
	}
	for (unsigned i = SHAPE_CELLS / 2; i < SHAPE_CELLS; i++) {
		s->low[i] = NOTHING;
		s->high[i] = 0;
	}
	s->width_usec *= 2;
}

static unsigned cell_of(const struct shape *s, uint64_t time_usec)
{
	return (unsigned)((time_usec - s->first_usec) / s->width_usec);
}

void shape_add(struct shape *s, uint64_t time_usec, uint64_t use_bytes)
{
	unsigned i;

	if (!s->samples)
		s->first_usec = time_usec;
	else if (time_usec < s->last_usec)
		return;
	while ((time_usec - s->first_usec) / s->width_usec >= SHAPE_CELLS)
		widen(s);
	i = cell_of(s, time_usec);
	s->low[i] = MIN_OF(s->low[i], use_bytes);
	s->high[i] = MAX_OF(s->high[i], use_bytes);
	s->samples++;
	s->last_usec = time_usec;
	s->last_use_bytes = use_bytes;
	s->peak_bytes = MAX_OF(s->peak_bytes, use_bytes);
}

/* Cells without a sample lie on the line between their neighbours; how many cells there are. */
static unsigned fill(const struct shape *s, uint64_t *low, uint64_t *high)
{
	unsigned n = s->samples ? cell_of(s, s->last_usec) + 1 : 0, before = 0;

	for (unsigned i = 0; i < n; i++) {
		if (s->low[i] == NOTHING)
			continue;
		low[i] = s->low[i];
		high[i] = s->high[i];
		for (unsigned k = before + 1; k < i; k++) {
			int64_t step = (int64_t)(low[i] - high[before]) / (int64_t)(i - before);

			low[k] = high[k] = high[before] + (uint64_t)(step * (int64_t)(k - before));
		}
		before = i;
	}
	return n;
}

static unsigned pct_of(uint64_t part, uint64_t whole)
{
	return whole ? units_share_bp(part, whole) / 100 : 0;
}

/*
 * The first part is the start and does not count; low[] becomes the envelope. A floor that only one
 * part has left alone still rises.
 */
static void tell_floor(uint64_t *low, unsigned n, const struct shape *s, uint64_t limit_bytes,
	struct shape_view *v)
{
	uint64_t d[PARTS] = { 0 }, mean, early, late;
	unsigned resting = 0;

	for (unsigned i = n - 1; i; i--)
		low[i - 1] = MIN_OF(low[i - 1], low[i]);
	for (unsigned k = 0; k < PARTS; k++)
		d[k] = low[MIN_OF((k + 1) * n / PARTS, n - 1)] - low[k * n / PARTS];
	v->floor_bytes = low[n / 2];
	v->growth_bytes = low[n - 1] - low[n / PARTS];
	mean = v->growth_bytes / (PARTS - 1);
	for (unsigned k = 1; k < PARTS; k++)
		resting += pct_of(d[k], mean) < PART_MIN_PCT;
	early = d[1] + d[2];
	late = d[PARTS - 2] + d[PARTS - 1];
	v->steady = units_share_bp(v->growth_bytes, limit_bytes) >= GROWTH_MIN_BP &&
		    resting <= PARTS_REST_MAX && pct_of(late, early) >= PACE_MIN_PCT &&
		    pct_of(late, early) <= PACE_MAX_PCT;
	v->slope_bytes_per_s = v->growth_bytes * USEC_PER_SEC /
			       MAX_OF(s->width_usec * (n - 1 - n / PARTS), UINT64_C(1));
}

/* The most that the highest use moved within `step` cells, up to cell `end`. */
static uint64_t usual_move(const uint64_t *high, unsigned step, unsigned end)
{
	uint64_t most = 0;

	for (unsigned i = step; i <= end; i++) {
		uint64_t a = high[i], b = high[i - step];

		most = MAX_OF(most, MAX_OF(a, b) - MIN_OF(a, b));
	}
	return most;
}

static void sort(uint64_t *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		uint64_t x = v[i];
		unsigned k = i;

		for (; k && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

static void tell_rise(uint64_t *high, unsigned n, const struct shape *s, uint64_t limit_bytes,
	struct shape_view *v)
{
	uint64_t cells = MAX_OF(MINUTE_USEC / s->width_usec, UINT64_C(1));
	unsigned step = (unsigned)MIN_OF(cells, (uint64_t)n / RISE_CELLS_PART);
	unsigned before = n - 1 - step, start = before / PARTS;
	uint64_t top = 0, usual;

	for (unsigned i = before + 1; i < n; i++)
		top = MAX_OF(top, high[i]);
	usual = usual_move(high + start, step, before - start);
	if (top > high[before])
		v->rise_bp = units_share_bp(top - high[before], limit_bytes);
	v->rise_times = v->rise_bp / MAX_OF(units_share_bp(usual, limit_bytes), USUAL_MIN_BP);
	v->rise_s = (uint32_t)MAX_OF(step * s->width_usec / USEC_PER_SEC, UINT64_C(1));
	sort(high + start, before + 1 - start);
	v->median_bp = units_share_bp(high[start + (before + 1 - start) / 2], limit_bytes);
	v->p90_bp = units_share_bp(high[start + (before + 1 - start) * 9 / 10], limit_bytes);
}

void shape_tell(const struct shape *s, uint64_t limit_bytes, struct shape_view *ret)
{
	uint64_t low[SHAPE_CELLS] = { 0 }, high[SHAPE_CELLS] = { 0 };
	unsigned n = fill(s, low, high);

	*ret = (struct shape_view){ .known = n >= ENOUGH_CELLS && limit_bytes };
	if (!ret->known)
		return;
	tell_floor(low, n, s, limit_bytes, ret);
	tell_rise(high, n, s, limit_bytes, ret);
}
