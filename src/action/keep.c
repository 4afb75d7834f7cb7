/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a dump that is whole, while the application goes on. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "store/compress.h"

#define MARGIN_USEC (300 * USEC_PER_MSEC) /* of the deadline, to tell the result */

static volatile sig_atomic_t hurried, packing;

static void on_hurry(int sig)
{
	(void)sig;
	hurried = 1;
	if (packing)
		outfile_stop(true);
}

static void on_stop(int sig)
{
	(void)sig;
	outfile_stop(true);
	alarm(1);
}

/* Our own process group: what we have started ends with us. */
static void on_alarm(int sig)
{
	(void)sig;
	kill(0, SIGKILL);
}

void work_listen(void)
{
	static const struct {
		int sig;
		void (*handler)(int);
	} all[] = { { ACTION_HURRY, on_hurry }, { SIGTERM, on_stop }, { SIGALRM, on_alarm } };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		/* No SA_RESTART: who waits in poll is to see it. */
		struct sigaction sa = { .sa_handler = all[i].handler };

		sigaction(all[i].sig, &sa, NULL);
	}
}

uint64_t work_headroom(const struct action_job *job)
{
	struct cgroup_sample now;

	if (job->cgroup && cgroup_look(job->cgroup, true, &now) == 0)
		return now.headroom_bytes;
	return job->sample.headroom_bytes;
}

static void note(struct dump_result *res, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void note(struct dump_result *res, const char *format, ...)
{
	size_t len = strlen(res->note);
	struct buf b = { .data = res->note, .size = sizeof(res->note), .len = len };
	va_list args;

	if (len)
		buf_puts(&b, "; ");
	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
}

static const char *why_not_packed(int err)
{
	switch (err) {
	case -ETIMEDOUT:
		return "dump.deadline";
	case -ECANCELED:
		return "another level waits";
	case -ENOSPC:
		return "no room for both";
	case -EBADMSG:
		return "what was written did not read back the same";
	default:
		return strerror(-err);
	}
}

/* The packed file in the raw one's place; 0, or -errno: the raw one stays. */
static int pack(const struct work_dump *d, enum codec_format format)
{
	struct dump_result *res = d->result;
	struct compress_order order = {
		.dirfd = d->dirfd,
		.name = res->file,
		.format = format,
		.max_bytes = d->job->conf->dump.max_bytes,
		.min_free_bp = d->job->conf->dump.min_free_bp,
		.until_usec = d->job->deadline_usec - MIN_OF(d->job->deadline_usec, MARGIN_USEC),
	};
	struct compress_result packed;
	int r = -ECANCELED;

	packing = 1;
	if (!hurried)
		r = compress_file(&order, &packed);
	packing = 0;
	/* Stopped for our haste, and not for good: the next process may be dumped. */
	if (hurried)
		outfile_stop(false);
	if (r < 0)
		return r;
	buf_copy(res->file, sizeof(res->file), packed.name);
	res->bytes = packed.bytes;
	note(res, "%s before %s", units_human_bytes(packed.raw_bytes).s, codec_name(format));
	return 0;
}

static void pack_if_it_fits(const struct work_dump *d)
{
	struct dump_result *res = d->result;
	enum codec_format format =
		compress_choose(d->job->conf->dump.compress, res->file, res->bytes);
	uint64_t headroom;
	int r;

	if (format == CODEC_NONE || strchr(res->file, '/'))
		return;
	headroom = work_headroom(d->job);
	if (headroom < COMPRESS_NEED_BYTES) {
		note(res, "not packed: not enough headroom: %s left, needs %s",
			units_human_bytes(headroom).s, units_human_bytes(COMPRESS_NEED_BYTES).s);
		return;
	}
	r = pack(d, format);
	if (r < 0)
		note(res, "not packed: %s", why_not_packed(r));
}

void work_keep(const struct work_dump *d)
{
	if (d->dirfd >= 0 && d->result->file[0])
		pack_if_it_fits(d);
}
