/* SPDX-License-Identifier: Apache-2.0 */
/* flight.rec: as it is, and with check sums that are right, so that what is in it is looked at. */
#include "fuzz.h"

#include "live.h"
#include "report/flight_format.h"

static void check(const void *data, size_t size)
{
	static struct live live;
	static struct guard_view view;
	struct flight_log log;

	if (flight_parse(data, size, &log))
		return;
	MUST(log.n_lives <= FLIGHT_LIVES_MAX);
	MUST(log.live_size <= FLIGHT_LIVE_MAX);
	for (unsigned i = 0; i < log.n_events; i++)
		MUST(memchr(log.events[i].text, '\0', sizeof(log.events[i].text)));
	for (unsigned i = 1; i < log.n_samples; i++)
		MUST(log.samples[i - 1].wall_usec <= log.samples[i].wall_usec);
	MUST((unsigned)flight_judge(&log, 7) < FLIGHT_ENDS);
	if (live_view(&log, &live, &view) == 0)
		MUST(view.n_levels <= CONF_LEVELS_MAX && strlen(view.summary) < VIEW_TEXT_MAX);
	flight_log_free(&log);
}

/* Rings of as many slots as the first bytes say, filled with the rest again and again. */
static size_t make_file(const uint8_t *data, size_t size, uint8_t *out, size_t room)
{
	struct flight_header h = { .magic = FLIGHT_MAGIC, .version = 2 };
	size_t total, at = FLIGHT_HEADER, from = 0;

	for (unsigned r = 0; r < RINGS; r++) {
		h.slots[r] = data[r] % 8 + 1u;
		h.record_bytes[r] = flight_record_bytes((enum flight_ring)r);
	}
	h.checksum = flight_header_checksum(&h);
	total = (size_t)flight_file_bytes(h.slots);
	MUST(total <= room);
	memset(out, 0, FLIGHT_HEADER);
	memcpy(out, &h, sizeof(h));
	for (unsigned r = 0; r < RINGS; r++) {
		for (uint32_t slot = 0; slot < h.slots[r]; slot++) {
			union flight_record rec;
			uint32_t n = h.record_bytes[r];

			for (uint32_t i = 0; i < n; i++)
				((uint8_t *)&rec)[i] = data[RINGS + from++ % (size - RINGS)];
			rec.mark.checksum = flight_checksum((enum flight_ring)r, &rec);
			memcpy(out + at, &rec, n);
			at += n;
		}
	}
	return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t file[64 * 1024];
	auto_free uint8_t *exact = NULL;
	size_t len;

	check(data, size);
	if (size <= RINGS)
		return 0;
	len = make_file(data, size, file, sizeof(file));
	len -= MIN_OF((size_t)data[0] * data[1], len); /* cut off somewhere */
	exact = malloc(len + !len);
	MUST(exact);
	memcpy(exact, file, len);
	check(exact, len);
	return 0;
}
