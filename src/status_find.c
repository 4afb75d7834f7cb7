/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where `status` gets it from: the flight recorder, which disturbs nobody and does not need a guard
 * that answers. The guard itself is asked where the recorder is silent (no room for it, a volume
 * that hangs).
 */
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "http/health.h"
#include "live.h"
#include "store/store.h"

/* One a second, a second late at most; a busy machine may take another one. */
#define FRESH_USEC    (4 * USEC_PER_SEC)
#define PATIENCE_USEC USEC_PER_SEC

struct search {
	struct status *status;
	uint64_t pidns;
};

/* The highest of each of the last seconds, so that a spike does not fall between two of them. */
static void take_history(const struct flight_log *log, struct status *s)
{
	uint64_t end_s = s->seen_wall_usec / USEC_PER_SEC;

	memset(s->history_bp, 0xff, sizeof(s->history_bp));
	for (unsigned i = 0; i < log->n_samples; i++) {
		const struct flight_sample *p = &log->samples[i];
		uint64_t age = end_s - MIN_OF(p->wall_usec / USEC_PER_SEC, end_s);
		uint32_t bp, *at;

		if (age >= STATUS_HISTORY || p->limit_bytes == UINT64_MAX)
			continue;
		at = &s->history_bp[STATUS_HISTORY - 1 - age];
		bp = units_share_bp(p->use_bytes, p->limit_bytes);
		*at = *at == STATUS_NO_SAMPLE ? bp : MAX_OF(*at, bp);
	}
}

static int take_log(const struct flight_log *log, struct search *s)
{
	static char text[HEALTH_TEXT_MAX];
	struct buf b = BUF_ON(text);
	struct status *status = s->status;
	struct guard_view view;
	struct live live;
	uint64_t now = clock_wall_usec();
	int r = live_view(log, &live, &view);

	if (r < 0)
		return r;
	s->pidns = live.pidns;
	status->seen_wall_usec = log->live_wall_usec;
	if (log->n_samples)
		status->seen_wall_usec =
			MAX_OF(status->seen_wall_usec, log->samples[log->n_samples - 1].wall_usec);
	status->age_usec = now - MIN_OF(status->seen_wall_usec, now);
	view.age_usec = status->age_usec;
	take_history(log, status);
	buf_reset(&b);
	health_print_status(&view, &b);
	json_decref(status->json);
	status->json = b.truncated ? NULL : json_loads(text, 0, NULL);
	return status->json ? 0 : -EBADMSG;
}

/*
 * A guard of this container is one that lives in our pid namespace and holds its lock. What we look
 * at from outside of it tells by whom its socket was opened.
 */
static int is_there(int dirfd, const char *dir, uint64_t pidns)
{
	bool held = store_is_held(dirfd);
	int fd;

	if (held && pidns && pidns == live_own_pidns())
		return 0;
	fd = ask_connect_in(dir);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || (fd == -EAGAIN && held) ? 0 : fd;
}

static int look_in(const char *dir, void *arg)
{
	auto_close int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct search *s = arg;
	struct flight_log log;
	int r;

	if (dirfd < 0)
		return -errno;
	r = flight_read(dirfd, &log);
	if (r < 0)
		return r;
	r = take_log(&log, s);
	flight_log_free(&log);
	if (r == 0)
		r = is_there(dirfd, dir, s->pidns);
	if (r < 0) {
		json_decref(s->status->json);
		s->status->json = NULL;
	}
	return r;
}

static void add_to_history(struct status *s)
{
	const json_t *ratio = json_object_get(json_object_get(s->json, "memory"), "ratio");

	memmove(s->history_bp, s->history_bp + 1, sizeof(s->history_bp) - sizeof(uint32_t));
	s->history_bp[STATUS_HISTORY - 1] =
		json_is_number(ratio) ? (uint32_t)(json_number_value(ratio) * BP_WHOLE)
				      : STATUS_NO_SAMPLE;
}

static int ask(const struct conf *conf, uint64_t patience_usec, struct status *s)
{
	static char reply[WIRE_REPLY_MAX];
	int r = ask_guard_within(conf, WIRE_STATUS, patience_usec, reply);
	json_t *answer = r < 0 ? NULL : json_loads(reply, 0, NULL);
	json_t *status = json_object_get(answer, "status");

	if (r < 0)
		return r;
	if (!json_is_object(status)) {
		const char *text = json_string_value(json_object_get(answer, "text"));

		fprintf(stderr, "oomguard: status: %s\n",
			text ? text : "the answer cannot be read");
		json_decref(answer);
		return -EBADMSG;
	}
	json_decref(s->json);
	s->json = json_incref(status);
	s->age_usec = 0;
	add_to_history(s);
	json_decref(answer);
	return 0;
}

int status_find(const struct conf *conf, struct status *s)
{
	struct search search = { .status = s };
	int r;

	if (!s->json) /* the first time */
		memset(s->history_bp, 0xff, sizeof(s->history_bp));
	json_decref(s->json);
	s->json = NULL;
	r = ask_places(conf->guard.state_dir, look_in, &search);
	if (r >= 0 && s->age_usec < FRESH_USEC)
		return 0;
	/* Stopped, or its volume hangs: an answer would be fresher, and none is no reason to stop.
	 */
	if (r >= 0) {
		ask(conf, PATIENCE_USEC, s);
		return 0;
	}
	r = ask(conf, ASK_PATIENCE_USEC, s);
	if (r < 0 && r != -EBADMSG)
		ask_say_why(conf->guard.state_dir, r);
	return r;
}
