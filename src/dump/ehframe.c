/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/ehframe.h"

#include <string.h>

#include "base/cleanup.h"
#include "dump/elf.h"

#define SECTION_MAX (32u << 20) /* held in memory while it is read */

#define PE_OMIT	  0xff
#define PE_PCREL  0x10
#define PE_FORMAT 0x0f
#define PE_OTHER  0x60 /* textrel, datarel, funcrel, aligned */

struct reader {
	const uint8_t *data;
	size_t at, end;
	bool failed;
};

static uint64_t read_fixed(struct reader *in, size_t size)
{
	uint64_t value = 0;

	if (in->failed || in->end - in->at < size) {
		in->failed = true;
		return 0;
	}
	/* Only files of our own byte order come here. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(&value, in->data + in->at, size);
#else
	memcpy((char *)&value + sizeof(value) - size, in->data + in->at, size);
#endif
	in->at += size;
	return value;
}

static void skip_leb128(struct reader *in)
{
	while (read_fixed(in, 1) & 0x80)
		;
}

/* Size of an encoded pointer, 0: not supported. Low four bits: absptr, udata2/4/8, sdata2/4/8. */
static size_t pointer_size(unsigned encoding)
{
	static const uint8_t sizes[16] = {
		[0x0] = 8, [0x2] = 2, [0x3] = 4, [0x4] = 8, [0xa] = 2, [0xb] = 4, [0xc] = 8
	};

	return encoding == PE_OMIT ? 0 : sizes[encoding & PE_FORMAT];
}

/* How the descriptions of a CIE at `at` (after its id) encode code pointers; PE_OMIT: not
 * understood. */
static unsigned read_encoding(const uint8_t *data, size_t at, size_t end)
{
	struct reader in = { .data = data, .at = at, .end = end };
	unsigned version = (unsigned)read_fixed(&in, 1);
	const char *letters = (const char *)data + in.at;
	const char *stop = in.failed ? NULL : memchr(letters, '\0', end - in.at);

	if (!stop)
		return PE_OMIT;
	in.at += (size_t)(stop - letters) + 1;
	if (letters[0] == '\0')
		return 0;
	if (letters[0] != 'z')
		return PE_OMIT;
	skip_leb128(&in); /* code alignment */
	skip_leb128(&in); /* data alignment */
	if (version == 1)
		read_fixed(&in, 1); /* return address register */
	else
		skip_leb128(&in);
	skip_leb128(&in); /* length of what follows */
	for (letters++; *letters && !in.failed; letters++) {
		unsigned encoding;

		if (*letters == 'R') {
			encoding = (unsigned)read_fixed(&in, 1);
			return in.failed ? PE_OMIT : encoding;
		}
		if (*letters == 'L') {
			read_fixed(&in, 1);
		} else if (*letters == 'P') {
			encoding = (unsigned)read_fixed(&in, 1);
			read_fixed(&in, pointer_size(encoding));
		} else if (*letters != 'S' && *letters != 'B') {
			return PE_OMIT;
		}
	}
	return in.failed ? PE_OMIT : 0;
}

/* First instruction of the description whose pointer to its CIE is at `at`; false: makes no sense.
 */
static bool read_start(const uint8_t *data, size_t at, size_t end, uint64_t address, uint64_t *ret)
{
	struct reader in = { .data = data, .at = at, .end = end };
	uint32_t back = (uint32_t)read_fixed(&in, 4), cie_len, id;
	unsigned encoding;
	size_t cie, size;

	/* `back` bytes before its own place is the CIE: its length, its id 0, then what it says. */
	if (in.failed || back > at)
		return false;
	cie = at - back;
	if (end - cie < 8)
		return false;
	memcpy(&cie_len, data + cie, 4);
	memcpy(&id, data + cie + 4, 4);
	if (id != 0 || cie_len > end - cie - 4)
		return false;
	encoding = read_encoding(data, cie + 8, cie + 4 + cie_len);
	size = pointer_size(encoding);
	if (size == 0 || (encoding & PE_OTHER))
		return false;
	address += in.at;
	*ret = read_fixed(&in, size);
	if (encoding & 0x08 && size < 8) /* signed */
		*ret = (uint64_t)((int64_t)(*ret << (64 - 8 * size)) >> (64 - 8 * size));
	if (encoding & PE_PCREL)
		*ret += address;
	return !in.failed;
}

static int compare_starts(const void *a, const void *b)
{
	const struct ehframe_entry *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

int ehframe_parse(const uint8_t *data, size_t len, uint64_t address, struct ehframe *ret)
{
	auto_free struct ehframe_entry *entries = NULL;
	size_t n = 0, room = 0, at = 0;

	while (len - at >= 8) {
		uint32_t size, id;
		uint64_t start;
		int64_t offset;

		memcpy(&size, data + at, 4);
		memcpy(&id, data + at + 4, 4);
		/* 0 ends it; 0xffffffff begins a 64-bit length, which no compiler writes here. */
		if (size < 4 || size > len - at - 4)
			break;
		if (id != 0 && read_start(data, at + 4, at + 4 + size, address, &start)) {
			offset = (int64_t)(start - address);
			if (n == room) {
				void *more;

				room = room ? room * 2 : 1024;
				more = realloc(entries, room * sizeof(*entries));
				if (!more)
					return -ENOMEM;
				entries = more;
			}
			if (offset == (int32_t)offset)
				entries[n++] = (struct ehframe_entry){ .start = (int32_t)offset,
					.fde = (int32_t)at };
		}
		at += 4 + (size_t)size;
	}
	if (n)
		qsort(entries, n, sizeof(*entries), compare_starts);
	ret->base = address;
	ret->entries = entries;
	ret->n = n;
	entries = NULL;
	return 0;
}

/* The section called .eh_frame: 0 or -errno. */
static int find_section(int fd, const Elf64_Ehdr *eh, Elf64_Shdr *ret)
{
	Elf64_Shdr names;
	char name[sizeof(".eh_frame")];
	int r;

	if (eh->e_shstrndx >= eh->e_shnum)
		return -ENOENT;
	r = elf_read_shdr(fd, eh, eh->e_shstrndx, &names);
	for (unsigned i = 0; r == 0 && i < eh->e_shnum; i++) {
		r = elf_read_shdr(fd, eh, i, ret);
		if (r == 0 &&
			elf_read_at(fd, name, sizeof(name), names.sh_offset + ret->sh_name) == 0 &&
			memcmp(name, ".eh_frame", sizeof(name)) == 0)
			return ret->sh_type == SHT_NOBITS ? -ENOENT : 0;
	}
	return r < 0 ? r : -ENOENT;
}

int ehframe_read(int fd, const struct module_map *map, struct ehframe *ret)
{
	auto_free uint8_t *data = NULL;
	Elf64_Shdr section;
	uint64_t bias = 0;
	Elf64_Phdr ph;
	Elf64_Ehdr eh;
	int r;

	r = elf_read_header(fd, &eh);
	for (unsigned i = 0; r == 0 && i < eh.e_phnum; i++) {
		r = elf_read_phdr(fd, &eh, i, &ph);
		if (r == 0 && ph.p_type == PT_GNU_EH_FRAME)
			return -EEXIST;
	}
	if (r == 0)
		r = elf_find_bias(fd, &eh, map, &bias);
	if (r == 0)
		r = find_section(fd, &eh, &section);
	if (r != 0)
		return r;
	if (section.sh_size > SECTION_MAX)
		return -EFBIG;
	data = malloc(section.sh_size + 1);
	if (!data)
		return -ENOMEM;
	r = elf_read_at(fd, data, section.sh_size, section.sh_offset);
	return r < 0 ? r : ehframe_parse(data, section.sh_size, section.sh_addr + bias, ret);
}
