/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dump/elf.h"

#define CHUNK	   (32u << 10)
#define NAMES_MAX  64
#define STRTAB_MAX (64u << 20) /* a browser's has 10 MiB */
#define NOTES_MAX  4096

static uint32_t find_in(const char *data, size_t len, const char *const *names, unsigned n)
{
	uint32_t found = 0;

	/* With its NUL: "x" must not be found in "xy"; a longer name that ends so is no harm. */
	for (unsigned i = 0; i < n; i++)
		if (names[i] && memmem(data, len, names[i], strlen(names[i]) + 1))
			found |= UINT32_C(1) << i;
	return found;
}

static int scan_strings(
	int fd, const Elf64_Shdr *table, const char *const *names, unsigned n, uint32_t *ret_found)
{
	static char data[NAMES_MAX + CHUNK];
	uint64_t size = MIN_OF(table->sh_size, (uint64_t)STRTAB_MAX), at = 0;
	size_t kept = 0;

	while (at < size) {
		size_t len = MIN_OF((uint64_t)CHUNK, size - at);
		int r = elf_read_at(fd, data + kept, len, table->sh_offset + at);

		if (r < 0)
			return r;
		len += kept;
		*ret_found |= find_in(data, len, names, n);
		/* A name may lie across two chunks. */
		kept = MIN_OF(len, (size_t)NAMES_MAX);
		memmove(data, data + len - kept, kept);
		at += CHUNK;
	}
	return 0;
}

int elf_find_names(int fd, const char *const *names, unsigned n, uint32_t *ret_found)
{
	Elf64_Shdr dynsym, table;
	uint32_t found = 0;
	Elf64_Ehdr eh;
	int r = elf_read_header(fd, &eh);

	for (unsigned i = 0; r == 0 && i < eh.e_shnum; i++) {
		r = elf_read_shdr(fd, &eh, i, &dynsym);
		if (r < 0 || dynsym.sh_type != SHT_DYNSYM)
			continue;
		if (dynsym.sh_link >= eh.e_shnum)
			return -ENOEXEC;
		r = elf_read_shdr(fd, &eh, dynsym.sh_link, &table);
		if (r == 0)
			r = scan_strings(fd, &table, names, n, &found);
	}
	if (r < 0)
		return r;
	*ret_found = found;
	return 0;
}

/* What the note says: its bytes and how many; NULL: it is not there. */
static const uint8_t *find_note(
	const uint8_t *data, size_t len, const char *owner, uint32_t type, size_t *ret_len)
{
	size_t want = strlen(owner) + 1;

	while (len >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr head;
		size_t name, all;

		memcpy(&head, data, sizeof(head));
		if (head.n_namesz > NOTES_MAX || head.n_descsz > NOTES_MAX)
			return NULL;
		name = (head.n_namesz + 3u) & ~3u;
		all = sizeof(head) + name + ((head.n_descsz + 3u) & ~3u);
		if (all > len)
			return NULL;
		if (head.n_type == type && head.n_namesz >= want &&
			!memcmp(data + sizeof(head), owner, want)) {
			*ret_len = head.n_descsz;
			return data + sizeof(head) + name;
		}
		data += all;
		len -= all;
	}
	return NULL;
}

int elf_read_note(int fd, const char *owner, uint32_t type, uint8_t *out, size_t size)
{
	uint8_t data[NOTES_MAX];
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	int r = elf_read_header(fd, &eh);

	for (unsigned i = 0; r == 0 && i < eh.e_phnum; i++) {
		const uint8_t *found = NULL;
		size_t len;

		r = elf_read_phdr(fd, &eh, i, &ph);
		len = MIN_OF(ph.p_filesz, (uint64_t)sizeof(data));
		if (r == 0 && ph.p_type == PT_NOTE && elf_read_at(fd, data, len, ph.p_offset) == 0)
			found = find_note(data, len, owner, type, &len);
		if (!found)
			continue;
		len = MIN_OF(len, size);
		if (len && out)
			memcpy(out, found, len);
		return (int)len;
	}
	return r < 0 ? r : -ENOENT;
}

bool elf_has_note(int fd, const char *owner, uint32_t type)
{
	return elf_read_note(fd, owner, type, NULL, 0) >= 0;
}
