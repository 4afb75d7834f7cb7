/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One incident as it lies on disk: its snapshot, its files, and what the flight recorder has of the
 * time before it. Reading makes, locks and changes nothing. Whatever is missing or broken is left
 * out and told in `notes`: a report of half the facts is better than none.
 *
 * Texts come from processes that may be hostile. All that is in here has been cleaned: valid UTF-8
 * without control characters and without marks that turn the direction of writing.
 */
#ifndef OOMGUARD_REPORT_INCIDENT_H
#define OOMGUARD_REPORT_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "report/advise.h"
#include "report/diagnose.h"
#include "report/flight.h"
#include "report/kernlog_line.h"

#define INCIDENT_NAME_MAX	128
#define INCIDENT_PATH_MAX	512
#define INCIDENT_TEXT_MAX	512
#define INCIDENT_PROCESSES_MAX	200
#define INCIDENT_FILES_MAX	64
#define INCIDENT_COMPONENTS_MAX 32
#define INCIDENT_NOTES_MAX	8
#define INCIDENT_UNKNOWN	UINT64_MAX
#define INCIDENT_KERNEL_LOG	"kernel.log" /* what the kernel says of the kill */

struct incident_process {
	int64_t pid, ppid;
	uint64_t rss_bytes, pss_bytes, swap_bytes, threads, fds, age_s; /* INCIDENT_UNKNOWN */
	char comm[64], command[INCIDENT_TEXT_MAX];
};

struct incident_file {
	char name[INCIDENT_NAME_MAX];
	uint64_t bytes;
};

struct incident_component {
	char name[32]; /* key of memory.stat as the snapshot has it */
	uint64_t value;
};

/* A level of the configuration, as a line in the plot. */
struct incident_line {
	char name[CONF_NAME_MAX];
	uint64_t bytes;
};

struct incident {
	char name[INCIDENT_NAME_MAX]; /* of its directory */
	char path[INCIDENT_PATH_MAX]; /* of its directory, for people */
	uint64_t wall_usec;	      /* from the name; 0: not known */

	/* snapshot.json; numbers are INCIDENT_UNKNOWN where it does not tell */
	bool has_snapshot, snapshot_complete;
	char time[40], level[CONF_NAME_MAX], reason[INCIDENT_TEXT_MAX];
	char guard_version[32], limit_source[INCIDENT_TEXT_MAX], basis[24];
	uint64_t limit_bytes, use_bytes, usage_bytes, headroom_bytes, eta_msec;
	int64_t growth_bytes_per_s;
	uint64_t age_s;				 /* of the application */
	uint64_t own_use_bytes, own_limit_bytes; /* of our own cgroup */
	uint64_t oom_kills, node_total_bytes, node_available_bytes;
	struct incident_component components[INCIDENT_COMPONENTS_MAX];
	unsigned n_components;
	struct incident_process processes[INCIDENT_PROCESSES_MAX]; /* largest first */
	unsigned n_processes;
	uint64_t rest_processes, rest_rss_bytes; /* 0: none */

	struct incident_file files[INCIDENT_FILES_MAX];
	unsigned n_files;

	/* flight.rec: of the life that the incident is in, until five minutes after it */
	struct flight_log log;		     /* owns what follows */
	const struct flight_sample *samples; /* oldest first; NULL when there are none */
	unsigned n_samples;
	const struct flight_event *events;
	unsigned n_events;
	const struct flight_life *life; /* NULL: not known */
	struct flight_life given_life;	/* what `life` points to where the caller knew better */

	bool has_kernel_kill; /* kernel.log */
	struct kernlog_facts kernel_kill;

	struct incident_line lines[CONF_LEVELS_MAX]; /* ascending */
	unsigned n_lines;

	struct diagnosis diagnosis;
	struct advice advice;
	char since_change[160]; /* whether the last change of the limit has helped; "" */

	char notes[INCIDENT_NOTES_MAX][160]; /* what is missing or broken */
	unsigned n_notes;
};

/* Where an incident is. */
struct incident_place {
	int dirfd;   /* of the incident */
	int statefd; /* of the directory that holds flight.rec; -1: none */
	char name[INCIDENT_NAME_MAX], path[INCIDENT_PATH_MAX];
	const struct flight_life *life; /* what is known better than the recorder knows it; NULL */
};

/*
 * Looks through the state directory, its instances and the fall-back in /dev/shm; opens the newest
 * incident, or the one named `wanted`. With a slash in it `wanted` is a path of an incident
 * directory (copied from elsewhere; ../../flight.rec belongs to it when it is there).
 * 0, -ENOENT (nothing there), -errno.
 */
int incident_find(const struct conf *conf, const char *wanted, struct incident_place *ret);
void incident_place_close(struct incident_place *place);

/* Reads all of it. *ret is allocated; 0 or -ENOMEM: all else becomes a note. */
int incident_load(
	const struct incident_place *place, const struct conf *conf, struct incident **ret);
void incident_free(struct incident *in);

/* What the report comes to, in numbers. */
struct incident_verdict {
	enum cause cause;
	unsigned confidence_pct;
	uint64_t limit_bytes, request_bytes; /* to set; 0: not known */
};

/*
 * Writes incident.json and report.txt into the incident's directory, each complete or not at all.
 * statefd: directory of flight.rec, -1: none. life: see struct incident_place. *ret_verdict and
 * *ret (each may be NULL) are what has been written. Allocates: call it from a helper. 0 or -errno.
 */
int incident_write_files(int incident_dirfd, int statefd, const char *name, const struct conf *conf,
	const struct flight_life *life, struct incident_verdict *ret_verdict,
	struct incident **ret);

/* Fills the facts of snapshot.json in from its text. 0 or -EBADMSG: it is no such document. */
int incident_parse_snapshot(struct incident *in, const char *text, size_t len);

/* Processes of an incident that has none of its own, from the newest snapshot before in its life.
 */
void incident_borrow_processes(struct incident *in, int statefd);

/* The whole file and a NUL behind it; *ret_text is allocated. 0, -EFBIG, -errno. */
int incident_read_file(int dirfd, const char *name, char **ret_text, size_t *ret_len);

/* Copies and cleans: what is not UTF-8 or would control a terminal becomes '?'. */
void incident_clean(char *out, size_t size, const char *text);

__attribute__((format(printf, 2, 3))) void incident_note(
	struct incident *in, const char *format, ...);

/* Diagnosis and advice from what has been loaded. */
void incident_judge(struct incident *in, const struct conf *conf);

/* What the recorder tells for the diagnosis; what it does not know is left as it is. */
void incident_tell_facts(const struct incident *in, struct diagnose_facts *f);

/* 20261125T205844.123Z-... to microseconds; 0: no such name. */
uint64_t incident_time_of(const char *name);

#endif
