/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of a process hold something that a core must have? Asked from the kernel's page
 * tables and not by reading: reading an untouched page makes one, and a sparse terabyte would take
 * minutes.
 */
#ifndef OOMGUARD_DUMP_CORE_PAGES_H
#define OOMGUARD_DUMP_CORE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One line of /proc/PID/maps. */
struct core_map {
	uint64_t start, end, offset;
	bool readable, writable, executable, shared;
	char path[512]; /* cut; "" anonymous */
};

enum core_class {
	CORE_SKIP,     /* not the process's: no trace of it */
	CORE_HEADER,   /* the map alone, and its first page where that begins an ELF file */
	CORE_MODIFIED, /* a private file: what was written to */
	CORE_MEMORY,   /* anonymous or shared memory: what is there */
	CORE_WHOLE,    /* [vdso] */
};

/* Pure. */
bool core_parse_map(const char *line, struct core_map *ret);
enum core_class core_classify(const struct core_map *map);

/*
 * Reads /proc/PID/maps in one pass, without holding it in memory. `each` returns 0 to go on; the
 * first other value ends it and is returned. -errno when maps cannot be read.
 */
typedef int (*core_map_fn)(void *arg, const struct core_map *map);
int core_each_map(pid_t pid, core_map_fn each, void *arg);

#define CORE_EXCLUSIONS_MAX 1024

/* What the process does not want to be in a core (MADV_DONTDUMP): keys and passwords. */
struct core_exclusions {
	struct {
		uint64_t start, end;
	} ranges[CORE_EXCLUSIONS_MAX];
	unsigned n;
};

/* From /proc/PID/smaps. 0, -E2BIG, or -errno. */
int core_read_exclusions(pid_t pid, struct core_exclusions *ret);
bool core_is_excluded(const struct core_exclusions *e, const struct core_map *map);

#define CORE_PAGES_REGIONS 1024
#define CORE_PAGES_ENTRIES (16u << 10)

/* PAGEMAP_SCAN of Linux 6.7 where it is there, the bits of pagemap else. */
struct core_pages {
	int fd; /* pagemap */
	bool no_scan;
	uint64_t page_size;
	/* what the last question has told, and for which class */
	struct {
		uint64_t start, end, categories;
	} regions[CORE_PAGES_REGIONS];
	size_t n, next;
	uint64_t known_to; /* regions tell all from the question's start up to here */
	uint64_t bits[CORE_PAGES_ENTRIES];
};

/* 0 or -errno (-EACCES: no ptrace access; -ENOENT: a kernel without pagemap). */
int core_pages_open(pid_t pid, struct core_pages *ret);
void core_pages_close(struct core_pages *p);

/* Forgets what was told of an earlier map. */
void core_pages_start(struct core_pages *p, uint64_t address);

/*
 * The next run of pages of [from, end) that hold something: 1 with *ret_start and *ret_end, 0 none,
 * or -errno. Ask in rising order after core_pages_start.
 */
int core_pages_next(struct core_pages *p, enum core_class class, uint64_t from, uint64_t end,
	uint64_t *ret_start, uint64_t *ret_end);

#endif
