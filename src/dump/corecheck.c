/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/corecheck.h"

#include <elf.h>
#include <string.h>

#include "base/cleanup.h"

void corecheck_begin(struct corecheck *c)
{
	*c = (struct corecheck){ .offset = 0 };
}

/* createdump writes the program headers right behind the first one; so do we all. */
static void take_header(struct corecheck *c)
{
	Elf64_Ehdr h;

	memcpy(&h, c->part, sizeof(h));
	c->bad = memcmp(h.e_ident, ELFMAG, SELFMAG) || h.e_ident[EI_CLASS] != ELFCLASS64 ||
		 h.e_type != ET_CORE || h.e_phoff != sizeof(h) ||
		 h.e_phentsize != sizeof(Elf64_Phdr) || !h.e_phnum || h.e_phnum == PN_XNUM;
	c->headers = sizeof(h) + (uint64_t)h.e_phnum * sizeof(Elf64_Phdr);
	c->end = c->headers;
}

static void take_segment(struct corecheck *c)
{
	Elf64_Phdr p;

	memcpy(&p, c->part, sizeof(p));
	if (p.p_offset > UINT64_MAX - p.p_filesz)
		c->bad = true;
	else if (p.p_filesz)
		c->end = MAX_OF(c->end, p.p_offset + p.p_filesz);
}

void corecheck_feed(struct corecheck *c, const uint8_t *data, size_t len)
{
	while (len && !c->bad && (!c->headers || c->offset < c->headers)) {
		size_t size = c->headers ? sizeof(Elf64_Phdr) : sizeof(Elf64_Ehdr);
		size_t part = MIN_OF(len, size - c->have);

		memcpy(c->part + c->have, data, part);
		c->have += part;
		c->offset += part;
		data += part;
		len -= part;
		if (c->have < size)
			return;
		if (c->headers)
			take_segment(c);
		else
			take_header(c);
		c->have = 0;
	}
	c->offset += len;
}

bool corecheck_is_complete(const struct corecheck *c)
{
	return !c->bad && c->headers && c->offset >= c->headers && c->offset >= c->end;
}
