/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /proc: mountinfo with memory-backed volumes, and net/tcp with sockets that listen. */
#include "fuzz.h"

#include "dump/listeners.h"
#include "proc/tmpfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	char *rest = NULL, path[TMPFS_PATH_MAX];
	struct listener l;

	for (char *at = strtok_r(text, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest)) {
		auto_free char *line = fuzz_text(at, strlen(at));

		if (tmpfs_parse_mount(line, size % 2, path))
			MUST(memchr(path, '\0', sizeof(path)));
		if (listeners_parse_row(line, &l)) {
			MUST(l.len == sizeof(l.address.v4) || l.len == sizeof(l.address.v6));
			MUST(l.address.any.sa_family == AF_INET ||
				l.address.any.sa_family == AF_INET6);
		}
	}
	return 0;
}
