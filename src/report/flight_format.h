/* SPDX-License-Identifier: Apache-2.0 */
/* flight.rec as it lies on the disk; shared by writer and reader, and by nobody else. */
#ifndef OOMGUARD_REPORT_FLIGHT_FORMAT_H
#define OOMGUARD_REPORT_FLIGHT_FORMAT_H

#include <stdint.h>

#include "report/flight.h"

#define FLIGHT_MAGIC  UINT64_C(0x31434552464d4f4f) /* "OOMFREC1" */
#define FLIGHT_HEADER 4096
#define FLIGHT_LIFE_SLOTS                                                                          \
	(2 * FLIGHT_LIVES_MAX) /* each life in turn in two, so that one is whole */

#define FLIGHT_LIVE_SLOTS 2

enum flight_ring {
	RING_FULL,
	RING_TEN,
	RING_MINUTE,
	RING_EVENTS,
	RING_LIVES,
	RING_LIVE,
	RINGS = FLIGHT_RINGS,
};

/* In front of each record. number 0: never written. */
struct flight_mark {
	uint32_t checksum; /* CRC-32 (IEEE 802.3) of number and record */
	uint32_t number;
};

struct flight_header {
	uint64_t magic;
	uint32_t checksum; /* of what follows */
	uint32_t version;
	uint32_t slots[RINGS];
	uint32_t record_bytes[RINGS];
	char build[64];
};

struct flight_sample_record {
	struct flight_mark mark;
	struct flight_sample sample;
};

struct flight_event_record {
	struct flight_mark mark;
	struct flight_event event;
};

struct flight_life_record {
	struct flight_mark mark;
	uint32_t life; /* which one, counted from 1 */
	uint32_t zero;
	struct flight_life body;
};

struct flight_live {
	uint64_t wall_usec;
	uint32_t size;
	uint8_t bytes[FLIGHT_LIVE_MAX];
	uint32_t zero;
};

struct flight_live_record {
	struct flight_mark mark;
	struct flight_live body;
};

union flight_record {
	struct flight_mark mark;
	struct flight_sample_record sample;
	struct flight_event_record event;
	struct flight_life_record life;
	struct flight_live_record live;
};

/* Size of a ring's records. */
uint32_t flight_record_bytes(enum flight_ring ring);
/* Where a ring's slot begins in the file. */
uint64_t flight_slot_offset(const uint32_t slots[RINGS], enum flight_ring ring, uint32_t slot);
/* All of it. */
uint64_t flight_file_bytes(const uint32_t slots[RINGS]);
/* Of a record of that ring, its checksum field left out. */
uint32_t flight_checksum(enum flight_ring ring, const union flight_record *record);
uint32_t flight_header_checksum(const struct flight_header *header);
/* Ours, whole, of this version, and of a size that a guard makes. */
bool flight_header_is_good(const struct flight_header *header);
/* The largest layout that fits. */
void flight_layout(uint64_t max_bytes, uint32_t ret_slots[RINGS]);

#endif
