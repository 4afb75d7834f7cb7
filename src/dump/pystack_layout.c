/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/pystack_layout.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "dump/elf.h"

/* offsetof() of the headers of 3.8.18, 3.9.18, 3.10.13, 3.11.7, 3.12.1 and 3.13.0; these have been
 * the same in all releases of one minor version. */
static const struct pystack_layout layouts[] = {
	{ .minor = 8,
		.interpreters = 32,
		.threads = 8,
		.thread_next = 8,
		.pthread = 176,
		.frame = 24,
		.previous = 24,
		.code = 32,
		.lasti = 104,
		.co_filename = 104,
		.co_name = 112,
		.co_lines = 120,
		.co_firstlineno = 40,
		.ascii_data = 48,
		.compact_data = 72 },
	{ .minor = 9,
		.interpreters = 32,
		.threads = 8,
		.thread_next = 8,
		.pthread = 176,
		.frame = 24,
		.previous = 24,
		.code = 32,
		.lasti = 104,
		.co_filename = 104,
		.co_name = 112,
		.co_lines = 120,
		.co_firstlineno = 40,
		.ascii_data = 48,
		.compact_data = 72 },
	{ .minor = 10,
		.interpreters = 32,
		.threads = 8,
		.thread_next = 8,
		.pthread = 176,
		.frame = 24,
		.previous = 24,
		.code = 32,
		.lasti = 96,
		.co_filename = 104,
		.co_name = 112,
		.co_lines = 120,
		.co_firstlineno = 40,
		.ascii_data = 48,
		.compact_data = 72 },
	{ .minor = 11,
		.interpreters = 40,
		.threads = 16,
		.native_id = 160,
		.thread_next = 8,
		.pthread = 152,
		.cframe = 56,
		.frame = 8,
		.previous = 48,
		.code = 32,
		.lasti = 56,
		.owner = 69,
		.co_filename = 112,
		.co_name = 128,
		.co_lines = 136,
		.co_code = 184,
		.co_firstlineno = 72,
		.ascii_data = 48,
		.compact_data = 72 },
	{ .minor = 12,
		.interpreters = 40,
		.threads = 72,
		.native_id = 144,
		.thread_next = 8,
		.pthread = 136,
		.cframe = 56,
		.frame = 0,
		.previous = 8,
		.code = 0,
		.lasti = 56,
		.owner = 70,
		.co_filename = 112,
		.co_name = 128,
		.co_lines = 136,
		.co_code = 192,
		.co_firstlineno = 68,
		.ascii_data = 40,
		.compact_data = 56 },
	{ .minor = 13,
		.interpreters = 632,
		.interp_next = 7264,
		.threads = 7344,
		.native_id = 160,
		.thread_next = 8,
		.pthread = 152,
		.frame = 72,
		.previous = 8,
		.code = 0,
		.lasti = 56,
		.owner = 70,
		.co_filename = 112,
		.co_name = 128,
		.co_lines = 136,
		.co_code = 200,
		.co_firstlineno = 68,
		.ascii_data = 40,
		.compact_data = 56 },
};

int pystack_find_layout(unsigned minor, struct pystack_layout *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++)
		if (layouts[i].minor == minor) {
			*ret = layouts[i];
			return 0;
		}
	return -ENOTSUP;
}

void pystack_take_offsets(
	const uint64_t words[PYSTACK_OFFSETS_WORDS], struct pystack_layout *layout)
{
	struct pystack_layout l = *layout;
	const struct {
		uint16_t *to;
		unsigned word; /* of struct _Py_DebugOffsets, 3.13 */
	} fields[] = { { &l.interpreters, 5 }, { &l.interp_next, 8 }, { &l.threads, 9 },
		{ &l.thread_next, 21 }, { &l.frame, 23 }, { &l.pthread, 24 }, { &l.native_id, 25 },
		{ &l.previous, 29 }, { &l.code, 30 }, { &l.lasti, 31 }, { &l.owner, 33 },
		{ &l.co_filename, 35 }, { &l.co_name, 37 }, { &l.co_lines, 38 },
		{ &l.co_firstlineno, 39 }, { &l.co_code, 43 } };

	if (memcmp(words, "xdebugpy", 8) != 0 || words[1] >> 16 != 0x030d)
		return;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (words[fields[i].word] > UINT16_MAX)
			return;
		*fields[i].to = (uint16_t)words[fields[i].word];
	}
	*layout = l;
}

/* "libpython3.9.so.1.0", "python3.9" */
static bool is_named_python(const char *path, unsigned *ret_minor)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	unsigned minor = 0;

	if (!strncmp(name, "lib", 3))
		name += 3;
	if (strncmp(name, "python", 6) != 0)
		return false;
	if (sscanf(name, "python3.%2u", &minor) == 1)
		*ret_minor = minor;
	return true;
}

static int read_symbols(int fd, const struct module_map *map, struct pystack_symbols *ret)
{
	struct pystack_symbols s = *ret;
	const struct {
		const char *name;
		uint64_t *to;
		bool needed;
	} wants[] = { { "_PyRuntime", &s.runtime, true }, { "PyCode_Type", &s.code_type, true },
		{ "PyUnicode_Type", &s.unicode_type, true }, { "Py_Version", &s.version, false } };
	uint64_t bias;
	Elf64_Ehdr eh;
	int r = elf_read_header(fd, &eh);

	if (r == 0)
		r = elf_find_bias(fd, &eh, map, &bias);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(wants); i++) {
		r = elf_find_value(fd, &eh, wants[i].name, wants[i].to);
		if (r == 0)
			*wants[i].to += bias;
		else if (r == -ENOENT && !wants[i].needed)
			r = 0;
	}
	if (r == 0)
		*ret = s;
	return r;
}

int pystack_find_symbols(const struct modules *maps, struct pystack_symbols *ret)
{
	int r = -ENOENT;

	for (unsigned i = 0; i < maps->n && r < 0; i++) {
		struct pystack_symbols s = { .minor = 0 };
		auto_close int fd = -1;

		if (!maps->maps[i].executable || !is_named_python(maps->maps[i].path, &s.minor))
			continue;
		fd = modules_open(maps, &maps->maps[i]);
		if (fd >= 0 && read_symbols(fd, &maps->maps[i], &s) == 0) {
			*ret = s;
			r = 0;
		}
	}
	return r;
}
