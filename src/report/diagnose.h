/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why did it end, or why will it? Pure: facts in, verdict out, with the numbers that speak for it.
 *
 * Step 0, kind of death; step 1, whose limit; step 2, the cause: rules of a table give points, the
 * cause with the most wins when it has at least half and is clearly ahead, otherwise the verdict
 * is "unknown" and the ranking is told. What a caller does not know it leaves at zero (or at
 * DIAGNOSE_UNKNOWN where zero would mean something); what is not known speaks for nothing.
 */
#ifndef OOMGUARD_REPORT_DIAGNOSE_H
#define OOMGUARD_REPORT_DIAGNOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "report/leaktest.h"

#define DIAGNOSE_UNKNOWN      UINT32_MAX
#define DIAGNOSE_EVIDENCE_MAX 12
#define DIAGNOSE_LINE_MAX     160

enum death {
	DEATH_NONE,    /* it lives */
	DEATH_CLEAN,   /* exit status 0 */
	DEATH_ASKED,   /* after SIGTERM */
	DEATH_OOM,     /* killed for memory */
	DEATH_SIGKILL, /* by somebody, not for the memory seen: probe, eviction, user-space killer
			*/
	DEATH_CRASH,   /* another signal or exit status */
	DEATH_UNKNOWN,
	DEATH_COUNT,
};

enum oom_level {
	OOM_LEVEL_NONE,
	OOM_LEVEL_OWN,
	OOM_LEVEL_POD,
	OOM_LEVEL_NODE,
	OOM_LEVEL_EXTERNAL, /* no limit at all: somebody sent SIGKILL */
	OOM_LEVEL_COUNT,
};

enum cause {
	CAUSE_NONE, /* nothing is wrong */
	CAUSE_UNKNOWN,
	CAUSE_LEAK,
	CAUSE_SPIKE,
	CAUSE_LIMIT_TOO_LOW,
	CAUSE_WRONG_REQUESTS,
	CAUSE_NODE_PRESSURE,
	CAUSE_COUNT,
};

/* What grew. */
enum growth { GROWTH_UNTOLD, GROWTH_ANON, GROWTH_TMPFS, GROWTH_FILE, GROWTH_KERNEL, GROWTH_COUNT };

/* What the kernel log says; overrides what is concluded from counters. */
enum kernel_word { KERNEL_SILENT, KERNEL_OWN_LIMIT, KERNEL_POD_LIMIT, KERNEL_NODE };

struct diagnose_facts {
	/* The end, where there was one. */
	bool ended, asked_to_end;
	int exit_status, exit_signal;
	bool kernel_killed; /* oom_kill of our cgroup has advanced */
	bool own_limit_hit; /* oom, max or failcnt of our cgroup has advanced near the end */
	bool ancestor_hit;  /* ... or that of a cgroup above it: limit_bytes is its limit then */
	bool ended_unseen;  /* found at the next start: nobody saw how it ended */
	enum kernel_word kernel;

	/* The last that was seen. */
	uint64_t use_bytes, usage_bytes, limit_bytes, request_bytes, working_set_bytes;
	uint64_t own_use_bytes, own_limit_bytes; /* of our own cgroup where an ancestor's limit is
						    limit_bytes; 0: not known; UINT64_MAX: none */
	uint64_t uptime_s, samples;

	/* The curve. */
	enum leak leak;		    /* worst of the windows */
	unsigned leak_windows;	    /* how many of them say so */
	uint64_t leak_window_s;	    /* the one that says it worst */
	uint64_t slope_bytes_per_s; /* of the retained floor */
	uint64_t floor_bytes;	    /* retained floor; 0: not known */
	uint64_t to_limit_s;
	bool rises_through_life;    /* evenly, from the start to the end; slope_bytes_per_s */
	uint32_t median_bp, p90_bp; /* of the limit, without the last minute */
	uint32_t rise_bp;	    /* of the limit, within rise_s */
	uint32_t rise_s;	    /* 0: a minute */
	uint32_t rise_times;	/* that rise against the usual change in that time; 0: not known */
	unsigned spikes_before; /* fell back by themselves */
	enum growth growth;
	bool growth_in_one_process;

	/* Lives before. */
	unsigned lives_same_slope, lives_short_oom, lives_oom; /* this one is counted */
	bool raised_in_vain; /* a life with a lower limit ended in the same way */

	/* The node. */
	uint32_t node_available_bp; /* of its memory; DIAGNOSE_UNKNOWN */
	uint32_t node_stall_bp;	    /* full avg10 of its pressure; DIAGNOSE_UNKNOWN */
	bool node_killed;	    /* its counter of kills has advanced within a minute */
	bool best_effort;	    /* no request at all, known */

	uint64_t ceiling_bytes; /* the runtime's own: heap and what is beside it; 0: not known */
};

struct diagnosis {
	enum death death;
	enum oom_level level;
	enum cause cause;
	unsigned score_pct[CAUSE_COUNT]; /* 0..100 of each cause */
	unsigned confidence_pct;	 /* at most 95 */
	bool wrong_requests;		 /* contributed, or would be worth a change */
	char detail[16];		 /* a more exact name: "heap-ceiling", "tmpfs", ...; "" */
	/* What speaks for the winner (of all when unknown), in numbers. */
	char evidence[DIAGNOSE_EVIDENCE_MAX][DIAGNOSE_LINE_MAX];
	unsigned n_evidence;
};

void diagnose(const struct diagnose_facts *f, struct diagnosis *ret);

/* "oom", "own", "limit-too-low", "tmpfs": for JSON and metrics. */
const char *death_name(enum death death);
const char *oom_level_name(enum oom_level level);
const char *cause_name(enum cause cause);
const char *growth_name(enum growth growth);

#endif
