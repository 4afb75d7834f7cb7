/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/dumpers.h"

#include "base/cleanup.h"
#include "base/units.h"
#include "dump/kinds.h"
#include "dump/recognise.h"

/*
 * need_bytes: a signal costs us nothing, what the application allocates for its dump is its own
 * matter; a command is /bin/sh and a tool, some MiB; a core was written at 8 MiB without harm;
 * HotSpot writes a heap of 200 MiB with 3 MiB more, 9 times of 9 with 6 MiB left.
 */
static const struct dumper table[] = {
	{ .kind = DUMP_HOTSPOT,
		.name = "hotspot",
		.need_bytes = 12 * MIB,
		.bytes_per_sec = 400 * MIB,
		.capture = dump_hotspot,
		.profile = profile_hotspot,
		.profile_need_bytes = 4 * MIB,
		.relieve = relieve_hotspot },
	{ .kind = DUMP_GO,
		.name = "go",
		.need_bytes = 2 * MIB,
		.is_small = true,
		.capture = dump_go,
		.profile = dump_go,
		.profile_need_bytes = 2 * MIB },
	{ .kind = DUMP_NODE,
		.name = "node",
		.need_bytes = 4 * MIB, /* what a snapshot needs depends on its heap: node.c */
		.capture = dump_node,
		.profile = profile_node,
		.profile_need_bytes = 4 * MIB,
		.relieve = relieve_node },
	{ .kind = DUMP_PYTHON,
		.name = "python",
		.need_bytes = 4 * MIB,
		.is_small = true,
		.capture = dump_python,
		.profile = profile_python,
		.profile_need_bytes = 4 * MIB,
		.relieve = relieve_python },
	{ .kind = DUMP_DOTNET,
		.name = "dotnet",
		.need_bytes = 64 * MIB,
		.bytes_per_sec = 100 * MIB,
		.capture = dump_dotnet,
		.profile = profile_dotnet,
		.profile_need_bytes = 48 * MIB,
		.relieve = relieve_dotnet },
	{ .kind = DUMP_RUBY,
		.name = "ruby",
		.need_bytes = 12 * MIB,
		.bytes_per_sec = 100 * MIB,
		.capture = dump_ruby,
		.profile = profile_ruby,
		.profile_need_bytes = 8 * MIB,
		.relieve = relieve_ruby },
	{ .kind = DUMP_BEAM,
		.name = "beam",
		.need_bytes = 8 * MIB,
		.is_small = true,
		.capture = dump_beam,
		.profile = dump_beam,
		.profile_need_bytes = 8 * MIB,
		.relieve = relieve_beam },
	{ .kind = DUMP_PHP,
		.name = "php",
		.need_bytes = 2 * MIB,
		.is_small = true,
		.capture = dump_php,
		.profile = dump_php,
		.profile_need_bytes = 2 * MIB },
	{ .kind = DUMP_SIGNAL, .name = "signal", .need_bytes = 0, .capture = dump_by_signal },
	{ .kind = DUMP_COMMAND,
		.name = "command",
		.need_bytes = 4 * MIB,
		.capture = dump_by_command },
	{ .kind = DUMP_CORE,
		.name = "core",
		.need_bytes = 16 * MIB,
		.bytes_per_sec = 400 * MIB,
		.capture = dump_core },
};

const struct dumper *dumper_find(enum conf_dump_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].kind == kind)
			return &table[i];
	return NULL;
}

const struct dumper *dumper_of_runtime(pid_t pid)
{
	return dumper_find(recognise_runtime(pid));
}

unsigned dumper_ladder(
	const struct conf *conf, pid_t pid, enum conf_dump_kind ret_kinds[DUMPER_LADDER_MAX])
{
	enum conf_dump_kind runtime;
	unsigned n = 0;

	if (conf->dump.kind != DUMP_AUTO) {
		ret_kinds[0] = conf->dump.kind;
		return 1;
	}
	runtime = recognise_runtime(pid);
	if (runtime != DUMP_CORE && dumper_find(runtime))
		ret_kinds[n++] = runtime;
	if (conf->dump.command[0])
		ret_kinds[n++] = DUMP_COMMAND;
	else if (conf->dump.signal)
		ret_kinds[n++] = DUMP_SIGNAL;
	ret_kinds[n++] = DUMP_CORE;
	return n;
}

enum conf_dump_kind dumper_choose(const struct conf *conf, pid_t pid)
{
	enum conf_dump_kind kinds[DUMPER_LADDER_MAX];

	return dumper_ladder(conf, pid, kinds) ? kinds[0] : DUMP_NONE;
}
