/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of `relieve` that knows no runtime: page cache that nobody has used lately is given back
 * through memory.reclaim of our own cgroup (v2, Linux 5.19 and later; only where it can be
 * written). It does not lower what counts as used, but what is free need not be made free in the
 * last moment.
 *
 * malloc_trim is not called from here: in a process that somebody stops the stopped thread may hold
 * the lock of malloc. HotSpot does it by itself when it is asked (System.trim_native_heap).
 */
#include <fcntl.h>
#include <string.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"

#define PIECE	    (16 * MIB) /* a write lasts until so much has been taken */
#define WORTH_BYTES (1 * MIB)
#define MARGIN_USEC (500 * USEC_PER_MSEC)

static uint64_t read_usage(const struct cgroup_level *level)
{
	char text[32];

	return file_pread_text(level->fd.usage, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10)
									: 0;
}

void work_reclaim(const struct action_job *job, struct buf *line)
{
	const struct cgroup_level *own = job->cgroup ? &job->cgroup->levels[0] : NULL;
	uint64_t left = own ? own->stat.inactive_file : 0, before, after;
	char path[CGROUP_PATH_MAX + 32], text[32];
	auto_close int fd = -1;

	/* Where there is swap the kernel could take the application's memory instead. */
	if (left < WORTH_BYTES || !job->cgroup->n_levels || own->last.swap_usable_bytes)
		return;
	snprintf(path, sizeof(path), "%s/memory.reclaim", own->path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	before = read_usage(own);
	while (left && clock_now_usec() + MARGIN_USEC < job->deadline_usec) {
		uint64_t piece = MIN_OF(left, PIECE);
		int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)piece);

		/* EAGAIN: less than that could be had. */
		if (write(fd, text, (size_t)n) < 0)
			break;
		left -= piece;
	}
	after = read_usage(own);
	work_separate(line);
	buf_printf(line, "page cache: %s given back",
		units_human_bytes(before > after ? before - after : 0).s);
}
