/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/version.h"

#include "base/cleanup.h"

#define FILE_AT(field) offsetof(struct cgroup_files, field)
#define KEY_AT(field)  offsetof(struct cgroup_stat, field)

/* There is no high (soft_limit_in_bytes is only a hint to global reclaim) and no pressure. */
static const struct cgroup_file files[] = {
	{ "memory.usage_in_bytes", FILE_AT(usage) },
	{ "memory.limit_in_bytes", FILE_AT(max) },
	{ "memory.stat", FILE_AT(stat) },
	{ "memory.memsw.usage_in_bytes", FILE_AT(swap) },
	{ "memory.memsw.limit_in_bytes", FILE_AT(swap_max) },
	{ "memory.kmem.usage_in_bytes", FILE_AT(kernel) },
	{ "memory.oom_control", FILE_AT(events) },
	{ "memory.failcnt", FILE_AT(events_local) },
	{ "memory.max_usage_in_bytes", FILE_AT(peak) },
};

/*
 * The keys without total_ leave out child cgroups, which the limit does not. total_cache holds
 * shmem, as `file` of v2 does. How much of the kernel's memory is reclaimable slab cannot be told,
 * so `kernel` (memory.kmem.usage_in_bytes) counts whole: a walk over many files looks like use.
 */
static const struct cgroup_key keys[] = {
	{ "total_rss", KEY_AT(anon) },
	{ "total_cache", KEY_AT(file) },
	{ "total_shmem", KEY_AT(shmem) },
	{ "total_swap", KEY_AT(swap) },
	{ "total_mapped_file", KEY_AT(file_mapped) },
	{ "total_dirty", KEY_AT(file_dirty) },
	{ "total_writeback", KEY_AT(file_writeback) },
	{ "total_active_anon", KEY_AT(active_anon) },
	{ "total_inactive_anon", KEY_AT(inactive_anon) },
	{ "total_active_file", KEY_AT(active_file) },
	{ "total_inactive_file", KEY_AT(inactive_file) },
	{ "total_unevictable", KEY_AT(unevictable) },
	{ "total_pgfault", KEY_AT(pgfault) },
	{ "total_pgmajfault", KEY_AT(pgmajfault) },
	{ "total_workingset_refault_anon", KEY_AT(workingset_refault_anon) },
	{ "total_workingset_refault_file", KEY_AT(workingset_refault_file) },
	{ "hierarchical_memory_limit", KEY_AT(hierarchical_limit) },
};

const struct cgroup_format *cgroup_v1_format(void)
{
	static const struct cgroup_format format = {
		.files = files,
		.n_files = ARRAY_LEN(files),
		.keys = keys,
		.n_keys = ARRAY_LEN(keys),
		.max_name = "memory.limit_in_bytes",
		.swap_with_memory = true,
		/* 0x7FFFFFFFFFFFF000 with pages of 4 KiB, less with larger ones, LONG_MAX
		 * before 4.0; nothing real comes near 4 EiB. */
		.unlimited_from = UINT64_C(1) << 62,
	};

	return &format;
}
