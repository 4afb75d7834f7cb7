/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/node.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/stat.h"
#include "cgroup/version.h"

#define NODE_TEXT_MAX 16384 /* vmstat of 6.18 is 5 KiB */

#define AT(field) offsetof(struct node, field)

static const struct cgroup_key meminfo_keys[] = {
	{ "MemTotal:", AT(mem_total_bytes) },
	{ "MemAvailable:", AT(mem_available_bytes) },
	{ "SwapTotal:", AT(swap_total_bytes) },
	{ "SwapFree:", AT(swap_free_bytes) },
};

/* The number behind a key at the start of a line, blanks between them skipped. */
static int find_number(const char *text, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (!strncmp(line, key, len))
			return stat_parse_u64(line + len + strspn(line + len, " "), ret);
	}
	return -ENOENT;
}

void node_parse_meminfo(const char *text, struct node *ret)
{
	for (unsigned i = 0; i < ARRAY_LEN(meminfo_keys); i++) {
		uint64_t kib;

		if (find_number(text, meminfo_keys[i].name, &kib) || kib > UINT64_MAX / 1024)
			continue;
		kib *= 1024;
		memcpy((char *)ret + meminfo_keys[i].offset, &kib, sizeof(kib));
	}
}

int node_read(int procfd, struct node *ret)
{
	char text[NODE_TEXT_MAX];
	struct node node = { .oom_kill = UINT64_MAX };
	ssize_t len = file_read_text(procfd, "meminfo", text, sizeof(text));

	if (len < 0 && len != -EFBIG)
		return (int)len;
	node_parse_meminfo(text, &node);
	len = file_read_text(procfd, "vmstat", text, sizeof(text));
	if (len >= 0 || len == -EFBIG)
		find_number(text, "oom_kill ", &node.oom_kill);
	if (file_read_text(procfd, "pressure/memory", text, sizeof(text)) >= 0)
		cgroup_parse_pressure(text, &node.pressure);
	*ret = node;
	return 0;
}
