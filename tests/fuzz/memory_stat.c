/* SPDX-License-Identifier: Apache-2.0 */
/* memory.stat of both versions, and the files of one number. */
#include "fuzz.h"

#include "cgroup/stat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum conf_basis bases[] = { BASIS_NONRECLAIMABLE, BASIS_WORKING_SET,
		BASIS_USAGE, BASIS_ANON };
	auto_free char *text = fuzz_text(data, size);
	auto_close int fd = fuzz_file(data, size);
	struct cgroup_stat st;
	uint64_t value;

	for (enum cgroup_version version = CGROUP_V1; version <= CGROUP_V2; version++) {
		const struct cgroup_format *format = cgroup_format_of(version);

		stat_parse(format, text, &st);
		MUST(st.hierarchical_limit == CGROUP_NO_LIMIT ||
			st.hierarchical_limit < format->unlimited_from);
		MUST(stat_read(format, fd, &st) == 0);
		for (size_t i = 0; i < ARRAY_LEN(bases); i++)
			cgroup_use_of(bases[i], 1u << 30, &st);
	}
	stat_parse_u64(text, &value);
	stat_read_u64(fd, &value);
	return 0;
}
