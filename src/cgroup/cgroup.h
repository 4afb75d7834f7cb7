/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much memory do we use, and how much may we use? Every visible level of the hierarchy, from
 * our own cgroup up to the mount point, is opened once and read with pread; nothing is allocated
 * after cgroup_open().
 *
 * Version 1 and 2 differ only in the tables of v1.c and v2.c (version.h).
 */
#ifndef OOMGUARD_CGROUP_CGROUP_H
#define OOMGUARD_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/conf.h"

#define CGROUP_LEVELS_MAX 16 /* the last one is kept for guard.pod-limit */
#define CGROUP_PATH_MAX	  1024
#define CGROUP_NO_LIMIT	  UINT64_MAX

enum cgroup_version { CGROUP_NONE, CGROUP_V1, CGROUP_V2 };

/* memory.stat in v2 terms, bytes. A key that the kernel does not have is 0; `known` says which. */
struct cgroup_stat {
	uint64_t anon, file, shmem, kernel, slab_reclaimable, slab_unreclaimable;
	uint64_t kernel_stack, pagetables, percpu, sock, vmalloc;
	uint64_t active_anon, inactive_anon, active_file, inactive_file, unevictable;
	uint64_t file_mapped, file_dirty, file_writeback, swap;
	uint64_t pgfault, pgmajfault, workingset_refault_anon, workingset_refault_file;
	uint64_t
		hierarchical_limit; /* v1 only: the smallest limit above us, also where invisible */
	bool has_kernel;	    /* `kernel` was given (v2 from 5.18, v1 by memory.kmem) */
};

/* memory.events (v2), or what v1 has of it. UINT64_MAX: not known here. */
struct cgroup_events {
	uint64_t low, high, max, oom, oom_kill, oom_group_kill;
};

/* Pressure stall information, totals in microseconds and avg10 in hundredths of a percent. */
struct cgroup_pressure {
	bool known;
	uint64_t some_total_usec, full_total_usec;
	uint32_t some_avg10_bp, full_avg10_bp;
};

/* One level as last read. */
struct cgroup_level_use {
	uint64_t usage_bytes; /* all charged memory, cache included */
	uint64_t
		use_bytes; /* by the basis (`nonreclaimable` ...), swap included; <= usage + swap */
	uint64_t limit_bytes;		/* min(high, max, RAM) + usable swap; CGROUP_NO_LIMIT */
	uint64_t max_bytes, high_bytes; /* as the files say; CGROUP_NO_LIMIT */
	uint64_t swap_bytes, swap_usable_bytes;
	bool detailed; /* use_bytes comes from memory.stat of this very look */
};

/*
 * One look. The level that binds is the one with the smallest headroom = limit - use.
 * With no limit anywhere, limit_bytes is CGROUP_NO_LIMIT and headroom_bytes is CGROUP_NO_LIMIT.
 */
struct cgroup_sample {
	uint64_t time_usec; /* clock_now_usec() */
	uint64_t use_bytes; /* of the binding level */
	uint64_t limit_bytes;
	uint64_t headroom_bytes; /* 0 when use > limit */
	unsigned binding;	 /* index into levels; 0 is our own cgroup */
	uint64_t own_use_bytes;	 /* of our own cgroup, to tell our growth from a neighbour's */
	bool detailed; /* the binding level was read from memory.stat; else use is an upper bound
			  (usage) */
};

/* Files of one level, opened once. -1: not there. */
struct cgroup_files {
	int usage, max, high, stat, swap, swap_max, kernel, events, events_local, pressure, peak;
};

struct cgroup_level {
	char path[CGROUP_PATH_MAX]; /* absolute directory, for messages and the snapshot */
	struct cgroup_files fd;
	struct cgroup_level_use last;
	struct cgroup_stat stat; /* of the last detailed look */
};

struct cgroup {
	enum cgroup_version version;
	bool hybrid;		     /* v1 memory controller beside a v2 hierarchy */
	bool writable;		     /* our own directory's limits could be written */
	unsigned n_levels;	     /* 0: no cgroup found */
	uint64_t ram_bytes;	     /* MemTotal; limits above it are cut to it */
	uint64_t forced_limit_bytes; /* guard.limit; 0: none. Counts as a limit of level 0 */
	uint64_t pod_limit_bytes;    /* guard.pod-limit; 0: none */
	enum conf_basis basis;
	uint64_t stat_lag_bytes; /* v2: memory.stat is batched per CPU; added to `use` (64 pages x
				    CPUs, see v2.c) */
	/* Set by whoever writes our own memory.high as a brake: what level 0's high counts as
	 * meanwhile (CGROUP_NO_LIMIT: there was none). 0: no brake, the file counts. */
	uint64_t braked_high_bytes;
	uint64_t host_swap_bytes, host_swap_free_bytes; /* sysinfo(2), once a second */
	uint64_t host_next_usec;			/* when it is due again */
	uint64_t detail_from_bp; /* memory.stat is read only when usage + swap of a level is at
				    least this share of its limit */
	struct cgroup_level levels[CGROUP_LEVELS_MAX]; /* the last: see cgroup_open_at() */
};

/*
 * Finds and opens the memory cgroup of `pid` (0: ourselves). Returns 0 also when there is none:
 * then n_levels is 0, version CGROUP_NONE and *ret_why says why in words (static or in the struct).
 * -errno only for what prevents any look (no /proc).
 */
int cgroup_open(struct cgroup *cg, pid_t pid, const struct conf *conf, const char **ret_why);
void cgroup_close(struct cgroup *cg);

/* Hot path: reads usage of each level with a limit, memory.stat only where it can matter (or where
 * `force_detail`), re-reads limits every time (they can be resized live). 0 or -errno of the own
 * level's usage file; then *ret is untouched. */
int cgroup_look(struct cgroup *cg, bool force_detail, struct cgroup_sample *ret);

/* True when at least one level has a limit at the last look. */
bool cgroup_has_limit(const struct cgroup *cg);

/* Which file the binding limit came from, e.g. "/sys/fs/cgroup/memory.max"; "guard.limit". */
void cgroup_limit_source(
	const struct cgroup *cg, const struct cgroup_sample *s, char *out, size_t size);

/* Cold path. Level 0; hierarchical (`events`) and own (`local`). 0 or -errno. */
int cgroup_read_events(
	const struct cgroup *cg, struct cgroup_events *ret_events, struct cgroup_events *ret_local);
/*
 * How often the limit of that level itself was met: v2 its own `oom` (kills), v1 failcnt (reclaim
 * too). UINT64_MAX: not known. A read or two; allocates nothing.
 */
uint64_t cgroup_read_hits(const struct cgroup *cg, unsigned level);
void cgroup_read_pressure(const struct cgroup *cg, struct cgroup_pressure *ret);

/* What the definition in DESIGN ("The number") gives for a basis. Pure. */
uint64_t cgroup_use_of(enum conf_basis basis, uint64_t usage_bytes, const struct cgroup_stat *st);

#endif
