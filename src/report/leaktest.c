/* SPDX-License-Identifier: Apache-2.0 */
#include "report/leaktest.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

#define NOTHING UINT64_MAX

#define PART	  (LEAKTEST_BUCKETS / LEAKTEST_PARTS)
#define ALL_PARTS ((1u << LEAKTEST_PARTS) - 1)
/* All but the newest part grew: growth has just ended, or takes a rest. */
#define JUST_ENDED (ALL_PARTS >> 1)
/* The end of the newest part is the lowest of the last three buckets: one is too much of a chance.
 */
#define TAIL 3
/* A window is judged once this much of it has been seen ... */
#define ENOUGH_BUCKETS 62
/* ... with no more than this many buckets empty: a sample a minute leaves 12 of an hour's. */
#define EMPTY_MAX (LEAKTEST_BUCKETS / 4)

/* Found on recorded and generated curves; tests/bench/leak_accuracy shows what they give. */
#define START_SKIP_S	    900	 /* nothing before this age counts */
#define YOUNG_UNTIL_WINDOW  1	 /* the window that must have been seen before any may speak ... */
#define YOUNG_FROM_BP	    9000 /* ... except from this use on */
#define GROWTH_MIN_BP	    500	 /* of the limit */
#define NOISE_TIMES	    4	 /* growth against noise */
#define PART_MIN_PCT	    25	 /* of the mean growth of a part: the part grows */
#define PARTS_MIN	    3	 /* must grow, and never two neighbours rest */
#define PACE_MIN_PCT	    70	 /* smooth growth slower than this slows down: a warm-up */
#define PACE_MIN_STAIRS_PCT 45	 /* the same for growth with parts that rest */
#define TO_LIMIT_WINDOWS    5	 /* later is not soon enough to call it a leak */
#define RISE_PCT	    30	 /* of what the slope promises: the floor has gone on rising */
#define EVEN_SLACK_PCT	    3	 /* even growth is this much slower at most, ... */
#define EVEN_DOUBT_TIMES    4	 /* ... and by noise against growth this many times ... */
#define EVEN_SLACK_MAX_PCT  26	 /* ... up to this */
#define EVEN_MAX_PCT	    240
#define STAIRS_MIN_PCT	    50
#define STAIRS_MAX_PCT	    500
#define STAY		    9 /* evaluations that a confirmed leak may rest */

static const struct {
	uint64_t seconds;
	unsigned blocks; /* of the time before that are remembered: 48 h, 48 h, 7 days */
	unsigned hold;	 /* more suspect evaluations in a row than this confirm */
} windows[LEAKTEST_WINDOWS] = {
	{ 3600, 288, 2 },
	{ 6 * 3600, 48, 3 },
	{ 24 * 3600, 42, 5 },
};

uint64_t leaktest_window_s(unsigned window)
{
	return windows[window].seconds;
}

const char *leak_name(enum leak leak)
{
	static const char *const name[] = { "none", "suspected", "confirmed" };

	return name[leak];
}

void leaktest_init(struct leaktest *t)
{
	memset(t, 0, sizeof(*t));
}

static uint64_t width_usec(unsigned window)
{
	return windows[window].seconds * USEC_PER_SEC / LEAKTEST_BUCKETS;
}

/* Insertion sort: 71 values, once per evaluation. */
static uint64_t median_of(uint64_t *v, unsigned n)
{
	if (!n)
		return 0;
	for (unsigned i = 1; i < n; i++) {
		uint64_t x = v[i];
		unsigned k = i;

		for (; k && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
	return v[n / 2];
}

/* The buckets in order of time, oldest first; how many. */
static unsigned unroll(const struct leaktest_window *w, bool with_newest, uint64_t *ret_low)
{
	unsigned n = w->n - !with_newest;
	uint64_t last = with_newest ? w->newest : w->newest - 1;

	for (unsigned i = 0; i < n; i++)
		ret_low[i] = w->low[(last - (n - 1) + i) % LEAKTEST_BUCKETS];
	return n;
}

static uint64_t noise_of(const uint64_t *low, unsigned n, unsigned *ret_empty)
{
	uint64_t step[LEAKTEST_BUCKETS], before = NOTHING;
	unsigned n_steps = 0, empty = 0;

	for (unsigned i = 0; i < n; i++) {
		if (low[i] == NOTHING) {
			empty++;
			continue;
		}
		if (before != NOTHING)
			step[n_steps++] = MAX_OF(low[i], before) - MIN_OF(low[i], before);
		before = low[i];
	}
	*ret_empty = empty;
	/* 1.4826 makes the median of a normal distribution's deviations its sigma. */
	return (uint64_t)((unsigned __int128)median_of(step, n_steps) * 14826 / 10000);
}

static unsigned pct_of(uint64_t part, uint64_t whole)
{
	return units_share_bp(part, whole) / 100;
}

/* What was retained at the begin of each part: low[] becomes the envelope. */
static void look_at_parts(uint64_t *low, unsigned n, struct leaktest_view *v)
{
	uint64_t d[LEAKTEST_PARTS], mean;

	for (unsigned i = n - 1; i; i--)
		low[i - 1] = MIN_OF(low[i - 1], low[i]);
	v->floor_bytes = low[(LEAKTEST_PARTS - 1) * n / LEAKTEST_PARTS];
	v->growth_bytes = v->floor_bytes - low[0];
	mean = v->growth_bytes / (LEAKTEST_PARTS - 1);
	for (unsigned k = 0; k < LEAKTEST_PARTS; k++) {
		unsigned end = MIN_OF((k + 1) * n / LEAKTEST_PARTS, n - TAIL);

		d[k] = low[end] - low[k * n / LEAKTEST_PARTS];
		/* The end of the newest part is the noisiest: fewer buckets than behind any other.
		 */
		if (k == LEAKTEST_PARTS - 1 && d[k] <= v->noise_bytes / 2)
			continue;
		if (mean && pct_of(d[k], mean) > PART_MIN_PCT)
			v->growing_parts |= 1u << k;
	}
	v->pace_pct = d[0] + d[1] ? pct_of(d[3] + d[4], d[0] + d[1]) : d[3] + d[4] ? 1000 : 0;
}

/* Clearly higher than everything that was kept through a part's time before this window? */
static bool is_new_mark(const struct leaktest_window *w)
{
	const struct leaktest_view *v = &w->view;

	for (unsigned i = 0; i < w->n_blocks; i++)
		if (w->block[i] != NOTHING && v->floor_bytes < w->block[i] + v->growth_bytes / 4)
			return false;
	return true;
}

static bool grows_throughout(unsigned parts)
{
	for (unsigned k = 0; k + 1 < LEAKTEST_PARTS; k++)
		if (!(parts >> k & 3))
			return false;
	return __builtin_popcount(parts) >= PARTS_MIN;
}

static bool is_suspect(const struct leaktest *t, unsigned window)
{
	const struct leaktest_window *w = &t->window[window];
	const struct leaktest_view *v = &w->view;
	unsigned pace_min = v->growing_parts == ALL_PARTS ? PACE_MIN_PCT : PACE_MIN_STAIRS_PCT;

	/* Growth that has just ended raises no suspicion, but a rest does not end one. */
	if (v->growing_parts == JUST_ENDED && !w->held)
		return false;
	return v->growth_bytes >= units_of_share(t->limit_bytes, GROWTH_MIN_BP) &&
	       v->growth_bytes > NOISE_TIMES * v->noise_bytes &&
	       grows_throughout(v->growing_parts) && v->pace_pct >= pace_min &&
	       v->to_limit_s < TO_LIMIT_WINDOWS * windows[window].seconds && is_new_mark(w);
}

/*
 * Even: about as fast at the end as at the begin. How exactly that can be told depends on the noise
 * in each part. Faster is allowed more: the window may reach back to before it began.
 */
static bool is_even(const struct leaktest_view *v)
{
	unsigned doubt_pct = pct_of(v->noise_bytes * EVEN_DOUBT_TIMES, v->growth_bytes);
	unsigned slack_pct = MIN_OF(EVEN_SLACK_PCT + doubt_pct, (unsigned)EVEN_SLACK_MAX_PCT);

	if (v->growing_parts != ALL_PARTS)
		return v->pace_pct >= STAIRS_MIN_PCT && v->pace_pct <= STAIRS_MAX_PCT;
	return v->pace_pct >= 100 - slack_pct && v->pace_pct <= EVEN_MAX_PCT;
}

/* A program that has not been watched for long. */
static bool is_young(const struct leaktest *t)
{
	return t->window[YOUNG_UNTIL_WINDOW].n < ENOUGH_BUCKETS;
}

/* Since it became suspect: the newest part grows, or the floor has followed the slope. */
static bool has_gone_on(const struct leaktest_window *w, unsigned window)
{
	const struct leaktest_view *v = &w->view;
	uint64_t seconds = w->held * windows[window].seconds / LEAKTEST_BUCKETS;

	return v->growing_parts >> (LEAKTEST_PARTS - 1) & 1 ||
	       v->floor_bytes >= w->held_floor + v->slope_bytes_per_s * seconds * RISE_PCT / 100;
}

static enum leak judge(struct leaktest *t, unsigned window, uint64_t last_low)
{
	struct leaktest_window *w = &t->window[window];
	const struct leaktest_view *v = &w->view;
	bool young = is_young(t);

	if (!is_suspect(t, window) ||
		(young && units_share_bp(last_low, t->limit_bytes) < YOUNG_FROM_BP)) {
		w->held = 0;
		if (w->unconfirmed && w->unconfirmed <= STAY && v->floor_bytes >= w->held_floor) {
			w->unconfirmed++;
			return LEAK_CONFIRMED;
		}
		w->even = w->unconfirmed = 0;
		return LEAK_NONE;
	}
	if (!w->held++)
		w->held_floor = v->floor_bytes;
	w->even = is_even(v) && !young ? w->even + 1 : 0;
	if (w->even > windows[window].hold && has_gone_on(w, window))
		w->unconfirmed = 1;
	return w->unconfirmed ? LEAK_CONFIRMED : LEAK_SUSPECTED;
}

static void evaluate(struct leaktest *t, unsigned window, bool with_newest)
{
	struct leaktest_window *w = &t->window[window];
	struct leaktest_view *v = &w->view;
	uint64_t low[LEAKTEST_BUCKETS], last;
	unsigned empty = 0, n = unroll(w, with_newest, low);

	*v = (struct leaktest_view){ .to_limit_s = UINT64_MAX };
	if (n >= ENOUGH_BUCKETS)
		v->noise_bytes = noise_of(low, n, &empty);
	if (n < ENOUGH_BUCKETS || empty > EMPTY_MAX) {
		w->held = w->even = w->unconfirmed = 0;
		return;
	}
	for (last = low[n - 1]; n > 1 && last == NOTHING; n--)
		last = low[n - 2];
	v->known = true;
	look_at_parts(low, n, v);
	v->slope_bytes_per_s = v->growth_bytes * LEAKTEST_PARTS / (LEAKTEST_PARTS - 1) *
			       LEAKTEST_BUCKETS / n / windows[window].seconds;
	if (v->slope_bytes_per_s)
		v->to_limit_s =
			(t->limit_bytes > last ? t->limit_bytes - last : 0) / v->slope_bytes_per_s;
	v->leak = judge(t, window, last);
}

/* The oldest part of a full window leaves it: its floor is remembered. */
static void remember_block(struct leaktest_window *w, unsigned window)
{
	uint64_t floor = NOTHING;

	for (unsigned i = 1; i <= PART; i++)
		floor = MIN_OF(floor, w->low[(w->newest + i) % LEAKTEST_BUCKETS]);
	w->block[w->next_block] = floor;
	w->next_block = (w->next_block + 1) % windows[window].blocks;
	w->n_blocks = MIN_OF(w->n_blocks + 1, windows[window].blocks);
}

static void open_bucket(struct leaktest_window *w, unsigned window)
{
	if (w->n == LEAKTEST_BUCKETS && w->newest % PART == PART - 1)
		remember_block(w, window);
	w->newest++;
	w->low[w->newest % LEAKTEST_BUCKETS] = NOTHING;
	w->n = MIN_OF(w->n + 1, (unsigned)LEAKTEST_BUCKETS);
}

static bool window_add(struct leaktest *t, unsigned window, uint64_t time_usec, uint64_t use_bytes)
{
	struct leaktest_window *w = &t->window[window];
	uint64_t number = time_usec / width_usec(window);
	bool completed = false;

	if (!w->n || number - w->newest > LEAKTEST_BUCKETS) {
		/* The first one, or after a gap that nothing reaches across. */
		w->n = 1;
		w->newest = number;
		w->held = w->even = w->unconfirmed = 0;
		w->view = (struct leaktest_view){ .to_limit_s = UINT64_MAX };
		w->low[number % LEAKTEST_BUCKETS] = NOTHING;
	}
	while (w->newest < number) {
		open_bucket(w, window);
		completed = true;
	}
	if (completed)
		evaluate(t, window, false);
	w->low[number % LEAKTEST_BUCKETS] = MIN_OF(w->low[number % LEAKTEST_BUCKETS], use_bytes);
	return completed;
}

unsigned leaktest_add(
	struct leaktest *t, uint64_t time_usec, uint64_t use_bytes, uint64_t limit_bytes)
{
	unsigned evaluated = 0;

	if (!t->begun)
		t->born_usec = time_usec;
	else if (time_usec < t->last_usec)
		return 0;
	t->begun = true;
	t->last_usec = time_usec;
	t->limit_bytes = limit_bytes;
	if (time_usec - t->born_usec < START_SKIP_S * USEC_PER_SEC)
		return 0;
	for (unsigned i = 0; i < LEAKTEST_WINDOWS; i++)
		if (window_add(t, i, time_usec, use_bytes))
			evaluated |= 1u << i;
	return evaluated;
}

void leaktest_finish(struct leaktest *t)
{
	for (unsigned i = 0; i < LEAKTEST_WINDOWS; i++)
		if (t->window[i].n)
			evaluate(t, i, true);
}

enum leak leaktest_verdict(const struct leaktest *t, unsigned *ret_window)
{
	enum leak worst = LEAK_NONE;
	unsigned which = 0;

	for (unsigned i = 0; i < LEAKTEST_WINDOWS; i++) {
		if (t->window[i].view.leak <= worst)
			continue;
		worst = t->window[i].view.leak;
		which = i;
	}
	if (ret_window)
		*ret_window = which;
	return worst;
}
