/* SPDX-License-Identifier: Apache-2.0 */
#include "report/curve.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

#define MINUTE_USEC (60 * USEC_PER_SEC)

void curve_init(struct curve *c)
{
	memset(c, 0, sizeof(*c));
	leaktest_init(&c->leaktest);
}

static unsigned cell_of(uint64_t bytes, uint64_t limit_bytes)
{
	return MIN_OF(units_share_bp(bytes, limit_bytes) / 100, CURVE_CELLS - 1u);
}

static const struct curve_point *point_back(const struct curve *c, unsigned back)
{
	return &c->point[(c->next_point + CURVE_POINTS - 1 - back) % CURVE_POINTS];
}

/* The point of a minute ago, or the newest one older than that; NULL: the curve is younger. */
static const struct curve_point *minute_ago(const struct curve *c, uint64_t time_usec)
{
	for (unsigned i = 0; i < c->n_points; i++)
		if (time_usec - point_back(c, i)->time_usec >= MINUTE_USEC)
			return point_back(c, i);
	return NULL;
}

static void add_point(struct curve *c)
{
	const struct curve_point *before;

	if (c->n_points && c->last_usec - point_back(c, 0)->time_usec < USEC_PER_SEC)
		return;
	before = minute_ago(c, c->last_usec);
	if (before) {
		c->cells[cell_of(before->use_bytes, c->limit_bytes)]++;
		c->n_cells++;
		c->rises[cell_of(MAX_OF(c->use_bytes, before->use_bytes) -
					 MIN_OF(c->use_bytes, before->use_bytes),
			c->limit_bytes)]++;
		c->n_rises++;
	}
	c->point[c->next_point] = (struct curve_point){ c->last_usec, c->use_bytes };
	c->next_point = (c->next_point + 1) % CURVE_POINTS;
	c->n_points = MIN_OF(c->n_points + 1, (unsigned)CURVE_POINTS);
}

unsigned curve_add(struct curve *c, uint64_t time_usec, uint64_t use_bytes, uint64_t limit_bytes)
{
	if (!c->samples)
		c->first_usec = time_usec;
	else if (time_usec < c->last_usec)
		return 0;
	c->samples++;
	c->last_usec = time_usec;
	c->use_bytes = use_bytes;
	c->limit_bytes = limit_bytes;
	c->peak_bytes = MAX_OF(c->peak_bytes, use_bytes);
	add_point(c);
	return leaktest_add(&c->leaktest, time_usec, use_bytes, limit_bytes);
}

/* Share of the limit that `pct` percent of the counts do not exceed. */
static uint32_t percentile_bp(const uint64_t *cells, uint64_t n, unsigned pct)
{
	uint64_t seen = 0;

	if (!n)
		return 0;
	for (unsigned i = 0; i < CURVE_CELLS; i++) {
		seen += cells[i];
		if (seen * 100 >= n * pct)
			return i * 100;
	}
	return BP_WHOLE;
}

static void tell_leak(const struct leaktest *t, struct diagnose_facts *f)
{
	unsigned window;
	const struct leaktest_view *v;

	f->leak = leaktest_verdict(t, &window);
	f->leak_windows = 0;
	for (unsigned i = 0; i < LEAKTEST_WINDOWS; i++)
		f->leak_windows += t->window[i].view.leak != LEAK_NONE;
	v = &t->window[window].view;
	f->leak_window_s = leaktest_window_s(window);
	f->floor_bytes = v->known ? v->floor_bytes : 0;
	f->slope_bytes_per_s = v->slope_bytes_per_s;
	f->to_limit_s = v->known ? v->to_limit_s : UINT64_MAX;
}

void curve_tell(const struct curve *c, struct diagnose_facts *f)
{
	const struct curve_point *before = minute_ago(c, c->last_usec);
	uint32_t usual = MAX_OF(percentile_bp(c->rises, c->n_rises, 99), 100u);

	f->use_bytes = c->use_bytes;
	f->limit_bytes = c->limit_bytes;
	f->uptime_s = (c->last_usec - c->first_usec) / USEC_PER_SEC;
	f->samples = c->samples;
	f->median_bp = percentile_bp(c->cells, c->n_cells, 50);
	f->p90_bp = percentile_bp(c->cells, c->n_cells, 90);
	f->rise_bp = before && c->use_bytes > before->use_bytes
			     ? units_share_bp(c->use_bytes - before->use_bytes, c->limit_bytes)
			     : 0;
	f->rise_times = f->rise_bp / usual;
	tell_leak(&c->leaktest, f);
}
