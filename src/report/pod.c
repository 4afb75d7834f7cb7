/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pod.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

uint64_t pod_read_quantity(const char *text)
{
	static const struct {
		const char *suffix;
		double factor;
	} suffixes[] = {
		{ "", 1 },
		{ "m", 1e-3 },
		{ "k", 1e3 },
		{ "M", 1e6 },
		{ "G", 1e9 },
		{ "T", 1e12 },
		{ "P", 1e15 },
		{ "Ki", 0x1p10 },
		{ "Mi", 0x1p20 },
		{ "Gi", 0x1p30 },
		{ "Ti", 0x1p40 },
		{ "Pi", 0x1p50 },
	};
	char *end;
	double value = strtod(text, &end);
	size_t len = strcspn(end, " \t\"',)");

	if (end == text || !(value > 0))
		return 0;
	for (unsigned i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (len != strlen(suffixes[i].suffix) || strncmp(end, suffixes[i].suffix, len) != 0)
			continue;
		value *= suffixes[i].factor;
		return value < 0x1p63 ? (uint64_t)value : 0;
	}
	return 0;
}

void pod_read_message(struct pod *pod, const char *reason, const char *message)
{
	bool eviction =
		!strcmp(reason, "Evicted") || strstr(message, "The node was low on resource") ||
		!strcmp(reason, "TerminationByKubelet") || !strcmp(reason, "EvictionThresholdMet");

	if (eviction) {
		pod->evicted = true;
		pod->evicted_for_memory |= strstr(message, "memory") != NULL;
		if (!pod->message[0])
			buf_copy(pod->message, sizeof(pod->message), message);
	}
	pod->liveness_failed |= strstr(message, "Liveness probe failed") ||
				strstr(message, "failed liveness probe") ||
				strstr(message, "Startup probe failed") ||
				strstr(message, "failed startup probe");
	pod->node_oom |= !strcmp(reason, "SystemOOM") || strstr(message, "System OOM encountered");
}

struct pod_container *pod_find_container(struct pod *pod, const char *name)
{
	struct pod_container *c;

	for (unsigned i = 0; i < pod->n_containers; i++)
		if (!strcmp(pod->containers[i].name, name))
			return &pod->containers[i];
	if (pod->n_containers == POD_CONTAINERS_MAX)
		return NULL;
	c = &pod->containers[pod->n_containers++];
	memset(c, 0, sizeof(*c));
	buf_copy(c->name, sizeof(c->name), name);
	c->exit_code = -1;
	c->restarts = -1;
	return c;
}
