/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/dumpers.h"

#include "base/cleanup.h"
#include "base/units.h"
#include "dump/kinds.h"

/*
 * need_bytes: a signal costs us nothing, what the application allocates for its dump is its own
 * matter; a command is /bin/sh and a tool, some MiB.
 */
static const struct dumper table[] = {
	{ .kind = DUMP_SIGNAL, .name = "signal", .need_bytes = 0, .capture = dump_by_signal },
	{ .kind = DUMP_COMMAND,
		.name = "command",
		.need_bytes = 4 * MIB,
		.capture = dump_by_command },
};

const struct dumper *dumper_find(enum conf_dump_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].kind == kind)
			return &table[i];
	return NULL;
}

enum conf_dump_kind dumper_choose(const struct conf *conf, pid_t pid)
{
	(void)pid; /* the runtimes' own kinds will ask what it is */
	if (conf->dump.kind != DUMP_AUTO)
		return conf->dump.kind;
	if (conf->dump.command[0])
		return DUMP_COMMAND;
	if (conf->dump.signal)
		return DUMP_SIGNAL;
	return DUMP_NONE;
}
