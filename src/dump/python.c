/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/python.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "dump/hook.h"
#include "dump/kinds.h"
#include "store/outfile.h"
#include "dump/recognise.h"

#define STATS_MAX   (16u << 10)
#define REPLY_MAX   (1u << 20) /* 200 rows of types and of lines */
#define MARGIN_USEC (500 * USEC_PER_MSEC)
#define TYPES_USEC  (8 * USEC_PER_SEC) /* looks for a second; so long where others want the CPU */

struct python {
	uint64_t resident_bytes, tracemalloc_bytes;
	bool is_tracing;
	uint64_t until_usec;
	char why[HOOK_WHY_MAX];
};

static int explain(const struct dump_request *req, int r, const char *why, struct dump_result *ret)
{
	snprintf(ret->text, sizeof(ret->text), "Python of pid %d (%s): %s", (int)req->pid,
		req->comm ? req->comm : "?", why);
	return r;
}

static int read_stats(const struct dump_request *req, struct python *p, struct dump_result *ret)
{
	char text[STATS_MAX];
	int r;

	*ret = (struct dump_result){ .bytes = 0 };
	*p = (struct python){ .until_usec = req->deadline_usec -
					    MIN_OF(req->deadline_usec, MARGIN_USEC) };
	if (recognise_runtime(req->pid) != DUMP_PYTHON)
		return explain(req, -ENOEXEC, "that is no Python", ret);
	r = hook_ask_text(req, "stats", p->until_usec, text, sizeof(text), p->why);
	if (r < 0)
		return explain(req, r, p->why, ret);
	if (!hook_find_number(text, "resident_bytes", &p->resident_bytes))
		return explain(req, -EBADMSG, "its hook does not tell its size", ret);
	p->is_tracing = hook_find_number(text, "tracemalloc_bytes", &p->tracemalloc_bytes);
	return 0;
}

/* Beside the JSON, for people; without it there is still the JSON. */
static void save_text(const struct dump_request *req, const char *json_name)
{
	auto_free char *json = malloc(REPLY_MAX), *text = malloc(REPLY_MAX);
	struct outfile out = OUTFILE_NONE;
	struct buf table = { .data = text, .size = REPLY_MAX };
	char name[OUTFILE_NAME_MAX];
	uint64_t bytes;

	if (!json || !text || file_read_text(req->incident_dirfd, json_name, json, REPLY_MAX) < 0)
		return;
	buf_reset(&table);
	if (python_print_tables(json, &table) < 0)
		return;
	snprintf(name, sizeof(name), "%.*s.txt", (int)(strlen(json_name) - strlen(".json")),
		json_name);
	if (outfile_create(req->incident_dirfd, name, &out) == 0 &&
		outfile_write(&out, table.data, table.len) == 0)
		outfile_finish(&out, &bytes);
	outfile_drop(&out);
}

static int save(const struct dump_request *req, struct python *p, const char *request,
	struct dump_result *ret)
{
	struct hook_ask ask = {
		.pid = req->pid,
		.dir = req->hook_dir,
		.request = request,
		.until_usec = p->until_usec,
		.max_bytes = REPLY_MAX - 1,
	};
	char name[64];
	int r;

	snprintf(name, sizeof(name), "python-%d.%s.json", (int)req->pid, request);
	r = hook_save(req, &ask, name, ret, p->why);
	if (r == 0)
		save_text(req, ret->file);
	return r;
}

static bool fits(const struct dump_request *req, uint64_t need, const char *what, struct python *p)
{
	if (need <= req->headroom_bytes)
		return true;
	snprintf(p->why, sizeof(p->why), "%s may need %s more, %s are left", what,
		units_human_bytes(need).s, units_human_bytes(req->headroom_bytes).s);
	return false;
}

static int save_types(const struct dump_request *req, struct python *p, struct dump_result *ret)
{
	/* A list of all containers: 8 bytes for each, and each takes 48 and more. */
	uint64_t need = 8 * MIB + p->resident_bytes / 12;
	char note[HOOK_WHY_MAX];
	int r;

	snprintf(note, sizeof(note), "%s", p->why);
	if (!fits(req, need, "a list of its objects", p))
		return explain(req, -ENOSPC, p->why, ret);
	p->until_usec = MIN_OF(p->until_usec, clock_now_usec() + TYPES_USEC);
	r = save(req, p, "types", ret);
	if (r < 0)
		return explain(req, r, p->why, ret);
	snprintf(ret->note, sizeof(ret->note), "objects by type%s%s%s",
		p->is_tracing ? " and by line" : "", note[0] ? "; " : "", note);
	return 0;
}

int dump_python(const struct dump_request *req, struct dump_result *ret)
{
	struct python p;
	int r = read_stats(req, &p, ret);

	if (r < 0)
		return r;
	/* A tuple for each block that is traced. */
	if (p.is_tracing && fits(req, 8 * MIB + p.tracemalloc_bytes * PYTHON_TRACE_FACTOR,
				    "tracemalloc's snapshot", &p)) {
		r = save(req, &p, "tracemalloc", ret);
		if (r == 0) {
			snprintf(ret->note, sizeof(ret->note), "tracemalloc: memory by line");
			return 0;
		}
	}
	return save_types(req, &p, ret);
}

int profile_python(const struct dump_request *req, struct dump_result *ret)
{
	struct python p;
	int r = read_stats(req, &p, ret);

	return r < 0 ? r : save_types(req, &p, ret);
}

int relieve_python(const struct dump_request *req, struct dump_result *ret)
{
	char text[256];
	struct python p;
	int r = read_stats(req, &p, ret);

	if (r == 0) {
		r = hook_ask_text(req, "gc", p.until_usec, text, sizeof(text), p.why);
		explain(req, r, p.why, ret);
	}
	if (r == 0)
		snprintf(ret->text, sizeof(ret->text), "garbage collection%s",
			strstr(text, "\"trimmed\": true") ? " and malloc_trim" : "");
	return r;
}
