/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a dump that is whole, while the application goes on. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/elf.h"
#include "dump/recognise.h"
#include "store/compress.h"
#include "store/index.h"

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

static uint64_t until_of(const struct action_job *job)
{
	return job->deadline_usec - MIN_OF(job->deadline_usec, MARGIN_USEC);
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
static int pack(const struct work_dump *d, enum codec_format format, uint64_t *ret_raw_bytes)
{
	struct dump_result *res = d->result;
	struct compress_order order = {
		.dirfd = d->dirfd,
		.name = res->file,
		.format = format,
		.max_bytes = d->job->conf->dump.max_bytes,
		.min_free_bp = d->job->conf->dump.min_free_bp,
		.until_usec = until_of(d->job),
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
	*ret_raw_bytes = packed.raw_bytes;
	note(res, "%s before %s", units_human_bytes(packed.raw_bytes).s, codec_name(format));
	return 0;
}

/* Length of the raw file where it was packed, else 0. */
static uint64_t pack_if_it_fits(const struct work_dump *d)
{
	struct dump_result *res = d->result;
	enum codec_format format =
		compress_choose(d->job->conf->dump.compress, res->file, res->bytes);
	uint64_t headroom, raw_bytes = 0;
	int r;

	if (format == CODEC_NONE)
		return 0;
	headroom = work_headroom(d->job);
	if (headroom < COMPRESS_NEED_BYTES) {
		note(res, "not packed: not enough headroom: %s left, needs %s",
			units_human_bytes(headroom).s, units_human_bytes(COMPRESS_NEED_BYTES).s);
		return 0;
	}
	r = pack(d, format, &raw_bytes);
	if (r < 0)
		note(res, "not packed: %s", why_not_packed(r));
	return raw_bytes;
}

#define BUILD_ID_MAX 20 /* SHA-1; others are shorter */

static void read_exe(pid_t pid, char path[PATH_MAX], char build_id[2 * BUILD_ID_MAX + 1])
{
	uint8_t id[BUILD_ID_MAX];
	auto_close int fd = -1;
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	n = readlink(link, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
	fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	n = fd < 0 ? fd : elf_read_note(fd, "GNU", NT_GNU_BUILD_ID, id, sizeof(id));
	build_id[0] = '\0';
	for (ssize_t i = 0; i < n; i++)
		snprintf(build_id + 2 * i, 3, "%02x", id[i]);
}

/* Without an index the dump is as good: only the note tells. */
static void put_in_index(const struct work_dump *d, uint64_t raw_bytes)
{
	const struct action_job *job = d->job;
	enum conf_dump_kind runtime = recognise_runtime(d->stat->pid);
	char exe[PATH_MAX], build_id[2 * BUILD_ID_MAX + 1];
	const char *name = strrchr(job->incident, '/');
	struct index_entry e = {
		.incident = name ? name + 1 : "",
		.file = d->result->file,
		.kind = d->kind == DUMP_NONE ? "profile" : conf_dump_kind_name(d->kind),
		.runtime = runtime == DUMP_CORE ? "native" : conf_dump_kind_name(runtime),
		.comm = d->stat->comm,
		.exe = exe,
		.build_id = build_id,
		.pid = d->stat->pid,
		.raw_bytes = raw_bytes,
		.pause_usec = d->result->pause_usec,
		.took_usec = d->took_usec,
		.level = job->level,
		.reason = job->reason,
		.wall_usec = clock_wall_usec(),
		.use_bytes = job->sample.use_bytes,
		.limit_bytes = job->sample.limit_bytes,
		.headroom_bytes = job->sample.headroom_bytes,
	};
	int r;

	read_exe(d->stat->pid, exe, build_id);
	r = index_add(job->store, &e, hurried ? 0 : until_of(job));
	if (r < 0)
		note(d->result, "not in the index: %s", strerror(-r));
}

void work_keep(const struct work_dump *d)
{
	struct dump_result *res = d->result;
	bool ours = d->dirfd >= 0 && res->file[0] && !strchr(res->file, '/');
	uint64_t raw_bytes = 0, bytes = res->bytes;

	if (d->kind != DUMP_NONE && ours)
		raw_bytes = pack_if_it_fits(d);
	if (d->kind != DUMP_NONE && work_remember(d, bytes))
		note(res, "in the place of a smaller one");
	if (ours && index_is_dump(res->file))
		put_in_index(d, raw_bytes);
	if (d->kind != DUMP_NONE)
		store_retain(d->job->store, d->job->conf);
}
