/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/recognise.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "dump/core_pages.h"
#include "dump/elf.h"
#include "dump/nspath.h"

#define NOTE_GO_BUILD_ID 4 /* cmd/internal/buildid: owner "Go" */

/*
 * A runtime is in the executable or in a library of its own; the library's name only says which
 * file to look into. What is looked for are names that it exports: they survive strip.
 */
static const struct rule {
	enum conf_dump_kind kind;
	const char *name;
	const char *library; /* how its file name begins; NULL: always in the executable */
	const char *symbol;
} rules[] = {
	/* OpenJ9 has a libjvm.so, too, but not this. */
	{ DUMP_HOTSPOT, "HotSpot", "libjvm.so", "gHotSpotVMStructs" },
	{ DUMP_DOTNET, ".NET", "libcoreclr.so", "coreclr_initialize" },
	{ DUMP_DOTNET, ".NET", NULL, "DotNetRuntimeInfo" }, /* published as a single file */
	{ DUMP_NODE, "Node.js", "libnode.so", "_ZN4node5StartEiPPc" },
	{ DUMP_BEAM, "BEAM", NULL, "enif_make_atom" },
	{ DUMP_PHP, "PHP", NULL, "php_request_startup" },
	{ DUMP_RUBY, "Ruby", "libruby", "ruby_run_node" },
	{ DUMP_PYTHON, "Python", "libpython", "Py_BytesMain" },
};

struct look {
	pid_t pid;
	bool seen[ARRAY_LEN(rules)]; /* its library is mapped and is what it says */
};

static uint32_t find_symbols(int fd, const char *const names[ARRAY_LEN(rules)])
{
	uint32_t found = 0;

	return elf_find_names(fd, names, ARRAY_LEN(rules), &found) < 0 ? 0 : found;
}

/* One file of each library is enough; the code of it is mapped executable. */
static int look_at_map(void *arg, const struct core_map *map)
{
	const char *slash = strrchr(map->path, '/'), *names[ARRAY_LEN(rules)] = { NULL };
	struct look *look = arg;
	bool any = false;
	uint32_t found;
	int fd;

	if (!map->executable || !slash)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const char *library = rules[i].library;

		if (!library || look->seen[i] || strncmp(slash + 1, library, strlen(library)))
			continue;
		names[i] = rules[i].symbol;
		any = true;
	}
	fd = any ? nspath_open(look->pid, map->path, O_RDONLY | O_NONBLOCK) : -1;
	if (fd < 0)
		return 0;
	found = find_symbols(fd, names);
	close(fd);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		look->seen[i] |= found >> i & 1;
	return 0;
}

enum conf_dump_kind recognise_runtime(pid_t pid)
{
	const char *names[ARRAY_LEN(rules)];
	struct look look = { .pid = pid };
	auto_close int exe = -1;
	uint32_t found = 0;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	exe = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (exe >= 0 && elf_has_note(exe, "Go", NOTE_GO_BUILD_ID))
		return DUMP_GO;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		names[i] = rules[i].symbol;
	if (exe >= 0)
		found = find_symbols(exe, names);
	core_each_map(pid, look_at_map, &look);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (look.seen[i] || (found >> i & 1))
			return rules[i].kind;
	return DUMP_CORE;
}

const char *recognise_name(enum conf_dump_kind runtime)
{
	if (runtime == DUMP_GO)
		return "Go";
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].kind == runtime)
			return rules[i].name;
	return "native";
}
