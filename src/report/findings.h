/* SPDX-License-Identifier: Apache-2.0 */
/* What was found in all inputs together, bounded, and the words for it. Pure. */
#ifndef OOMGUARD_REPORT_FINDINGS_H
#define OOMGUARD_REPORT_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "report/kernlog_line.h"
#include "report/pod.h"

#define FINDINGS_PLACES_MAX 64
#define FINDINGS_ENDS_MAX   64
#define FINDINGS_TEXT_MAX   16384

/* Whose limit was hit, told by its cgroup. */
enum findings_level {
	FINDINGS_UNTOLD,
	FINDINGS_NODE,	    /* no limit at all: the node ran out of memory */
	FINDINGS_CONTAINER, /* the container's own */
	FINDINGS_POD,
	FINDINGS_ALL_PODS, /* the node's allocatable memory for pods, or of a QoS class */
	FINDINGS_SERVICE,  /* a unit of systemd */
	FINDINGS_CGROUP,   /* some other cgroup */
};

/* Kills at one limit. */
struct findings_place {
	enum findings_level level;
	unsigned n_kills;
	int64_t usage_kb, limit_kb;	      /* of the kill with the most usage; -1: untold */
	int64_t swap_usage_kb, swap_limit_kb; /* -1: untold */
	int64_t rss_kb;			      /* of the largest victim; -1: untold */
	struct kernlog_facts largest;	      /* victim */
	char oom_memcg[KERNLOG_TEXT_MAX];
};

/* A container that ended badly, or a pod that did. */
struct findings_end {
	char pod[POD_NAME_MAX], pod_uid[64];
	bool whole_pod; /* evicted: `container` holds nothing */
	bool evicted_for_memory, liveness_failed, node_oom;
	unsigned n_containers;
	uint64_t pod_limit_bytes;
	char qos[16], message[POD_MESSAGE_MAX];
	struct pod_container container;
};

struct findings {
	unsigned n_kills;      /* processes, by kernel logs */
	unsigned n_oom_killed; /* containers, by Kubernetes */
	unsigned n_pods;       /* descriptions read */
	unsigned n_places, n_ends, n_ends_more;
	struct findings_place places[FINDINGS_PLACES_MAX];
	struct findings_end ends[FINDINGS_ENDS_MAX];
};

enum findings_level findings_level_of(const struct kernlog_facts *kill);
void findings_add_kill(struct findings *f, const struct kernlog_facts *kill);
void findings_add_pod(struct findings *f, const struct pod *pod);

/* What the kernel says of that container; NULL: nothing that can be assigned to it. */
const struct findings_place *findings_place_of(
	const struct findings *f, const struct findings_end *end);

/* Short sentences with the numbers. */
void findings_verdict(const struct findings *f, struct buf *out);
void findings_advice(const struct findings *f, struct buf *out);

#endif
