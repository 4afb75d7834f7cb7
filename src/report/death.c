/* SPDX-License-Identifier: Apache-2.0 */
#include "report/death.h"

#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/units.h"
#include "report/incident.h"
#include "report/kmsg.h"
#include "report/render.h"
#include "store/beneath.h"

/* What is on disk of a life may be older than its end: the companion's calm period and some. */
#define LATE_USEC  (15 * USEC_PER_SEC)
#define WAIT_MSEC  200
#define AFTER_USEC (2 * USEC_PER_SEC)

const char *death_level(enum flight_end end)
{
	static const char *const levels[FLIGHT_ENDS] = {
		[FLIGHT_END_OOM] = "oom",
		[FLIGHT_END_OOM_GROUP] = "oom",
		[FLIGHT_END_KILLED] = "killed",
		[FLIGHT_END_CRASH] = "crash",
	};

	return (unsigned)end < FLIGHT_ENDS ? levels[end] : NULL;
}

/* An incident of that kind within the time of that life. */
static bool has_one(const struct death_order *o, const char *level)
{
	int fd = beneath_open(o->store->dirfd, "incidents", O_RDONLY | O_DIRECTORY, 0);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char suffix[32];
	struct buf b = BUF_ON(suffix);
	uint64_t at;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	buf_reset(&b);
	buf_printf(&b, "Z-%s", level);
	while ((entry = readdir(dir))) {
		at = incident_time_of(entry->d_name);
		/* Names have milliseconds. */
		if (strstr(entry->d_name, suffix) && at + USEC_PER_MSEC > o->life.start_wall_usec &&
			at <= o->life.last_wall_usec + AFTER_USEC)
			return true;
	}
	return false;
}

static void put_bytes(struct json *j, const char *key, uint64_t bytes)
{
	if (bytes && bytes != UINT64_MAX)
		json_uint(j, key, bytes);
	else
		json_null(j, key);
}

/* What a snapshot would say if there had been time for one. */
static void print_snapshot(const struct death_order *o, const char *level, struct buf *out)
{
	const struct flight_life *l = &o->life;
	char time[CLOCK_TEXT_MAX];
	struct json j = { .out = out };

	clock_print_rfc3339(time, l->last_wall_usec);
	json_open_object(&j, NULL);
	json_uint(&j, "version", 1);
	json_string(&j, "time", time);
	json_string(&j, "level", level);
	json_string(&j, "reason", o->reason);
	json_open_object(&j, "limit");
	put_bytes(&j, "bytes", l->limit_bytes);
	json_close_object(&j);
	json_open_object(&j, "memory");
	put_bytes(&j, "use_bytes", l->last_use_bytes);
	json_int(&j, "growth_bytes_per_second", (int64_t)l->slope_bytes_per_s);
	json_close_object(&j);
	json_open_object(&j, "node");
	put_bytes(&j, "mem_total_bytes", l->node_total_bytes);
	put_bytes(&j, "mem_available_bytes", l->node_available_bytes);
	json_close_object(&j);
	json_open_object(&j, "application");
	json_uint(&j, "age_seconds",
		(l->last_wall_usec - MIN_OF(l->start_wall_usec, l->last_wall_usec)) / USEC_PER_SEC);
	json_close_object(&j);
	json_bool(&j, "complete", true);
	json_close_object(&j);
	buf_puts(out, "\n");
}

static void write_kernel_log(const struct death_order *o, int dirfd)
{
	auto_free char *text = malloc(KMSG_TEXT_MAX);
	struct kmsg_wanted wanted = { .cgroup = o->life.cgroup, .comm = o->life.comm };
	int len;

	if (!text)
		return;
	kmsg_around(o->life.last_wall_usec, o->just_now ? 0 : LATE_USEC, &wanted);
	len = kmsg_find(KMSG_PATH, &wanted, o->just_now ? WAIT_MSEC : 0, text, KMSG_TEXT_MAX);
	if (len > 0)
		file_write_whole(dirfd, INCIDENT_KERNEL_LOG, text, (size_t)len, false);
}

static void tell(const struct incident *in, const char *name, char out[DEATH_TEXT_MAX])
{
	struct buf b = { .data = out, .size = DEATH_TEXT_MAX };
	const struct diagnosis *d = &in->diagnosis;

	buf_reset(&b);
	buf_printf(&b, "verdict: %s", render_cause(d->cause));
	if (d->detail[0])
		buf_printf(&b, " (%s)", d->detail);
	if (d->level != OOM_LEVEL_NONE)
		buf_printf(&b, ", limit: %s", oom_level_name(d->level));
	if (d->confidence_pct)
		buf_printf(&b, ", %u%% sure", d->confidence_pct);
	buf_printf(&b, ". %s See incidents/%s", in->advice.sentence, name);
}

int death_write(const struct death_order *o, struct incident_verdict *ret_verdict,
	char ret_text[DEATH_TEXT_MAX])
{
	const char *level = death_level((enum flight_end)o->life.end);
	char name[STORE_PATH_MAX], document[4096];
	struct buf b = BUF_ON(document);
	struct incident *in = NULL;
	auto_close int dirfd = -1;
	int r;

	ret_text[0] = '\0';
	*ret_verdict = (struct incident_verdict){ 0 };
	if (!level || has_one(o, level))
		return -EEXIST;
	dirfd = store_make_incident(o->store, o->life.last_wall_usec, level, name);
	if (dirfd < 0)
		return dirfd;
	buf_reset(&b);
	print_snapshot(o, level, &b);
	r = file_write_whole(dirfd, "snapshot.json", b.data, b.len, !o->store->on_memory);
	write_kernel_log(o, dirfd);
	if (r == 0)
		r = incident_write_files(
			dirfd, o->store->dirfd, name, o->conf, &o->life, ret_verdict, &in);
	if (in)
		tell(in, name, ret_text);
	incident_free(in);
	return r;
}
