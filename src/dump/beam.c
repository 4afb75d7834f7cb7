/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGUSR1 makes the BEAM write a crash dump, and end: never sent from here. What holds the memory,
 * which of its own processes and tables, it tells without.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/hook.h"
#include "dump/kinds.h"
#include "dump/recognise.h"
#include "store/outfile.h"

#define MARGIN_USEC (500 * USEC_PER_MSEC)
#define QUICK_USEC  (10 * USEC_PER_SEC)

static int explain(const struct dump_request *req, int r, const char *why, struct dump_result *ret)
{
	snprintf(ret->text, sizeof(ret->text), "BEAM of pid %d (%s): %s", (int)req->pid,
		req->comm ? req->comm : "?", why);
	return r;
}

static uint64_t until_of(const struct dump_request *req)
{
	return MIN_OF(req->deadline_usec - MIN_OF(req->deadline_usec, MARGIN_USEC),
		clock_now_usec() + QUICK_USEC);
}

static int look(const struct dump_request *req, struct dump_result *ret)
{
	*ret = (struct dump_result){ .bytes = 0 };
	return recognise_runtime(req->pid) == DUMP_BEAM
		       ? 0
		       : explain(req, -ENOEXEC, "that is no BEAM", ret);
}

int dump_beam(const struct dump_request *req, struct dump_result *ret)
{
	struct hook_ask ask = { .pid = req->pid,
		.dir = req->hook_dir,
		.request = "processes",
		.until_usec = until_of(req) };
	char name[OUTFILE_NAME_MAX], why[HOOK_WHY_MAX];
	int r = look(req, ret);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "beam-%d.processes.json", (int)req->pid);
	r = hook_save(req, &ask, name, ret, why);
	if (r < 0)
		return explain(req, r, why, ret);
	snprintf(ret->note, sizeof(ret->note), "its largest processes and tables");
	return 0;
}

int relieve_beam(const struct dump_request *req, struct dump_result *ret)
{
	char text[256], why[HOOK_WHY_MAX];
	int r = look(req, ret);

	if (r < 0)
		return r;
	r = hook_ask_text(req, "gc", until_of(req), text, sizeof(text), why);
	if (r < 0)
		return explain(req, r, why, ret);
	snprintf(ret->text, sizeof(ret->text), "garbage collection");
	return 0;
}
