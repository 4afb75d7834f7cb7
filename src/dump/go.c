/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/get.h"
#include "dump/gzcheck.h"
#include "dump/kinds.h"
#include "dump/listeners.h"
#include "store/outfile.h"
#include "dump/recognise.h"
#include "dump/wire.h"

/* net/http/pprof; without ?gc=1, which would stop the world for a collection. */
#define PATH	    "/debug/pprof/heap"
#define BODY_MAX    (64 * MIB)
#define MARGIN_USEC (500 * USEC_PER_MSEC)
#define PORT_USEC   (5 * USEC_PER_SEC) /* for one that may speak anything */
#define FIELDS	    14		       /* of a profile, profile.proto */

struct body {
	struct outfile *out;
	struct gzcheck check;
};

static int take_body(void *arg, const void *data, size_t len)
{
	struct body *body = arg;

	gzcheck_feed(&body->check, data, len);
	return body->check.bad ? -EBADMSG : outfile_write(body->out, data, len);
}

static int explain(const struct dump_request *req, int r, const char *why, struct dump_result *ret)
{
	snprintf(ret->text, sizeof(ret->text), "pprof of pid %d (%s): %s", (int)req->pid,
		req->comm ? req->comm : "?", why);
	return r;
}

/* Begins like a message of protocol buffers with a field that a profile has. */
static bool begins_profile(uint8_t first)
{
	unsigned field = first >> 3, wire_type = first & 7;

	return field >= 1 && field <= FIELDS && (wire_type == 0 || wire_type == 2);
}

/* 0, or -errno: what this port has is no heap profile. */
static int ask_port(const struct listener *l, int pidfd, uint64_t until_usec, struct outfile *out)
{
	struct body body = { .out = out };
	struct get get = {
		.address = &l->address.any,
		.address_len = l->len,
		.path = PATH,
		.pidfd = pidfd,
		.until_usec = MIN_OF(until_usec, clock_now_usec() + PORT_USEC),
		.max_bytes = BODY_MAX,
		.each = take_body,
		.arg = &body,
	};
	int status, r = gzcheck_begin(&body.check);

	if (r == 0)
		r = get_body(&get, &status);
	if (r == 0 && (!gzcheck_is_complete(&body.check) || !begins_profile(body.check.first[0])))
		r = -EBADMSG;
	gzcheck_end(&body.check);
	return r;
}

static int ask_ports(const struct dump_request *req, const struct listener *list, int n, int pidfd,
	struct dump_result *ret)
{
	uint64_t until = req->deadline_usec - MIN_OF(req->deadline_usec, MARGIN_USEC);
	int r = -ENOENT;

	for (int i = 0; i < n && r < 0; i++) {
		struct outfile out = OUTFILE_NONE;
		char name[OUTFILE_NAME_MAX];

		snprintf(name, sizeof(name), "go-%d.heap.pb.gz", (int)req->pid);
		r = outfile_create(req->incident_dirfd, name, &out);
		if (r < 0)
			return r;
		r = ask_port(&list[i], pidfd, until, &out);
		if (r == 0)
			r = outfile_finish(&out, &ret->bytes);
		if (r == 0)
			snprintf(ret->file, sizeof(ret->file), "%s", out.name);
		outfile_drop(&out);
	}
	return r;
}

int dump_go(const struct dump_request *req, struct dump_result *ret)
{
	struct listener list[LISTENERS_MAX];
	auto_close int pidfd = wire_open_pidfd(req->pid);
	int n, r;

	*ret = (struct dump_result){ .bytes = 0 };
	if (pidfd < 0)
		return explain(req, pidfd, strerror(-pidfd), ret);
	if (recognise_runtime(req->pid) != DUMP_GO)
		return explain(req, -ENOEXEC, "that is no Go program", ret);
	if (wire_is_stopped(req->pid))
		return explain(req, -EBUSY, "it is stopped and cannot answer", ret);
	n = listeners_find(req->pid, list);
	if (n < 0)
		return explain(req, n, strerror(-n), ret);
	if (n == 0)
		return explain(req, -ENOENT, "it listens on no TCP port", ret);
	r = listeners_enter_network(req->pid);
	if (r < 0)
		return explain(req, r, "its network cannot be entered", ret);
	r = ask_ports(req, list, n, pidfd, ret);
	if (r < 0)
		return explain(req, r, "no port of it answers " PATH " with a profile", ret);
	snprintf(ret->note, sizeof(ret->note), "heap profile, for go tool pprof");
	return 0;
}
