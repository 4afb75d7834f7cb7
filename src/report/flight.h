/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flight recorder. The guard writes samples and events into memory shared with its companion,
 * without a system call; the companion carries them to state-dir/flight.rec, so that a stalled disk
 * cannot hold up the guard. What is in the file survives SIGKILL of everything.
 *
 * The file has a fixed size and consists of records of 64, 256 and 256 bytes in four rings, each
 * with its own number and checksum (CRC-32 of all that follows it): a torn, truncated or foreign
 * record is skipped, never trusted. Little-endian, as written; another byte order fails the
 * checksum.
 *
 *     header (4096)  magic, version, sizes of the rings, build
 *     full           a sample at each look above the first level, else one a second
 *     ten            one sample per 10 s: the highest of it
 *     minute         one per minute
 *     events
 *     lives          the last 32 starts; the newest is written again as it goes on
 *     live           what `status` shows beside the samples, in two slots
 *
 * The companion also keeps the guard's small files (notes) and the termination message, for the
 * same reason.
 */
#ifndef OOMGUARD_REPORT_FLIGHT_H
#define OOMGUARD_REPORT_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLIGHT_NAME	  "flight.rec"
#define FLIGHT_BAD_NAME	  "flight.bad"
#define FLIGHT_TEXT_MAX	  200
#define FLIGHT_LIVES_MAX  32
#define FLIGHT_WORDS_MAX  1024
#define FLIGHT_NOTE_MAX	  2048
#define FLIGHT_LIVE_MAX	  2032
#define FLIGHT_CGROUP_MAX 128

struct flight_sample {
	uint64_t wall_usec;
	uint64_t use_bytes, limit_bytes; /* UINT64_MAX: no limit */
	uint64_t usage_bytes, anon_bytes, shmem_bytes, kernel_bytes;
}; /* with number and checksum: 64 bytes and a bit; see flight_format.h */

enum flight_kind {
	FLIGHT_START,	/* of the application; value: pid */
	FLIGHT_LEVEL,	/* text: the log line */
	FLIGHT_ACTION,	/* text: its result */
	FLIGHT_RESTART, /* a guarded restart begins */
	FLIGHT_SIGNAL,	/* a stop signal came from outside; value: its number */
	FLIGHT_EXIT,	/* of the application; value: wait status */
	FLIGHT_OOM,	/* the kernel killed something of ours */
	FLIGHT_END,	/* of the guard, in order; value: exit status */
	FLIGHT_KINDS,
};

struct flight_event {
	uint64_t wall_usec;
	uint32_t kind; /* enum flight_kind */
	int32_t value;
	char text[FLIGHT_TEXT_MAX];
};

/* How a life ended, as the next one finds out. */
enum flight_end {
	FLIGHT_END_UNKNOWN,
	FLIGHT_END_RUNNING,   /* it is the present one */
	FLIGHT_END_CLEAN,     /* the application ended by itself or was told to from outside */
	FLIGHT_END_GUARDED,   /* our restart */
	FLIGHT_END_OOM,	      /* the kernel, by the guard's own testimony */
	FLIGHT_END_OOM_GROUP, /* cut off near the limit: the kernel, with the guard in the same
				 group */
	FLIGHT_END_KILLED, /* cut off far from the limit: SIGKILL from outside, or the node's OOM */
	FLIGHT_END_CRASH,  /* the application died of a signal */
	FLIGHT_END_REBOOT, /* the machine was started anew meanwhile */
	FLIGHT_ENDS,
};

/* Whose limit the kernel has met, by the counters of the cgroups. */
enum flight_hit {
	FLIGHT_HIT_UNKNOWN,
	FLIGHT_HIT_OWN,
	FLIGHT_HIT_ANCESTOR,
	FLIGHT_HIT_NONE, /* none of those that can be seen */
};

struct flight_life {
	uint64_t start_wall_usec, last_wall_usec; /* last: of its last record */
	uint64_t limit_bytes, peak_use_bytes, last_use_bytes;
	uint64_t slope_bytes_per_s; /* of even growth through the life, 0: it was not even */
	uint64_t own_use_bytes, own_limit_bytes; /* of our own cgroup; UINT64_MAX: no limit */
	uint64_t request_bytes, ceiling_bytes;	 /* 0: not known */
	/* The least of the last half minute; 0: not known. */
	uint64_t node_total_bytes, node_available_bytes;
	uint64_t boot_id;			/* hash of /proc/sys/kernel/random/boot_id */
	uint32_t restarts, ooms, dumps, levels; /* counted in this life */
	uint32_t end;				/* enum flight_end */
	int32_t exit_status;
	uint32_t hit;		/* enum flight_hit, at an end by the kernel */
	uint32_t node_stall_bp; /* of the node's pressure, full avg10; UINT32_MAX: not known */
	uint32_t best_effort;	/* 1: no request at all */
	char comm[16];		/* of the application as it was started */
	char cgroup[FLIGHT_CGROUP_MAX]; /* the end of the path of our cgroup */
};

/* --- the guard's side: shared memory --- */

struct flight; /* the shared area */

/* Maps the area (MAP_SHARED|MAP_ANONYMOUS, 40 KiB, touched as it is used). NULL when there is none.
 */
struct flight *flight_map(void);
/* Hot path: no system call, no allocation. Overwrites the oldest when the companion is stalled. */
void flight_put_sample(struct flight *f, const struct flight_sample *s, bool urgent);
void flight_put_event(struct flight *f, enum flight_kind kind, int32_t value, const char *text);
/* The present life as it stands; copied whole. */
void flight_put_life(struct flight *f, const struct flight_life *life);

/* What `status` shows: bytes of the caller's own making; what is beyond FLIGHT_LIVE_MAX is cut. */
void flight_put_live(struct flight *f, const void *live, uint32_t size);

/* Small files of the state directory, each written whole by the companion when it is put. */
enum flight_note { FLIGHT_NOTE_BUDGET, FLIGHT_NOTE_COUNTERS, FLIGHT_NOTES };

/* False: there is no area, or it is longer than FLIGHT_NOTE_MAX - 1. */
bool flight_put_note(struct flight *f, enum flight_note note, const char *text, size_t len);

/* --- the companion's side --- */

/* The message when it is another than the one taken last; NULL: it is not. */
const char *flight_take_words(const struct flight *f, uint32_t *taken);
/* The note, copied, when it is another than the one taken last: its length, else 0. */
size_t flight_take_note(
	const struct flight *f, enum flight_note note, uint32_t *taken, char out[FLIGHT_NOTE_MAX]);

#define FLIGHT_RINGS 6

struct flight_file {
	int fd; /* -1: none */
	/* by ring: how many, and the number of the next record */
	uint32_t slots[FLIGHT_RINGS], number[FLIGHT_RINGS];
	uint32_t sample_taken, event_taken, life_taken, live_taken; /* of the shared area */
	uint32_t life;			  /* number of the present life, from 1 */
	uint64_t life_start_usec;	  /* of it; 0: not written yet */
	struct flight_sample ten, minute; /* highest so far of the period */
};

/*
 * Makes or takes over flight.rec in dirfd. One that is foreign, cut off, or larger than keep_bytes
 * is renamed to flight.bad; another size of ours is kept as it is, for what it remembers.
 * max_bytes: of a new one: min(4 MiB, limit / 64), at least 64 KiB. 0 or -errno (-ENOSPC ...; fd is
 * -1 then).
 */
int flight_file_open(struct flight_file *file, int dirfd, uint64_t max_bytes, uint64_t keep_bytes);
/* Writes what is new. 0 or -errno of the first failed write. */
int flight_file_flush(struct flight_file *file, const struct flight *f);

/* The termination message as it is to stand now; cut at FLIGHT_WORDS_MAX. */
void flight_put_words(struct flight *f, const char *text);

/* True while each look is kept and the file must not lag. */
bool flight_is_urgent(const struct flight *f);

/* --- readers: the next life, `report`, `status` --- */

struct flight_log {
	struct flight_sample *samples; /* all rings merged, oldest first; allocated */
	unsigned n_samples;
	struct flight_event *events;
	unsigned n_events;
	struct flight_life lives[FLIGHT_LIVES_MAX]; /* oldest first */
	unsigned n_lives;
	uint64_t live_wall_usec; /* of live; 0: there is none */
	uint32_t live_size;
	uint8_t live[FLIGHT_LIVE_MAX];
	unsigned damaged; /* records that were skipped */
};

/* Cold path, allocates. 0; -ENOENT; -EBADMSG (foreign: nothing of it is trusted); -errno. */
int flight_read(int dirfd, struct flight_log *ret_log);
/* The same of bytes that were read: 0, -EBADMSG or -ENOMEM. */
int flight_parse(const void *data, size_t len, struct flight_log *ret_log);
void flight_log_free(struct flight_log *log);

/* What became of the newest life in the log, when a new one starts. Pure. */
enum flight_end flight_judge(const struct flight_log *log, uint64_t boot_id);

const char *flight_end_name(enum flight_end end); /* "kernel-oom", ... for JSON and metrics */
const char *flight_end_words(enum flight_end end);
const char *flight_kind_name(enum flight_kind kind);

#endif
