/* SPDX-License-Identifier: Apache-2.0 */
/* Careful reading of 64-bit ELF files that may be hostile (System V ABI, chapters 4 and 5). */
#ifndef OOMGUARD_DUMP_ELF_H
#define OOMGUARD_DUMP_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump/modules.h"

#define ELF_PHDRS_MAX	 256
#define ELF_SECTIONS_MAX 4096

/* All of it: 0, -ENOEXEC when the file is shorter, or -errno. */
int elf_read_at(int fd, void *out, size_t len, uint64_t offset);

/* 0 or -ENOEXEC: no ELF file of our class and byte order, or tables of absurd size. */
int elf_read_header(int fd, Elf64_Ehdr *ret);

/* One program header or section header; 0 or -errno. */
int elf_read_phdr(int fd, const Elf64_Ehdr *eh, unsigned i, Elf64_Phdr *ret);
int elf_read_shdr(int fd, const Elf64_Ehdr *eh, unsigned i, Elf64_Shdr *ret);

/* What to add to an address of the file to get one of the process (modulo 2^64), by an executable
 * map. */
int elf_find_bias(int fd, const Elf64_Ehdr *eh, const struct module_map *map, uint64_t *ret);

/*
 * elf_marks.c: which of at most 32 names, each shorter than 64, are among the strings of its
 * dynamic symbols; bit i for names[i] (NULLs are passed over). They survive strip. 0 or -errno.
 */
int elf_find_names(int fd, const char *const *names, unsigned n, uint32_t *ret_found);

/* What such a note says, cut at `size`: its length, -ENOENT, or -errno. */
int elf_read_note(int fd, const char *owner, uint32_t type, uint8_t *out, size_t size);

/* elf_value.c: the value of a dynamic symbol that it defines: an address of the file. 0, -ENOENT,
 * or -errno. */
int elf_find_value(int fd, const Elf64_Ehdr *eh, const char *name, uint64_t *ret_value);

/* Is there a note of that owner and type in a PT_NOTE segment? */
bool elf_has_note(int fd, const char *owner, uint32_t type);

#endif
