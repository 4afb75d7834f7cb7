/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "dump/elf.h"

#define STRINGS_MAX (16u << 20)
#define CHUNK	    512

static int scan_symbols(int fd, const Elf64_Shdr *dynsym, uint64_t name_at, uint64_t *ret_value)
{
	uint64_t n = dynsym->sh_size / sizeof(Elf64_Sym);

	for (uint64_t i = 0; i < n; i += CHUNK) {
		Elf64_Sym symbols[CHUNK];
		size_t m = MIN_OF((uint64_t)CHUNK, n - i);
		int r = elf_read_at(fd, symbols, m * sizeof(*symbols),
			dynsym->sh_offset + i * sizeof(*symbols));

		if (r < 0)
			return r;
		for (size_t k = 0; k < m; k++)
			if (symbols[k].st_name == name_at && symbols[k].st_shndx != SHN_UNDEF) {
				*ret_value = symbols[k].st_value;
				return 0;
			}
	}
	return -ENOENT;
}

/* Where the name stands in the string table, as a whole; a tail of another name does not count. */
static int find_string(int fd, const Elf64_Shdr *table, const char *name, uint64_t *ret_at)
{
	size_t size = MIN_OF(table->sh_size, (uint64_t)STRINGS_MAX), len = strlen(name) + 1;
	auto_free char *text = malloc(size + 1);
	int r = text ? elf_read_at(fd, text, size, table->sh_offset) : -ENOMEM;

	for (char *at = text; r == 0; at++) {
		at = memmem(at, size - (size_t)(at - text), name, len);
		if (!at)
			return -ENOENT;
		if (at > text && at[-1] == '\0') {
			*ret_at = (uint64_t)(at - text);
			return 0;
		}
	}
	return r;
}

int elf_find_value(int fd, const Elf64_Ehdr *eh, const char *name, uint64_t *ret_value)
{
	int r = -ENOENT;

	for (unsigned i = 0; i < eh->e_shnum; i++) {
		Elf64_Shdr dynsym, table;
		uint64_t at = 0;

		r = elf_read_shdr(fd, eh, i, &dynsym);
		if (r < 0 || dynsym.sh_type != SHT_DYNSYM) {
			r = r < 0 ? r : -ENOENT;
			continue;
		}
		if (dynsym.sh_link >= eh->e_shnum)
			return -ENOEXEC;
		r = elf_read_shdr(fd, eh, dynsym.sh_link, &table);
		if (r == 0)
			r = find_string(fd, &table, name, &at);
		return r < 0 ? r : scan_symbols(fd, &dynsym, at, ret_value);
	}
	return r;
}
