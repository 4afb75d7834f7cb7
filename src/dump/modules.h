/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mapped where in a process, and which function an address belongs to. The files belong to
 * the application and may be hostile: every offset is checked, work and memory are bounded, and
 * nothing is mapped (a file that shrinks under a mapping is a SIGBUS).
 */
#ifndef OOMGUARD_DUMP_MODULES_H
#define OOMGUARD_DUMP_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct module_map {
	uint64_t start, end, offset;
	bool executable, writable;
	const char *path; /* "" anonymous, "[stack]" ..., or a file; in modules.text */
};

struct modules {
	pid_t pid;
	struct module_map *maps; /* by address; owned */
	unsigned n;
	char *text; /* owned */
};

#define MODULES_NAME_MAX 128

/* An address whose name is wanted. */
struct module_symbol {
	uint64_t address; /* of an instruction */
	uint64_t start;	  /* where its function begins, in the process; 0: no name */
	uint64_t size;
	char name[MODULES_NAME_MAX];
};

/* Reads /proc/PID/maps. 0 or -errno; modules_free in both cases. */
int modules_load(pid_t pid, struct modules *ret);
void modules_free(struct modules *m);

/* Pure: takes over text (malloc'ed, NUL-terminated). 0 or -ENOMEM. Lines that are none are skipped.
 */
int modules_parse(char *text, struct modules *ret);

const struct module_map *modules_find(const struct modules *m, uint64_t address);

/* "libc.so.6" of a path, "[anon]" where there is none. Printable; never longer than size. */
void modules_print_name(const struct module_map *map, char *out, size_t size);

/* Opens the file behind a map as the process sees it. Owned fd or -errno. */
int modules_open(const struct modules *m, const struct module_map *map);

/* Fills in names; wants sorted by address. One pass over the symbols of each file. */
void modules_resolve(const struct modules *m, struct module_symbol *wants, unsigned n);

/*
 * elf.c: the same for the wants of one map (all inside it), from its file. 0 or -errno (-ENOEXEC:
 * no ELF file of our kind, or damaged where we need it); names found before stay.
 */
int modules_resolve_elf(
	int fd, const struct module_map *map, struct module_symbol *wants, unsigned n);

#endif
