/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Kubernetes tells of a pod, from `kubectl describe` text, or from JSON or YAML of pods, their
 * lists, and of what has a pod template. Pure, bounded; texts are cut to what fits.
 */
#ifndef OOMGUARD_REPORT_POD_H
#define OOMGUARD_REPORT_POD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Jansson's json_t: not all who include this need its names. */
struct json_t;

#define POD_CONTAINERS_MAX 32
#define POD_NAME_MAX	   128
#define POD_MESSAGE_MAX	   320

struct pod_container {
	char name[POD_NAME_MAX];
	char id[POD_NAME_MAX]; /* without "containerd://" */
	char reason[32];       /* of its last end: OOMKilled, Error, Completed ... */
	char waiting[32];      /* CrashLoopBackOff ... */
	bool ended, running;
	int exit_code;	  /* of its last end; -1: untold */
	int64_t restarts; /* -1: untold */
	bool has_liveness;
	uint64_t limit_bytes, request_bytes; /* of memory; 0: none told */
};

struct pod {
	char kind[32], name[POD_NAME_MAX], uid[64], node[POD_NAME_MAX], qos[16];
	char reason[32];	       /* Evicted ... */
	char message[POD_MESSAGE_MAX]; /* that goes with the reason, or of an eviction event */
	uint64_t limit_bytes;	       /* of the pod as a whole (resources of the pod) */
	bool evicted, evicted_for_memory;
	bool liveness_failed; /* an event says so */
	bool node_oom;	      /* a SystemOOM event */
	unsigned n_containers;
	struct pod_container containers[POD_CONTAINERS_MAX];
};

typedef void (*pod_taker)(const struct pod *pod, void *arg);

/* Kubernetes' quantities: "128Mi", "1G" (decimal), "1e9", "128974848000m", "134217728". 0: none. */
uint64_t pod_read_quantity(const char *text);

/* What an event or a status message says of evictions and probes. */
void pod_read_message(struct pod *pod, const char *reason, const char *message);

/* The container of that name, made if need be; NULL: no room. */
struct pod_container *pod_find_container(struct pod *pod, const char *name);

/* `kubectl describe`, line by line. */
struct podtext {
	pod_taker take;
	void *arg;
	struct pod pod;
	bool open;	 /* a "Name:" has been seen */
	bool containers; /* below "Containers:" or "Init Containers:" */
	bool events;
	int indent; /* of "Containers:" */
	int key_indent;
	int at; /* container, -1: none */
	enum { POD_AT_NONE, POD_AT_STATE, POD_AT_LAST, POD_AT_LIMITS, POD_AT_REQUESTS } block;
};

void podtext_init(struct podtext *t, pod_taker take, void *arg);
/* True when the line belongs to such a description. */
bool podtext_take_line(struct podtext *t, const char *line);
void podtext_end(struct podtext *t);

/* Gets messages of events and of other objects, which may quote the kernel. */
typedef void (*pod_message_taker)(const char *message, void *arg);

/* One document or a list of them. True when there was something to read in it. */
bool podjson_take(
	const struct json_t *document, pod_taker take, pod_message_taker message, void *arg);

/*
 * YAML as JSON: scalars become strings, aliases and anchors null. A stream of several documents
 * becomes an array. NULL, and the line in *ret_line, where it is not YAML or nested too deep.
 */
struct json_t *podyaml_load(const char *text, size_t len, size_t *ret_line);

#endif
