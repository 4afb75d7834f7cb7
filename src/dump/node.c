/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/hook.h"
#include "dump/inspector.h"
#include "dump/jsonfile.h"
#include "dump/kinds.h"
#include "dump/recognise.h"

#define STATS_MAX   (64u << 10)
#define MARGIN_USEC (500 * USEC_PER_MSEC)
#define QUICK_USEC  (5 * USEC_PER_SEC)
/*
 * A snapshot is built as a graph outside of the heap: 193 MiB of small objects took 2420 MiB more
 * (Node 20; 2160 on Node 24), 46 MiB 520, and 16.9 s.
 */
#define SNAPSHOT_FACTOR	       14
#define SNAPSHOT_BASE_BYTES    (32 * MIB)
#define SNAPSHOT_BYTES_PER_SEC (10 * MIB)

struct node {
	uint64_t used_bytes;
	bool is_sampling;
	uint64_t until_usec;
	char why[HOOK_WHY_MAX];
};

static int explain(const struct dump_request *req, int r, const char *why, struct dump_result *ret)
{
	snprintf(ret->text, sizeof(ret->text), "Node.js of pid %d (%s): %s", (int)req->pid,
		req->comm ? req->comm : "?", why);
	return r;
}

static int read_stats(const struct dump_request *req, struct node *n, struct dump_result *ret)
{
	auto_free char *text = malloc(STATS_MAX);
	int r;

	*ret = (struct dump_result){ .bytes = 0 };
	*n = (struct node){ .until_usec =
				    req->deadline_usec - MIN_OF(req->deadline_usec, MARGIN_USEC) };
	if (!text)
		return explain(req, -ENOMEM, strerror(ENOMEM), ret);
	if (recognise_runtime(req->pid) != DUMP_NODE)
		return explain(req, -ENOEXEC, "that is no Node.js", ret);
	r = hook_ask_text(req, "stats", n->until_usec, text, STATS_MAX, n->why);
	if (r < 0)
		return explain(req, r, n->why, ret);
	if (!hook_find_number(text, "used_heap_size", &n->used_bytes))
		return explain(req, -EBADMSG, "its hook does not tell its heap", ret);
	n->is_sampling = strstr(text, "\"sampling\":true");
	return 0;
}

static int save(const struct dump_request *req, struct node *n, const char *request,
	const char *suffix, struct dump_result *ret)
{
	struct hook_ask ask = {
		.pid = req->pid,
		.dir = req->hook_dir,
		.request = request,
		.until_usec = MIN_OF(n->until_usec, clock_now_usec() + QUICK_USEC),
	};
	char name[64];

	if (!strcmp(request, "snapshot"))
		ask.until_usec = n->until_usec;
	snprintf(name, sizeof(name), "node-%d.%s", (int)req->pid, suffix);
	return hook_save(req, &ask, name, ret, n->why);
}

/* 0, or -ENOSPC and why not in n->why. */
static int admit_snapshot(const struct dump_request *req, struct node *n)
{
	uint64_t used = n->used_bytes, need = SNAPSHOT_BASE_BYTES, pause;

	if (used > UINT64_MAX / 2 / SNAPSHOT_FACTOR)
		return -ENOSPC;
	need += used * SNAPSHOT_FACTOR;
	pause = used / (SNAPSHOT_BYTES_PER_SEC / USEC_PER_SEC);
	if (need > req->headroom_bytes)
		snprintf(n->why, sizeof(n->why),
			"a snapshot of %s of heap may need %s more, %s are left",
			units_human_bytes(used).s, units_human_bytes(need).s,
			units_human_bytes(req->headroom_bytes).s);
	else if (pause > req->conf->dump.max_pause_usec)
		snprintf(n->why, sizeof(n->why),
			"a snapshot of %s of heap would stop it for about %s (dump.max-pause = %s)",
			units_human_bytes(used).s, units_human_duration(pause).s,
			units_human_duration(req->conf->dump.max_pause_usec).s);
	else
		return 0;
	return -ENOSPC;
}

static int save_by_inspector(
	const struct dump_request *req, struct inspector *in, struct dump_result *ret)
{
	struct jsonfile file;
	char name[64];
	int r;

	snprintf(name, sizeof(name), "node-%d.heapsnapshot", (int)req->pid);
	r = jsonfile_begin(req, name, &file);
	if (r == 0)
		r = inspector_snapshot(in, req->conf->dump.max_bytes, jsonfile_take, &file);
	r = jsonfile_end(&file, r, ret);
	if (r == 0)
		snprintf(ret->note, sizeof(ret->note),
			"heap snapshot by its inspector, for Chrome DevTools");
	return r;
}

/* -ENOENT: it has none that listens. */
static int dump_by_inspector(
	const struct dump_request *req, struct node *n, struct dump_result *ret)
{
	struct inspector in;
	int r = inspector_open(req->pid, n->until_usec, &in);

	if (r == 0)
		r = inspector_read_used(&in, &n->used_bytes);
	if (r < 0)
		snprintf(n->why, sizeof(n->why), "its inspector does not answer: %s", strerror(-r));
	else
		r = admit_snapshot(req, n);
	if (r == 0) {
		r = save_by_inspector(req, &in, ret);
		snprintf(n->why, sizeof(n->why), "no snapshot by its inspector: %s", strerror(-r));
	}
	inspector_close(&in);
	return r < 0 && r != -ENOENT ? explain(req, r, n->why, ret) : r;
}

int dump_node(const struct dump_request *req, struct dump_result *ret)
{
	struct dump_result stats = { .bytes = 0 };
	char refused[HOOK_WHY_MAX];
	struct node n;
	int r = read_stats(req, &n, ret);

	if (r == -ENOENT && dump_by_inspector(req, &n, ret) != -ENOENT)
		return ret->file[0] ? 0 : -EIO;
	if (r < 0)
		return r;
	r = admit_snapshot(req, &n);
	if (r == 0) {
		r = save(req, &n, "snapshot", "heapsnapshot", ret);
		if (r < 0)
			return explain(req, r, n.why, ret);
		snprintf(ret->note, sizeof(ret->note), "heap snapshot, for Chrome DevTools");
		return 0;
	}
	snprintf(refused, sizeof(refused), "%s", n.why);
	if (n.is_sampling && save(req, &n, "profile", "heapprofile", ret) == 0) {
		snprintf(ret->note, sizeof(ret->note),
			"sampling heap profile, for Chrome DevTools; %s", refused);
		return 0;
	}
	explain(req, r, refused, ret);
	if (save(req, &n, "stats", "heap.json", &stats) == 0)
		snprintf(ret->text + strlen(ret->text), sizeof(ret->text) - strlen(ret->text),
			"; its sizes: %s", stats.file);
	return r;
}

int profile_node(const struct dump_request *req, struct dump_result *ret)
{
	struct node n;
	int r = read_stats(req, &n, ret);

	if (r < 0)
		return r;
	if (n.is_sampling)
		r = save(req, &n, "profile", "heapprofile", ret);
	else
		r = save(req, &n, "stats", "heap.json", ret);
	if (r < 0)
		return explain(req, r, n.why, ret);
	snprintf(ret->note, sizeof(ret->note), "%s",
		n.is_sampling ? "sampling heap profile, for Chrome DevTools"
			      : "sizes of the heap's spaces; who allocates: dump.inject = full");
	return 0;
}

int relieve_node(const struct dump_request *req, struct dump_result *ret)
{
	char text[256];
	struct node n;
	int r = read_stats(req, &n, ret);

	if (r == 0) {
		r = hook_ask_text(req, "gc", n.until_usec, text, sizeof(text), n.why);
		explain(req, r, n.why, ret);
	}
	if (r == 0)
		snprintf(ret->text, sizeof(ret->text), "garbage collection");
	return r;
}
