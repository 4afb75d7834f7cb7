/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that guard and companion share; for flight.c and flight_file.c only. */
#ifndef OOMGUARD_REPORT_FLIGHT_SHARED_H
#define OOMGUARD_REPORT_FLIGHT_SHARED_H

#include "base/clock.h"
#include "report/flight.h"
#include "report/flight_format.h"

/* At 1 ms a look these hold a quarter of a second: five of the companion's periods near the limit.
 */
#define FLIGHT_SHARED_SAMPLES 256
#define FLIGHT_SHARED_EVENTS  32

struct flight {
	uint32_t n_samples, n_events, n_lives; /* written so far, modulo 2^32 */
	bool urgent;			       /* above the first level: carry it over often */
	struct flight_sample samples[FLIGHT_SHARED_SAMPLES];
	struct flight_event events[FLIGHT_SHARED_EVENTS];
	struct flight_life life[2];
	uint32_t n_words;
	char words[2][FLIGHT_WORDS_MAX];
	uint32_t n_live;
	struct flight_live live[2];
	uint32_t n_notes[FLIGHT_NOTES];
	char notes[FLIGHT_NOTES][2][FLIGHT_NOTE_MAX];
};

#endif
