/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/version.h"

#include "base/cleanup.h"

#define FILE_AT(field) offsetof(struct cgroup_files, field)
#define KEY_AT(field)  offsetof(struct cgroup_stat, field)

static const struct cgroup_file files[] = {
	{ "memory.current", FILE_AT(usage) },
	{ "memory.max", FILE_AT(max) },
	{ "memory.high", FILE_AT(high) },
	{ "memory.stat", FILE_AT(stat) },
	{ "memory.swap.current", FILE_AT(swap) },
	{ "memory.swap.max", FILE_AT(swap_max) },
	{ "memory.events", FILE_AT(events) },
	{ "memory.events.local", FILE_AT(events_local) },
	{ "memory.pressure", FILE_AT(pressure) },
	{ "memory.peak", FILE_AT(peak) },
};

static const struct cgroup_key keys[] = {
	{ "anon", KEY_AT(anon) },
	{ "file", KEY_AT(file) },
	{ "shmem", KEY_AT(shmem) },
	{ "kernel", KEY_AT(kernel) },
	{ "kernel_stack", KEY_AT(kernel_stack) },
	{ "pagetables", KEY_AT(pagetables) },
	{ "percpu", KEY_AT(percpu) },
	{ "sock", KEY_AT(sock) },
	{ "vmalloc", KEY_AT(vmalloc) },
	{ "slab_reclaimable", KEY_AT(slab_reclaimable) },
	{ "slab_unreclaimable", KEY_AT(slab_unreclaimable) },
	{ "active_anon", KEY_AT(active_anon) },
	{ "inactive_anon", KEY_AT(inactive_anon) },
	{ "active_file", KEY_AT(active_file) },
	{ "inactive_file", KEY_AT(inactive_file) },
	{ "unevictable", KEY_AT(unevictable) },
	{ "file_mapped", KEY_AT(file_mapped) },
	{ "file_dirty", KEY_AT(file_dirty) },
	{ "file_writeback", KEY_AT(file_writeback) },
	{ "pgfault", KEY_AT(pgfault) },
	{ "pgmajfault", KEY_AT(pgmajfault) },
	{ "workingset_refault_anon", KEY_AT(workingset_refault_anon) },
	{ "workingset_refault_file", KEY_AT(workingset_refault_file) },
};

/* `kernel` came with 5.18; before it, its parts are added up. The reclaimable slab is one of them,
 * so that taking it off again works the same way. */
static void complete(struct cgroup_stat *st)
{
	if (st->has_kernel)
		return;
	st->kernel = st->kernel_stack + st->pagetables + st->percpu + st->sock + st->vmalloc +
		     st->slab_reclaimable + st->slab_unreclaimable;
}

const struct cgroup_format *cgroup_v2_format(void)
{
	static const struct cgroup_format format = {
		.files = files,
		.n_files = ARRAY_LEN(files),
		.keys = keys,
		.n_keys = ARRAY_LEN(keys),
		.max_name = "memory.max",
		/* MEMCG_CHARGE_BATCH: a reader flushes the per-CPU counters only when more than
		 * this many pages per CPU are pending (mm/memcontrol.c, memcg_vmstats_needs_flush).
		 */
		.lag_pages = 64,
		.unlimited_from = UINT64_C(1) << 62,
		.complete = complete,
	};

	return &format;
}
