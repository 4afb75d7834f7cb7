/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/elf.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SYMBOLS_MAX (4u << 20) /* in one table; the largest browsers have one million */
#define CHUNK	    1024       /* symbols read at once: 24 KiB */
#define UNSIZED	    4096       /* how far a function without a size may reach */

int elf_read_at(int fd, void *out, size_t len, uint64_t offset)
{
	ssize_t n;

	if (offset > INT64_MAX - len)
		return -ENOEXEC;
	do
		n = pread(fd, out, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOEXEC;
}

int elf_read_header(int fd, Elf64_Ehdr *ret)
{
	int order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	Elf64_Ehdr eh;
	int r = elf_read_at(fd, &eh, sizeof(eh), 0);

	if (r < 0)
		return r;
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
		eh.e_ident[EI_DATA] != order || eh.e_phentsize != sizeof(Elf64_Phdr) ||
		eh.e_phnum > ELF_PHDRS_MAX || eh.e_shnum > ELF_SECTIONS_MAX ||
		(eh.e_shnum && eh.e_shentsize != sizeof(Elf64_Shdr)))
		return -ENOEXEC;
	*ret = eh;
	return 0;
}

int elf_read_phdr(int fd, const Elf64_Ehdr *eh, unsigned i, Elf64_Phdr *ret)
{
	return elf_read_at(fd, ret, sizeof(*ret), eh->e_phoff + i * sizeof(*ret));
}

int elf_read_shdr(int fd, const Elf64_Ehdr *eh, unsigned i, Elf64_Shdr *ret)
{
	return elf_read_at(fd, ret, sizeof(*ret), eh->e_shoff + i * sizeof(*ret));
}

int elf_find_bias(int fd, const Elf64_Ehdr *eh, const struct module_map *map, uint64_t *ret)
{
	Elf64_Phdr ph;
	int r;

	for (unsigned i = 0; i < eh->e_phnum; i++) {
		r = elf_read_phdr(fd, eh, i, &ph);
		if (r < 0)
			return r;
		if (ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		/* The map begins at the segment's page, or further in where it was split. */
		if (ph.p_offset >= map->offset + (map->end - map->start) ||
			ph.p_filesz > UINT64_MAX - ph.p_offset ||
			ph.p_offset + ph.p_filesz <= map->offset)
			continue;
		*ret = map->start - map->offset + ph.p_offset - ph.p_vaddr;
		return 0;
	}
	return -ENOEXEC;
}

static unsigned lower_bound(const struct module_symbol *wants, unsigned n, uint64_t address)
{
	unsigned low = 0, high = n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (wants[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void read_name(int fd, const Elf64_Shdr *strings, uint32_t at, char out[MODULES_NAME_MAX])
{
	char text[MODULES_NAME_MAX] = "";
	ssize_t n;

	if (at >= strings->sh_size || strings->sh_offset > INT64_MAX - strings->sh_size)
		return;
	n = pread(fd, text, MIN_OF(sizeof(text) - 1, strings->sh_size - at),
		(off_t)(strings->sh_offset + at));
	if (n <= 0 || text[0] == '\0')
		return;
	for (char *p = text; *p; p++)
		if (*p <= ' ' || *p >= 127)
			*p = '?';
	memcpy(out, text, sizeof(text));
}

/* The function that holds an address; else the last one of unknown size (assembly) before it. */
static void offer_symbol(int fd, const Elf64_Shdr *strings, const Elf64_Sym *sym, uint64_t bias,
	struct module_symbol *wants, unsigned n)
{
	unsigned type = ELF64_ST_TYPE(sym->st_info);
	uint64_t start = sym->st_value + bias;
	uint64_t size = sym->st_size ? sym->st_size : UNSIZED;

	if ((type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) ||
		sym->st_shndx == SHN_UNDEF || sym->st_name == 0)
		return;
	if (type == STT_NOTYPE && sym->st_size == 0)
		return; /* labels inside of functions */
	for (unsigned i = lower_bound(wants, n, start); i < n; i++) {
		struct module_symbol *want = &wants[i];

		if (want->address - start >= size)
			break;
		/* The tightest one, and one with a size rather than one without. */
		if (want->start && (start < want->start || (want->size && !sym->st_size)))
			continue;
		if (want->start == start && want->name[0])
			continue; /* an alias */
		want->name[0] = '\0';
		read_name(fd, strings, sym->st_name, want->name);
		want->start = want->name[0] ? start : 0;
		want->size = sym->st_size;
	}
}

static int scan_table(int fd, const Elf64_Shdr *table, const Elf64_Shdr *strings, uint64_t bias,
	struct module_symbol *wants, unsigned n)
{
	uint64_t count = table->sh_size / sizeof(Elf64_Sym);
	auto_free Elf64_Sym *symbols = malloc(CHUNK * sizeof(*symbols));
	int r;

	if (!symbols)
		return -ENOMEM;
	count = MIN_OF(count, SYMBOLS_MAX);
	for (uint64_t at = 0; at < count; at += CHUNK) {
		size_t some = (size_t)MIN_OF(count - at, CHUNK);

		r = elf_read_at(fd, symbols, some * sizeof(*symbols),
			table->sh_offset + at * sizeof(*symbols));
		if (r < 0)
			return r;
		for (size_t i = 0; i < some; i++)
			offer_symbol(fd, strings, &symbols[i], bias, wants, n);
	}
	return 0;
}

int modules_resolve_elf(
	int fd, const struct module_map *map, struct module_symbol *wants, unsigned n)
{
	unsigned tables = 0;
	Elf64_Shdr table, strings;
	uint64_t bias = 0;
	Elf64_Ehdr eh;
	int r;

	r = elf_read_header(fd, &eh);
	if (r == 0)
		r = elf_find_bias(fd, &eh, map, &bias);
	/* .symtab and .dynsym: one each in a sound file. */
	for (unsigned i = 0; r == 0 && i < eh.e_shnum && tables < 2; i++) {
		r = elf_read_shdr(fd, &eh, i, &table);
		if (r < 0)
			return r;
		if (table.sh_type != SHT_SYMTAB && table.sh_type != SHT_DYNSYM)
			continue;
		tables++;
		if (table.sh_entsize != sizeof(Elf64_Sym) || table.sh_link >= eh.e_shnum)
			return -ENOEXEC;
		r = elf_read_shdr(fd, &eh, table.sh_link, &strings);
		if (r == 0)
			r = scan_table(fd, &table, &strings, bias, wants, n);
	}
	return r;
}
