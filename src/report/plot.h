/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory over time as SVG. Shapes stretch with the page, texts do not: all places are in percent of
 * the width and height, so that one drawing is legible at 360 and at 1200 pixels without a script.
 */
#ifndef OOMGUARD_REPORT_PLOT_H
#define OOMGUARD_REPORT_PLOT_H

#include <stdint.h>
#include <stdio.h>

#include "report/incident.h"

struct plot {
	uint64_t from_usec, to_usec; /* of the time axis; to > from */
	uint64_t top_bytes;	     /* of the memory axis, which begins at 0; > 0 */
	uint64_t step_bytes;	     /* between its grid lines */
	uint64_t step_usec;	     /* between the grid lines of time */
};

/*
 * Axes for the samples from..to: the highest value and the limit (where there is one) fit, and a
 * limit beyond 20 times of what was ever used is left out, or the curve would be a flat line. Pure.
 */
void plot_scale(const struct incident *in, uint64_t from_usec, uint64_t to_usec, struct plot *ret);

/* Percent of the drawing, clamped to the plot's area. */
double plot_x(const struct plot *p, uint64_t wall_usec);
double plot_y(const struct plot *p, uint64_t bytes);

/* Events that get a mark: how many of in->events from here on share one (too close together). */
unsigned plot_group(const struct incident *in, const struct plot *p, unsigned first);

/* One <svg> element of class "plot"; the page has the style. */
void plot_write(const struct incident *in, const struct plot *p, FILE *out);

#endif
