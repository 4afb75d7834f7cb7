/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others can see of the guard, as plain values: filled by view.c at each question, shown by
 * metrics.c and health.c. What is not known or not there is VIEW_UNKNOWN (no limit, not growing).
 */
#ifndef OOMGUARD_HTTP_VIEW_H
#define OOMGUARD_HTTP_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

#define VIEW_UNKNOWN	UINT64_MAX
#define VIEW_TEXT_MAX	512
#define VIEW_BUCKETS	8
#define VIEW_RESTARTS	3
#define VIEW_EXITS	4
#define VIEW_DUMPS	4
#define VIEW_KILLS	4
#define VIEW_LIVES	7
#define VIEW_EVENTS	6
#define VIEW_COMPONENTS 6
#define VIEW_PRESSURES	4
#define VIEW_WINDOWS	5
#define VIEW_CAUSES	7 /* of enum cause, "none" included */

struct view_level {
	char name[CONF_NAME_MAX];
	bool active;	      /* has fired and is not armed again */
	uint64_t at_bp;	      /* VIEW_UNKNOWN: not given as a share, and no limit to relate it to */
	uint64_t fired_count; /* in this process */
};

/* A value with the name that it has in a label. */
struct view_named {
	const char *name; /* NULL: the end of the row */
	uint64_t value;
};

/* How memory has moved within a window of time. */
struct view_window {
	const char *name; /* "10s"; NULL: the end of the row */
	bool moves;	  /* growth is known */
	int64_t growth_bytes_per_sec;
	uint64_t floor_bytes; /* what was never given back; VIEW_UNKNOWN */
};

struct guard_view {
	const char *version, *revision;
	uint64_t pid, child; /* child: 0 when none runs */
	unsigned cgroup_version;
	const char *basis, *qos;
	const char *container; /* its name, "" when nobody told us */
	char limit_source[VIEW_TEXT_MAX];
	char summary[VIEW_TEXT_MAX]; /* "88% of 256MiB not reclaimable (...)" */
	const char *life_state;	     /* "running", "stopping" ... */
	bool watching;		     /* the last look succeeded and there is a limit */
	bool draining;
	uint64_t age_usec; /* of what is told here; 0: it is the state of now */
	bool busy;	   /* an action that may stop the application is being carried out */
	uint64_t busy_until_usec, now_usec;

	/* Of our own cgroup, bytes. */
	uint64_t usage_bytes, working_set_bytes, nonreclaimable_bytes, peak_bytes;
	struct view_named components[VIEW_COMPONENTS];
	/* Of the level that binds. */
	uint64_t use_bytes, limit_bytes, high_bytes, request_bytes, headroom_bytes, use_bp;
	int64_t growth_bytes_per_sec;
	uint64_t eta_usec;
	struct view_window windows[VIEW_WINDOWS];
	struct view_named events[VIEW_EVENTS];
	struct view_named container_pressure[VIEW_PRESSURES], node_pressure[VIEW_PRESSURES];
	uint64_t node_available_bytes;

	struct view_level levels[CONF_LEVELS_MAX];
	unsigned n_levels;

	/* Counted over lives where there is a place to remember. */
	struct view_named restarts[VIEW_RESTARTS], exits[VIEW_EXITS], kills[VIEW_KILLS];
	struct view_named lives[VIEW_LIVES];
	struct {
		const char *kind;
		uint64_t ok, failed;
	} dumps[VIEW_DUMPS];
	uint64_t dump_usec, dump_bytes;		  /* of the last one */
	struct view_named diagnoses[VIEW_CAUSES]; /* how often; "none" is left out */
	struct view_named states[VIEW_CAUSES];	  /* 1: the present diagnosis */
	uint64_t diagnosis_pct;			  /* confidence */
	uint64_t advised_limit_bytes, advised_request_bytes;
	uint64_t last_oom_wall_usec, last_restart_wall_usec;
	uint64_t restarts_left;

	uint64_t look_interval_usec, blind_usec;
	uint64_t look_buckets[VIEW_BUCKETS + 1]; /* not cumulative; the last is all above */
	uint64_t look_count, look_sum_usec;
};

/* Upper bounds of look_buckets. */
const uint64_t *view_bucket_bounds_usec(void);

#endif
