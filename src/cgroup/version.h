/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between the two versions of the memory controller, as data. */
#ifndef OOMGUARD_CGROUP_VERSION_H
#define OOMGUARD_CGROUP_VERSION_H

#include <stddef.h>

#include "cgroup/cgroup.h"

/* A file of a level and the member of struct cgroup_files that holds it. */
struct cgroup_file {
	const char *name;
	size_t offset;
};

/* A key of memory.stat and the member of struct cgroup_stat that takes its value. */
struct cgroup_key {
	const char *name;
	size_t offset;
};

struct cgroup_format {
	const struct cgroup_file *files;
	unsigned n_files;
	const struct cgroup_key *keys;
	unsigned n_keys;
	const char *max_name;	 /* the file of the limit, for messages */
	bool swap_with_memory;	 /* the swap files count memory + swap (memsw) */
	uint32_t lag_pages;	 /* per CPU that memory.stat may be behind */
	uint64_t unlimited_from; /* a limit of at least this is none */
	/* Works out what the kernel left out after all keys are read. NULL: nothing. */
	void (*complete)(struct cgroup_stat *st);
};

const struct cgroup_format *cgroup_v1_format(void);
const struct cgroup_format *cgroup_v2_format(void);

static inline const struct cgroup_format *cgroup_format_of(enum cgroup_version version)
{
	return version == CGROUP_V1 ? cgroup_v1_format() : cgroup_v2_format();
}

/* events.c: texts to structs, pure. What the text does not tell is UINT64_MAX (known = false). */
void cgroup_parse_events(const char *text, struct cgroup_events *ret);
void cgroup_parse_pressure(const char *text, struct cgroup_pressure *ret);

#endif
