/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which request and limit to set? Pure. Peaks seen plus a margin; a peak that was cut off by the
 * limit says only that it was too low, so it is raised by a step; never by more than to twice at
 * once, and never for a leak, which fills any limit: there the time between restarts is told.
 */
#ifndef OOMGUARD_REPORT_ADVISE_H
#define OOMGUARD_REPORT_ADVISE_H

#include <stdbool.h>
#include <stdint.h>

#include "report/diagnose.h"

#define ADVISE_NAME_MAX	    64
#define ADVISE_SENTENCE_MAX 512
#define ADVISE_PATCH_MAX    640
#define ADVISE_KUBECTL_MAX  512

struct advise_facts {
	enum cause cause;
	bool wrong_requests;	/* see struct diagnosis */
	bool out_of_memory;	/* the peak was cut off by the limit */
	bool pod_level;		/* limit_bytes is that of the pod, or of another cgroup above */
	uint64_t limit_bytes;	/* 0: none */
	uint64_t request_bytes; /* 0: none or not known */
	uint64_t peak_bytes;	/* highest not reclaimable use of this life and those remembered */
	uint64_t usual_bytes;	/* P90 of the hourly peaks of the working set */
	uint64_t high_bytes;	/* P95 of the working set */
	uint64_t floor_bytes;	/* retained floor at the start of the growth (leak) */
	uint64_t slope_bytes_per_s;  /* of a leak */
	uint64_t wanted_uptime_s;    /* between planned restarts; 0: a week */
	uint64_t outside_heap_bytes; /* of the runtime, beside its heap; 0: not known */
	uint64_t dump_bytes;	     /* what the dumper needs inside of the limit */
	uint64_t ceiling_bytes;	     /* of the runtime, heap and beside it; 0: not known */
	uint64_t own_use_bytes;	     /* of this container, where the limit is the pod's; 0 */
	/* For the texts; "" where not known: placeholders are printed. */
	const char *kind; /* "deployment", "statefulset" */
	const char *name, *container;
};

struct advice {
	bool change;	      /* false: keep both */
	uint64_t limit_bytes; /* to set; the old one where it stays */
	uint64_t request_bytes;
	uint64_t restart_every_s;    /* a leak: it fills nine tenths of the limit in this time; 0 */
	uint64_t uptime_limit_bytes; /* a leak: what the wanted uptime would take; 0 */
	uint64_t heap_bytes;	     /* ceiling for the runtime's heap that fits; 0: not known */
	char sentence[ADVISE_SENTENCE_MAX];
	char patch[ADVISE_PATCH_MAX];	  /* strategic-merge patch, YAML */
	char kubectl[ADVISE_KUBECTL_MAX]; /* the same as one command line */
};

void advise(const struct advise_facts *f, struct advice *ret);

#endif
