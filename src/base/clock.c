/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/units.h"

static uint64_t now_usec(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_now_usec(void)
{
	return now_usec(CLOCK_BOOTTIME);
}

uint64_t clock_cpu_usec(void)
{
	return now_usec(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t clock_wall_usec(void)
{
	return now_usec(CLOCK_REALTIME);
}

struct civil {
	unsigned year, month, day, hour, minute, second, msec;
};

/*
 * Own arithmetic because gmtime_r() reads the time zone, and so allocates and opens files.
 * Years start in March here, so that the leap day is the last of a year;
 * http://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
static struct civil civil_from_wall(uint64_t wall_usec)
{
	uint64_t seconds = wall_usec / USEC_PER_SEC;
	uint64_t days = seconds / 86400 + 719468; /* since 0000-03-01 */
	uint64_t era = days / 146097;		  /* of 400 years */
	unsigned day_of_era = (unsigned)(days % 146097);
	unsigned year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month = (5 * day_of_year + 2) / 153; /* 0: March */
	struct civil c = {
		.year = (unsigned)era * 400 + year_of_era + (month >= 10 ? 1 : 0),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day_of_year - (153 * month + 2) / 5 + 1,
		.hour = (unsigned)(seconds % 86400 / 3600),
		.minute = (unsigned)(seconds % 3600 / 60),
		.second = (unsigned)(seconds % 60),
		.msec = (unsigned)(wall_usec % USEC_PER_SEC / USEC_PER_MSEC),
	};

	return c;
}

void clock_print_rfc3339(char out[CLOCK_TEXT_MAX], uint64_t wall_usec)
{
	struct civil c = civil_from_wall(wall_usec);

	snprintf(out, CLOCK_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", c.year, c.month, c.day,
		c.hour, c.minute, c.second, c.msec);
}

void clock_print_compact(char out[CLOCK_TEXT_MAX], uint64_t wall_usec)
{
	struct civil c = civil_from_wall(wall_usec);

	snprintf(out, CLOCK_TEXT_MAX, "%04u%02u%02uT%02u%02u%02u.%03uZ", c.year, c.month, c.day,
		c.hour, c.minute, c.second, c.msec);
}
