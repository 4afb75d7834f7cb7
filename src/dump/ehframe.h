/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index over .eh_frame (what PT_GNU_EH_FRAME holds in dynamic programs), made by us for files
 * that have none: gcc links static ones without it. Format: LSB 5.0 core, 10.6.
 */
#ifndef OOMGUARD_DUMP_EHFRAME_H
#define OOMGUARD_DUMP_EHFRAME_H

#include <stddef.h>
#include <stdint.h>

#include "dump/modules.h"

/* As in .eh_frame_hdr with DW_EH_PE_datarel | DW_EH_PE_sdata4. */
struct ehframe_entry {
	int32_t start; /* first instruction - base */
	int32_t fde;   /* description - base */
};

struct ehframe {
	const struct module_map *map;
	uint64_t base;		       /* address of .eh_frame in the process */
	struct ehframe_entry *entries; /* by start; owned */
	size_t n;
};

/* Fills in all but map. 0 or -errno (-EEXIST: the file has an index of its own; -ENOENT: no
 * .eh_frame). */
int ehframe_read(int fd, const struct module_map *map, struct ehframe *ret);

/*
 * Pure: from the bytes of a section that is at `address` in the process. 0 or -ENOMEM; entries that
 * make no sense are left out.
 */
int ehframe_parse(const uint8_t *data, size_t len, uint64_t address, struct ehframe *ret);

#endif
