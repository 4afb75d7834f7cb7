/* SPDX-License-Identifier: Apache-2.0 */
#include "trigger/forecast.h"

#include "base/cleanup.h"
#include "base/units.h"

#define BURST_WINDOW_USEC (200 * USEC_PER_MSEC)

/* Windows of three of these: 2.25 s, 9 s, 36 s, 2.4 min, 9.6 min, 38 min. */
static const struct {
	unsigned ring, n;
} scales[] = {
	{ 0, 3 },
	{ 0, 12 },
	{ 1, 3 },
	{ 1, 12 },
	{ 2, 3 },
	{ 2, 12 },
};

struct rise {
	bool steady;
	uint64_t bytes, usec; /* from the floor of the oldest window to that of the newest */
	int64_t own_bytes;
};

/* Bytes per second; usec > 0. 128 bits: a terabyte times a million does not fit into 64. */
static uint64_t speed(uint64_t bytes, uint64_t usec)
{
	return (uint64_t)((unsigned __int128)bytes * USEC_PER_SEC / (usec ? usec : 1));
}

static uint64_t time_to(uint64_t headroom, uint64_t bytes, uint64_t usec)
{
	unsigned __int128 t;

	if (!bytes)
		return FORECAST_NEVER;
	t = (unsigned __int128)headroom * usec / bytes;
	return t >= FORECAST_NEVER ? FORECAST_NEVER - 1 : (uint64_t)t;
}

/*
 * Within a tooth a floor rises as well. Where teeth were seen, a scale shorter than they are counts
 * only once this tooth has grown clearly (by half of what a real fall is) above all before it.
 */
static bool is_just_a_tooth(const struct history *h, uint64_t width)
{
	uint64_t mark;

	if (h->tooth_usec <= width)
		return false;
	return !history_ceiling_before(h, h->last_usec - h->fall_usec, &mark) ||
	       h->last_fill < mark + h->fall_bytes / 2;
}

/*
 * Steady: both steps up, the newer at least half of the older, and the mark of before never
 * reached.
 */
static struct rise rise_on(const struct history *h, unsigned scale, uint64_t unit)
{
	struct rise r = { 0 };
	unsigned ring = scales[scale].ring, n = scales[scale].n;
	uint64_t floor[3], own[3], mark = 0;
	uint64_t width = history_width_usec(ring) * n;

	for (unsigned w = 0; w < 3; w++)
		if (!history_floor(h, ring, n, w, &floor[w], &own[w]))
			return r;
	r.usec = 2 * width;
	if (floor[0] <= floor[1] || floor[1] <= floor[2])
		return r;
	r.bytes = floor[0] - floor[2];
	r.own_bytes = (int64_t)own[0] - (int64_t)own[2];
	bool new_mark = !history_ceiling_before(h, width, &mark) || h->last_fill > mark;

	r.steady = new_mark && floor[0] - floor[1] >= unit && floor[1] - floor[2] >= unit &&
		   floor[0] - floor[1] >= (floor[1] - floor[2]) / 2 && !is_just_a_tooth(h, width);
	return r;
}

/* Has the growth of scale `s` ended already, as the shorter scales see it? */
static bool has_stalled(const struct history *h, unsigned s, const struct rise *r, uint64_t unit)
{
	for (unsigned i = 0; i < s; i++) {
		uint64_t width = history_width_usec(scales[i].ring) * scales[i].n;
		uint64_t expected = (uint64_t)((unsigned __int128)r->bytes * width / r->usec);
		uint64_t now, before, own;

		if (expected < 4 * unit || width < h->tooth_usec)
			continue;
		if (!history_floor(h, scales[i].ring, scales[i].n, 0, &now, &own) ||
			!history_floor(h, scales[i].ring, scales[i].n, 1, &before, &own))
			continue;
		if (now < before + expected / 2)
			return true;
	}
	return false;
}

/* Between what is no growth and what cannot be told, people want a number: the last known scale. */
static int64_t recent_growth(const struct history *h)
{
	uint64_t now, before, own;

	for (unsigned s = 0; s < ARRAY_LEN(scales); s++) {
		unsigned ring = scales[s].ring, n = scales[s].n;
		uint64_t width = history_width_usec(ring) * n;

		if (!history_floor(h, ring, n, 0, &now, &own) ||
			!history_floor(h, ring, n, 1, &before, &own))
			continue;
		return now >= before ? (int64_t)speed(now - before, width)
				     : -(int64_t)speed(before - now, width);
	}
	return 0;
}

static void forecast_burst(const struct history *h, uint64_t headroom, struct forecast *f)
{
	uint64_t span;

	f->burst_bytes = history_burst(h, BURST_WINDOW_USEC, &span);
	f->burst_eta_usec = time_to(headroom, f->burst_bytes, span);
}

void forecast_make(
	const struct history *h, uint64_t headroom_bytes, uint64_t unit_bytes, struct forecast *ret)
{
	struct forecast f = { .eta_usec = FORECAST_NEVER, .ours = true };

	for (unsigned s = 0; s < ARRAY_LEN(scales); s++) {
		struct rise r = rise_on(h, s, unit_bytes);
		uint64_t eta;

		if (!r.steady || has_stalled(h, s, &r, unit_bytes))
			continue;
		eta = time_to(headroom_bytes, r.bytes, r.usec);
		if (!f.growing) {
			f.growing = true;
			f.growth_bytes_per_sec = (int64_t)speed(r.bytes, r.usec);
			f.ours = r.own_bytes * 2 >= (int64_t)r.bytes;
			f.eta_usec = eta;
		} else {
			f.eta_usec = MAX_OF(f.eta_usec, eta);
		}
	}
	if (!f.growing)
		f.growth_bytes_per_sec = recent_growth(h);
	forecast_burst(h, headroom_bytes, &f);
	*ret = f;
}
