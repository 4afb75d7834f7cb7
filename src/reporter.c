/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incident.json and report.txt for each incident: a helper reads the evidence back and judges it.
 * It takes a megabyte or two, so that it waits until there is room, or until the application has
 * gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "guard.h"
#include "report/incident.h"
#include "store/beneath.h"

/* Headroom that must be there while the application runs. */
#define NEEDS_BYTES (8 * MIB)
/* It ends itself after this; the guard's own end waits for it so long. */
#define WORK_SECONDS   10
#define LAST_WAIT_USEC USEC_PER_SEC

static int write_report(void *arg, int result_fd)
{
	const struct guard *g = arg;
	const char *name = strrchr(g->reporter.pending, '/');
	auto_close int dirfd =
		beneath_open(g->store.dirfd, g->reporter.pending, O_RDONLY | O_DIRECTORY, 0);

	struct incident_verdict verdict;
	int r;

	alarm(WORK_SECONDS);
	if (dirfd < 0)
		return 1;
	r = incident_write_files(
		dirfd, g->store.dirfd, name ? name + 1 : "", g->conf, NULL, &verdict, NULL);
	/* Old incidents go when the newest is whole. */
	store_retain(&g->store, g->conf);
	if (r < 0)
		return 1;
	verdict_tell(&verdict, result_fd);
	return 0;
}

/* Tells the verdict in numbers, and in a second line in words for the log. */
static int write_death(void *arg, int result_fd)
{
	const struct guard *g = arg;
	struct incident_verdict verdict;
	char text[DEATH_TEXT_MAX];
	int r;

	alarm(WORK_SECONDS);
	r = death_write(&g->reporter.death, &verdict, text);
	if (r == 0)
		store_retain(&g->store, g->conf);
	if (text[0]) {
		verdict_tell(&verdict, result_fd);
		helper_tell(result_fd, "%s", text);
	}
	return r < 0 && r != -EEXIST;
}

static void start(struct guard *g)
{
	struct reporter *r = &g->reporter;
	int keep[] = { g->store.dirfd };
	bool death = r->death.store != NULL;

	if (helper_start(death ? write_death : write_report, g, keep, 1,
		    WORK_SECONDS * USEC_PER_SEC, &r->helper) < 0)
		return; /* a pid limit: at the end there will be room for one */
	if (death)
		r->death.store = NULL;
	else
		r->pending[0] = '\0';
}

static bool has_work(const struct guard *g)
{
	const struct reporter *r = &g->reporter;

	return (r->pending[0] || r->death.store) && r->helper.pid <= 0 && g->store.dirfd >= 0;
}

void reporter_try(struct guard *g)
{
	bool room = !g->watch.has_limit || g->watch.sample.headroom_bytes >= NEEDS_BYTES;

	if (has_work(g) && room && !life_is_ending(g))
		start(g);
}

void reporter_note(struct guard *g, const char *incident)
{
	if (incident[0])
		buf_copy(g->reporter.pending, sizeof(g->reporter.pending), incident);
	reporter_try(g);
}

void reporter_note_death(
	struct guard *g, const struct flight_life *life, enum flight_end end, const char *reason)
{
	struct death_order *d = &g->reporter.death;

	if (!death_level(end) || g->store.dirfd < 0)
		return;
	*d = (struct death_order){
		.conf = g->conf,
		.store = &g->store,
		.life = *life,
		.just_now = life == &g->recorder.life,
	};
	d->life.end = end;
	buf_copy(d->reason, sizeof(d->reason), reason);
}

/* What the helper has told of a death goes to the log. */
static void take_result(struct guard *g)
{
	struct reporter *r = &g->reporter;
	char text[HELPER_RESULT_MAX], *words;

	helper_take_result(&r->helper, text);
	r->helper = HELPER_NONE;
	verdict_reported(g, text);
	words = strchr(text, '\n');
	if (words)
		log_notice("%s", words + 1);
}

bool reporter_ended(struct guard *g, pid_t pid)
{
	if (pid <= 0 || pid != g->reporter.helper.pid)
		return false;
	take_result(g);
	reporter_try(g);
	return true;
}

/* The application has gone: there is room. As PID 1 our end is the helper's too. */
void reporter_finish(struct guard *g)
{
	struct reporter *r = &g->reporter;
	uint64_t until = clock_now_usec() + LAST_WAIT_USEC;

	while (clock_now_usec() < until) {
		if (has_work(g))
			start(g);
		if (r->helper.pid <= 0)
			return;
		if (waitpid(r->helper.pid, NULL, WNOHANG) != 0)
			take_result(g);
		else
			poll(NULL, 0, 2);
	}
}
