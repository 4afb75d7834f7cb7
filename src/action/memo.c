/* SPDX-License-Identifier: Apache-2.0 */
/* What earlier dumps tell of the next one. */
#include <fcntl.h>
#include <string.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "store/beneath.h"
#include "store/learned.h"
#include "store/outfile.h"

#define REQUEST	     "request"	  /* the level of what the user asks for */
#define GROWTH_USEC  USEC_PER_SEC /* for what does not stop it, where nothing was learned */
#define WORTH_BYTES  (32 * MIB)	  /* the disk is not measured for less */
#define MARGIN_BP    12500	  /* what was needed, and a quarter more */
#define NEEDS_FACTOR 4		  /* more than that of the table was somebody else's growth */

struct learned_book *work_book(const struct action_job *job)
{
	static struct learned_book book;

	if (job->store->dirfd < 0 || learned_load(job->store->dirfd, &book) < 0)
		book.n = 0;
	return &book;
}

static bool is_gone(const struct action_job *job, const struct learned *last)
{
	auto_close int fd = -1;

	if (!last->file[0])
		return false;
	fd = beneath_open(job->store->dirfd, last->file, O_PATH, 0);
	return fd < 0;
}

bool work_is_due(const struct action_job *job, const char *comm, struct buf *why)
{
	uint64_t now = clock_wall_usec();
	const struct learned *last;

	if (!strcmp(job->level, REQUEST) || job->store->dirfd < 0)
		return true;
	last = learned_cools(
		work_book(job), job->conf, comm, now, job->sample.use_bytes, job->incident);
	if (!last || is_gone(job, last))
		return true;
	buf_printf(why,
		"no dump of %s: there is one of %s ago, when no less was in use"
		" (dump.cooldown = %s)%s%s",
		comm, units_human_duration(now > last->wall_usec ? now - last->wall_usec : 0).s,
		units_human_duration(job->conf->dump.cooldown_usec).s, last->file[0] ? ": " : "",
		last->file);
	return false;
}

static void learn(const struct learned *last, const struct proc_stat *stat, struct admission *ask)
{
	if (last->rss_bytes && last->file_bytes)
		ask->file_bytes = (uint64_t)((double)last->file_bytes * (double)stat->rss_bytes /
					     (double)last->rss_bytes);
	if (last->pause_usec && last->file_bytes && ask->bytes_per_sec)
		ask->bytes_per_sec = MAX_OF(UINT64_C(1),
			(uint64_t)((double)last->file_bytes * 1e6 / (double)last->pause_usec));
	ask->took_usec = last->took_usec;
	ask->need_bytes = MAX_OF(ask->need_bytes,
		units_of_share(
			MIN_OF(last->headroom_bytes, NEEDS_FACTOR * ask->need_bytes), MARGIN_BP));
}

struct admission work_estimate(const struct action_job *job, const struct dumper *d,
	const struct proc_stat *stat, int dirfd)
{
	struct admission ask = {
		.kind = d->kind,
		.need_bytes = d->need_bytes,
		.file_bytes = d->is_small ? 0 : stat->rss_bytes,
		.bytes_per_sec = d->bytes_per_sec,
		.took_usec = GROWTH_USEC,
	};
	const struct learned *last =
		learned_find(work_book(job), conf_dump_kind_name(d->kind), stat->comm);
	uint64_t disk;

	if (last) {
		learn(last, stat, &ask);
		return ask;
	}
	if (!ask.bytes_per_sec || ask.file_bytes < WORTH_BYTES || dirfd < 0 ||
		job->store->on_memory || job->store->fallback ||
		work_headroom(job) < ask.need_bytes)
		return ask;
	disk = outfile_measure(dirfd);
	if (disk)
		ask.bytes_per_sec = MIN_OF(ask.bytes_per_sec, disk);
	return ask;
}

/* One of the same process that was taken when less was in use: of the same ramp-up. */
static bool drop_smaller(
	const struct work_dump *d, const struct learned_book *book, const struct learned *now)
{
	auto_close int dirfd = -1;
	char path[LEARNED_FILE_MAX], *slash;

	for (unsigned i = 0; i < book->n; i++) {
		const struct learned *e = &book->all[i];

		if (e->pid != now->pid || e->start_ticks != now->start_ticks || !e->file[0] ||
			strcmp(e->kind, now->kind) != 0 || strcmp(e->file, now->file) == 0 ||
			e->use_bytes > now->use_bytes)
			continue;
		memcpy(path, e->file, sizeof(path));
		slash = strrchr(path, '/');
		*slash = '\0';
		dirfd = beneath_open(d->job->store->dirfd, path, O_RDONLY | O_DIRECTORY, 0);
		return dirfd >= 0 && unlinkat(dirfd, slash + 1, 0) == 0;
	}
	return false;
}

bool work_remember(const struct work_dump *d, uint64_t raw_bytes)
{
	const struct action_job *job = d->job;
	const char *file = d->result->file;
	struct buf path;
	struct learned now = {
		.pid = d->stat->pid,
		.start_ticks = d->stat->start_ticks,
		.wall_usec = clock_wall_usec(),
		.use_bytes = job->sample.use_bytes,
		.rss_bytes = d->stat->rss_bytes,
		.file_bytes = raw_bytes,
		.took_usec = d->took_usec,
		.pause_usec = d->result->pause_usec,
		.headroom_bytes = d->headroom_bytes,
	};
	struct learned_book *book = work_book(job);
	bool dropped = false;

	if (job->store->dirfd < 0)
		return false;
	learned_set_words(&now, conf_dump_kind_name(d->kind), d->stat->comm);
	if (file[0] && !strchr(file, '/') && !strpbrk(file, " \t\n")) {
		path = BUF_ON(now.file);
		buf_printf(&path, "%s/%s", job->incident, file);
		if (!path.truncated)
			dropped = drop_smaller(d, book, &now);
	}
	learned_put(book, &now);
	learned_save(job->store->dirfd, book);
	return dropped;
}
