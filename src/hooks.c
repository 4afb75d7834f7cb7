/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per hook. Its source is src/dump/NAME_hook.EXT; make turns it into NAME_hook.inc, a
 * string literal.
 */
#include "hooks.h"

#include "base/cleanup.h"

static const char beam_hook[] =
#include "dump/beam_hook.inc"
	;
static const char node_hook[] =
#include "dump/node_hook.inc"
	;
static const char python_hook[] =
#include "dump/python_hook.inc"
	;

static const char ruby_hook[] =
#include "dump/ruby_hook.inc"
	;

#define NODE_WORDS   "Node.js tells its heap when it is asked"
#define PYTHON_WORDS "Python tells its objects when it is asked"
#define RUBY_WORDS   "Ruby tells its objects when it is asked"
#define BEAM_WORDS   "the BEAM tells its processes when it is asked"
#define NODE_ROW(mode, how_much)                                                                   \
	{                                                                                          \
		.runtime = DUMP_NODE, .modes = mode, .variable = "OOMGUARD_HOOK_NODE",             \
		.text = how_much, .how = ENVIRON_ALONE, .words = NODE_WORDS " (" how_much ")"      \
	}
/* "import sitecustomize" is looked for in the directories of PYTHONPATH; a file in the place of the
 * cache keeps Python from writing into ours. */
#define PYTHON_ROW(mode, how_much)                                                                 \
	{                                                                                          \
		.runtime = DUMP_PYTHON, .modes = mode, .variable = "OOMGUARD_HOOK_PYTHON",         \
		.text = how_much, .how = ENVIRON_ALONE, .file = "sitecustomize.py",                \
		.content = python_hook, .words = PYTHON_WORDS " (" how_much ")"                    \
	}

static const struct inject_row rows[] = {
	NODE_ROW(INJECT_CHEAP, "cheap"),
	NODE_ROW(INJECT_FULL, "full"),
	{ .runtime = DUMP_NODE,
		.modes = INJECT_BOTH,
		.variable = "NODE_OPTIONS",
		.how = ENVIRON_FIRST,
		.separator = ' ',
		.text = "--require=%s",
		.file = "node_hook.cjs",
		.content = node_hook,
		.words = NODE_WORDS },
	PYTHON_ROW(INJECT_CHEAP, "cheap"),
	PYTHON_ROW(INJECT_FULL, "full"),
	{ .runtime = DUMP_PYTHON,
		.modes = INJECT_BOTH,
		.variable = "OOMGUARD_HOOK_PYTHON_CACHE",
		.how = ENVIRON_ALONE,
		.text = "none",
		.file = "__pycache__",
		.content = "",
		.words = PYTHON_WORDS },
	{ .runtime = DUMP_PYTHON,
		.modes = INJECT_BOTH,
		.variable = "PYTHONPATH",
		.how = ENVIRON_FIRST,
		.separator = ':',
		.text = "%s",
		.words = PYTHON_WORDS },
	{ .runtime = DUMP_RUBY,
		.modes = INJECT_FULL,
		.variable = "OOMGUARD_HOOK_RUBY",
		.how = ENVIRON_ALONE,
		.text = "full",
		.words = RUBY_WORDS " (full)" },
	{ .runtime = DUMP_RUBY,
		.modes = INJECT_BOTH,
		.variable = "RUBYOPT",
		.how = ENVIRON_FIRST,
		.separator = ' ',
		.text = "-r%s",
		.file = "ruby_hook.rb",
		.content = ruby_hook,
		.words = RUBY_WORDS },
	{ .runtime = DUMP_BEAM,
		.modes = INJECT_BOTH,
		.variable = "ERL_AFLAGS",
		.how = ENVIRON_FIRST,
		.separator = ' ',
		.text = "-eval catch(file:eval(\\\"%s\\\"))",
		.file = "beam_hook.erl",
		.content = beam_hook,
		.words = BEAM_WORDS },
	/* Read by the runtime's own crash code only: the dump that erlang:halt() and SIGUSR1 write
	 * would else have no bound but the disk. */
	{ .runtime = DUMP_BEAM,
		.modes = INJECT_BOTH,
		.variable = "ERL_CRASH_DUMP_SECONDS",
		.how = ENVIRON_ALONE,
		.text = "10",
		.words = "a crash dump of the BEAM ends after 10s" },
};

const struct inject_row *hooks_rows(unsigned *ret_n)
{
	*ret_n = ARRAY_LEN(rows);
	return rows;
}
