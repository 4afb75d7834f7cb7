/* SPDX-License-Identifier: Apache-2.0 */
#include "memrequest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"

/* oom_score_adj of the QoS classes; 2 and 999 are where the kubelet cuts off. */
#define ADJ_BEST_EFFORT 1000
#define ADJ_LOWEST	2
#define ADJ_HIGHEST	999
/* Nobody requests less than this in bytes, nor more than 4 TiB in MiB. */
#define SMALLEST_BYTES MIB

static const char *const variables[] = { "MEMORY_REQUEST", "MEM_REQUEST", "MY_MEM_REQUEST",
	"REQUESTS_MEMORY", "KUBERNETES_MEMORY_REQUEST" };
static const char *const files[] = { "/etc/podinfo/mem_request", "/etc/podinfo/memory_request",
	"/etc/podinfo/requests.memory" };

uint64_t memrequest_parse(const char *text)
{
	char *end, line[64];
	unsigned long long number = strtoull(text, &end, 10);
	uint64_t bytes;

	if (end == text || *text == '-' || !number)
		return 0;
	if (*end == '\0' || *end == '\n')
		return number < SMALLEST_BYTES ? number * MIB : number;
	buf_copy(line, sizeof(line), text);
	line[strcspn(line, "\n")] = '\0';
	return units_parse_bytes(line, &bytes) == 0 ? bytes : 0;
}

static uint64_t from_environment(char *const *envp)
{
	uint64_t bytes;

	for (char *const *e = envp; e && *e; e++) {
		for (unsigned i = 0; i < ARRAY_LEN(variables); i++) {
			size_t len = strlen(variables[i]);

			if (strncmp(*e, variables[i], len) || (*e)[len] != '=')
				continue;
			bytes = memrequest_parse(*e + len + 1);
			if (bytes)
				return bytes;
		}
	}
	return 0;
}

static uint64_t from_files(void)
{
	uint64_t bytes = 0;
	char text[64];

	for (unsigned i = 0; i < ARRAY_LEN(files) && !bytes; i++)
		if (file_read_text(AT_FDCWD, files[i], text, sizeof(text)) > 0)
			bytes = memrequest_parse(text);
	return bytes;
}

uint64_t memrequest_find(const struct conf *conf, char *const *envp, int oom_score_adj,
	uint64_t node_bytes, uint32_t *ret_best_effort)
{
	uint64_t bytes = conf->guard.request_bytes;

	*ret_best_effort = 0;
	if (!bytes)
		bytes = from_environment(envp);
	if (!bytes)
		bytes = from_files();
	if (bytes)
		return bytes;
	*ret_best_effort = oom_score_adj == ADJ_BEST_EFFORT;
	if (oom_score_adj <= ADJ_LOWEST || oom_score_adj >= ADJ_HIGHEST)
		return 0;
	return node_bytes / 1000 * (uint64_t)(1000 - oom_score_adj);
}
