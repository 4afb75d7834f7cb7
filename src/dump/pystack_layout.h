/* SPDX-License-Identifier: Apache-2.0 */
/* Where CPython has what pystack.c reads: offsets into its structures, by version. */
#ifndef OOMGUARD_DUMP_PYSTACK_LAYOUT_H
#define OOMGUARD_DUMP_PYSTACK_LAYOUT_H

#include <stdint.h>

#include "dump/modules.h"

struct pystack_layout {
	unsigned minor;
	/* _PyRuntimeState, PyInterpreterState, PyThreadState */
	uint16_t interpreters, interp_next, threads;
	uint16_t native_id, thread_next, pthread; /* native_id 0: it has none */
	uint16_t cframe;			  /* 0: `frame` is one of the thread itself */
	uint16_t frame;
	/* PyFrameObject, since 3.11 _PyInterpreterFrame */
	uint16_t previous, code, lasti, owner;
	/* PyCodeObject; co_code: since 3.11 the code is part of it */
	uint16_t co_filename, co_name, co_lines, co_code, co_firstlineno;
	/* characters of a str that is ASCII, and of others */
	uint16_t ascii_data, compact_data;
};

/* 0 or -ENOTSUP. */
int pystack_find_layout(unsigned minor, struct pystack_layout *ret);

/* Pure: _Py_DebugOffsets at the beginning of 3.13's _PyRuntime, where its cookie is right. */
#define PYSTACK_OFFSETS_WORDS 48
void pystack_take_offsets(
	const uint64_t words[PYSTACK_OFFSETS_WORDS], struct pystack_layout *layout);

/* Addresses in the process. */
struct pystack_symbols {
	uint64_t runtime, code_type, unicode_type;
	uint64_t version; /* Py_Version; 0: before 3.11 */
	unsigned minor;	  /* as the file's name says, for those; 0: it does not */
};

/* 0; -ENOENT: no map is of a CPython. */
int pystack_find_symbols(const struct modules *maps, struct pystack_symbols *ret);

#endif
