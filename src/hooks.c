/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per hook. Its source is src/dump/NAME_hook.EXT; make turns it into NAME_hook.inc, a
 * string literal.
 */
#include "hooks.h"

#include "base/cleanup.h"

static const struct inject_row rows[] = {
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
