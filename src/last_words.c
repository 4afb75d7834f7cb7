/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The termination message that `kubectl describe pod` shows: one JSON line of at most 1 KiB (the
 * kubelet keeps 4096 bytes), rewritten in place at each event of weight by the companion, so that
 * it is there even when the guard dies with the application. An application that ends without any
 * such event keeps its own message.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "guard.h"

#define DEFAULT_PATH "/dev/termination-log"

const char *last_words_path(const struct conf *conf)
{
	const char *path = conf->guard.termination_log;

	if (!strcmp(path, "none"))
		return NULL;
	if (strcmp(path, "auto"))
		return path;
	return access(DEFAULT_PATH, W_OK) == 0 ? DEFAULT_PATH : NULL;
}

void last_words_put(struct guard *g, enum flight_kind kind, const char *text)
{
	static char line[FLIGHT_WORDS_MAX];
	struct buf b = BUF_ON(line);
	struct json j = { .out = &b };
	char now[CLOCK_TEXT_MAX];

	if (!g->scribe.termination_path)
		return;
	buf_reset(&b);
	clock_print_rfc3339(now, clock_wall_usec());
	json_open_object(&j, NULL);
	json_uint(&j, "oomguard", 1);
	json_string(&j, "time", now);
	json_string(&j, "event", flight_kind_name(kind));
	json_string(&j, "text", text);
	json_uint(&j, "use_bytes", g->recorder.life.last_use_bytes);
	json_uint(&j, "peak_bytes", g->recorder.life.peak_use_bytes);
	if (g->watch.has_limit)
		json_uint(&j, "limit_bytes", g->watch.sample.limit_bytes);
	if (g->lists.incident[0])
		json_string(&j, "incident", g->lists.incident);
	json_close_object(&j);
	buf_puts(&b, "\n");
	if (!b.truncated)
		flight_put_words(g->recorder.flight, line);
}
