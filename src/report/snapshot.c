/* SPDX-License-Identifier: Apache-2.0 */
#include "report/snapshot.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/units.h"
#include "cgroup/node.h"
#include "report/processes.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown" /* a file of the tree built by hand */
#endif

#define FORMAT_VERSION 1

/* Kept free until the end for `]`, "processes_rest" (two numbers of 20 digits), "complete" and `}`.
 */
#define TAIL_BYTES 128

struct writer {
	struct buf buf;
	struct json json;
	const struct snapshot_input *in;
	bool complete;
};

/* Where to go back to when a part does not fit: a document is cut between parts, never inside. */
struct mark {
	struct buf buf;
	struct json json;
};

static struct mark mark_set(const struct writer *w)
{
	return (struct mark){ .buf = w->buf, .json = w->json };
}

/* True when all since the mark did fit; else it is taken back. */
static bool mark_keep(struct writer *w, const struct mark *m)
{
	if (!w->buf.truncated)
		return true;
	w->buf = m->buf;
	w->json = m->json;
	w->buf.data[w->buf.len] = '\0';
	w->complete = false;
	return false;
}

/* CGROUP_NO_LIMIT and other UINT64_MAX: not known or not there. */
static void put_known(struct json *j, const char *key, uint64_t value)
{
	if (value == UINT64_MAX)
		json_null(j, key);
	else
		json_uint(j, key, value);
}

static void write_guard(struct writer *w)
{
	json_open_object(&w->json, "guard");
	json_string(&w->json, "version", PACKAGE_VERSION);
	json_close_object(&w->json);
}

static void write_limit(struct writer *w)
{
	json_open_object(&w->json, "limit");
	put_known(&w->json, "bytes", w->in->sample.limit_bytes);
	json_string(&w->json, "source", w->in->limit_source);
	json_close_object(&w->json);
}

static const struct stat_key {
	const char *name;
	size_t offset;
} stat_keys[] = {
#define STAT_KEY(field)                                                                            \
	{                                                                                          \
#field, offsetof(struct cgroup_stat, field)                                        \
	}
	STAT_KEY(anon),
	STAT_KEY(file),
	STAT_KEY(shmem),
	STAT_KEY(kernel),
	STAT_KEY(slab_reclaimable),
	STAT_KEY(slab_unreclaimable),
	STAT_KEY(kernel_stack),
	STAT_KEY(pagetables),
	STAT_KEY(percpu),
	STAT_KEY(sock),
	STAT_KEY(vmalloc),
	STAT_KEY(active_anon),
	STAT_KEY(inactive_anon),
	STAT_KEY(active_file),
	STAT_KEY(inactive_file),
	STAT_KEY(unevictable),
	STAT_KEY(file_mapped),
	STAT_KEY(file_dirty),
	STAT_KEY(file_writeback),
	STAT_KEY(swap),
	STAT_KEY(pgfault),
	STAT_KEY(pgmajfault),
	STAT_KEY(workingset_refault_anon),
	STAT_KEY(workingset_refault_file),
#undef STAT_KEY
};

static void write_components(struct json *j, const struct cgroup_stat *stat)
{
	json_open_object(j, "components");
	for (size_t i = 0; i < ARRAY_LEN(stat_keys); i++) {
		uint64_t value;

		memcpy(&value, (const char *)stat + stat_keys[i].offset, sizeof(value));
		put_known(j, stat_keys[i].name, value);
	}
	json_close_object(j);
}

static void write_memory(struct writer *w)
{
	const struct snapshot_input *in = w->in;
	const struct cgroup *cg = in->cgroup;
	struct json *j = &w->json;
	unsigned binding = in->sample.binding;

	if (binding >= cg->n_levels)
		binding = 0;
	json_open_object(j, "memory");
	json_string(j, "basis", conf_basis_name(cg->basis));
	json_uint(j, "use_bytes", in->sample.use_bytes);
	if (cg->n_levels)
		json_uint(j, "usage_bytes", cg->levels[binding].last.usage_bytes);
	else
		json_null(j, "usage_bytes");
	put_known(j, "headroom_bytes", in->sample.headroom_bytes);
	json_int(j, "growth_bytes_per_second", in->growth_bytes_per_sec);
	if (in->eta_usec == UINT64_MAX)
		json_null(j, "time_to_limit_seconds");
	else
		json_milli(j, "time_to_limit_seconds", (int64_t)(in->eta_usec / USEC_PER_MSEC));
	/* Of our own cgroup: what the application itself holds. */
	if (cg->n_levels)
		write_components(j, &cg->levels[0].stat);
	else
		json_null(j, "components");
	json_close_object(j);
}

static void write_levels(struct writer *w)
{
	const struct cgroup *cg = w->in->cgroup;
	struct json *j = &w->json;

	json_open_array(j, "levels");
	for (unsigned i = 0; i < cg->n_levels && i < CGROUP_LEVELS_MAX; i++) {
		const struct cgroup_level_use *last = &cg->levels[i].last;

		json_open_object(j, NULL);
		json_string(j, "path", cg->levels[i].path);
		json_uint(j, "usage_bytes", last->usage_bytes);
		json_uint(j, "use_bytes", last->use_bytes);
		put_known(j, "limit_bytes", last->limit_bytes);
		put_known(j, "max_bytes", last->max_bytes);
		put_known(j, "high_bytes", last->high_bytes);
		put_known(j, "swap_bytes", last->swap_bytes);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_events(struct json *j, const char *key, const struct cgroup_events *ev)
{
	json_open_object(j, key);
	put_known(j, "low", ev->low);
	put_known(j, "high", ev->high);
	put_known(j, "max", ev->max);
	put_known(j, "oom", ev->oom);
	put_known(j, "oom_kill", ev->oom_kill);
	put_known(j, "oom_group_kill", ev->oom_group_kill);
	json_close_object(j);
}

static void write_events(struct writer *w)
{
	struct cgroup_events all, local;

	if (!w->in->cgroup->n_levels || cgroup_read_events(w->in->cgroup, &all, &local) < 0) {
		json_null(&w->json, "events");
		json_null(&w->json, "events_local");
		return;
	}
	put_events(&w->json, "events", &all);
	put_events(&w->json, "events_local", &local);
}

static void put_pressure(struct json *j, const char *key, const struct cgroup_pressure *p)
{
	if (!p->known) {
		json_null(j, key);
		return;
	}
	json_open_object(j, key);
	json_uint(j, "some_total_usec", p->some_total_usec);
	json_uint(j, "full_total_usec", p->full_total_usec);
	json_milli(j, "some_avg10_percent", (int64_t)p->some_avg10_bp * 10);
	json_milli(j, "full_avg10_percent", (int64_t)p->full_avg10_bp * 10);
	json_close_object(j);
}

static void write_pressure(struct writer *w)
{
	struct cgroup_pressure p = { .known = false };

	if (w->in->cgroup->n_levels)
		cgroup_read_pressure(w->in->cgroup, &p);
	put_pressure(&w->json, "pressure", &p);
}

static void write_application(struct writer *w)
{
	json_open_object(&w->json, "application");
	json_int(&w->json, "pid", w->in->child);
	json_milli(&w->json, "age_seconds", (int64_t)(w->in->life_age_usec / USEC_PER_MSEC));
	json_close_object(&w->json);
}

/* In the order of the document; each is there as a whole or not at all. */
static void (*const sections[])(struct writer *) = {
	write_guard,
	write_limit,
	write_memory,
	write_levels,
	write_events,
	write_pressure,
	write_application,
};

static void write_head(struct writer *w)
{
	char time[CLOCK_TEXT_MAX];
	struct json *j = &w->json;

	clock_print_rfc3339(time, w->in->wall_usec);
	json_open_object(j, NULL);
	json_uint(j, "version", FORMAT_VERSION);
	json_string(j, "time", time);
	json_string(j, "level", w->in->level);
	json_string(j, "reason", w->in->reason);
}

/* Head and sections. False when not even the head fits. */
static bool write_begin(struct writer *w, const struct snapshot_input *in, char *out, size_t size)
{
	if (size)
		out[0] = '\0';
	if (size <= TAIL_BYTES)
		return false;
	*w = (struct writer){
		.buf = { .data = out, .size = size - TAIL_BYTES },
		.in = in,
		.complete = true,
	};
	w->json = (struct json){ .out = &w->buf };
	write_head(w);
	if (w->buf.truncated) {
		out[0] = '\0';
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		struct mark mark = mark_set(w);

		sections[i](w);
		mark_keep(w, &mark);
	}
	return true;
}

static size_t write_end(struct writer *w)
{
	json_bool(&w->json, "complete", w->complete);
	json_close_object(&w->json);
	buf_puts(&w->buf, "\n");
	return w->buf.len;
}

size_t snapshot_write_memory(const struct snapshot_input *in, char *out, size_t size)
{
	struct writer w;

	if (!write_begin(&w, in, out, size))
		return 0;
	w.complete = false;
	w.buf.size += TAIL_BYTES;
	return write_end(&w);
}

static void put_node(struct json *j, const struct node *n)
{
	json_open_object(j, "node");
	json_uint(j, "mem_total_bytes", n->mem_total_bytes);
	json_uint(j, "mem_available_bytes", n->mem_available_bytes);
	json_uint(j, "swap_total_bytes", n->swap_total_bytes);
	json_uint(j, "swap_free_bytes", n->swap_free_bytes);
	put_known(j, "oom_kill", n->oom_kill);
	put_pressure(j, "pressure", &n->pressure);
	json_close_object(j);
}

static void write_node(struct writer *w, int procfd)
{
	struct mark mark = mark_set(w);
	struct node node;

	if (node_read(procfd, &node) < 0)
		json_null(&w->json, "node");
	else
		put_node(&w->json, &node);
	mark_keep(w, &mark);
}

/* Those that fit into room and time; what does not is counted with the rest. */
static void write_processes(
	struct writer *w, int procfd, struct process_list *list, uint64_t until_usec)
{
	bool full = w->in->conf->snapshot.cmdline == CMDLINE_FULL;
	struct mark before = mark_set(w);
	unsigned i;

	json_open_array(&w->json, "processes");
	if (!mark_keep(w, &before))
		return;
	for (i = 0; i < list->n; i++) {
		struct mark mark = mark_set(w);
		uint64_t now = clock_now_usec();

		if (now >= until_usec) {
			list->cut = true;
			break;
		}
		processes_write_one(&w->json, procfd, &list->entries[i], full, now);
		if (!mark_keep(w, &mark))
			break;
	}
	for (; i < list->n; i++) {
		list->rest++;
		list->rest_rss_bytes += list->entries[i].stat.rss_bytes;
	}
	if (list->cut)
		w->complete = false;
	/* From here on the room that was kept free is used. */
	w->buf.size += TAIL_BYTES;
	json_close_array(&w->json);
	json_open_object(&w->json, "processes_rest");
	json_uint(&w->json, "count", list->rest);
	json_uint(&w->json, "rss_bytes", list->rest_rss_bytes);
	json_close_object(&w->json);
	w->buf.size -= TAIL_BYTES;
}

size_t snapshot_write(const struct snapshot_input *in, int procfd, const struct tree *tree,
	uint64_t until_usec, char *out, size_t size)
{
	static struct process_list list; /* 50 KiB that only a snapshot touches */
	struct writer w;

	if (!write_begin(&w, in, out, size))
		return 0;
	write_node(&w, procfd);
	processes_collect(procfd, tree, until_usec, &list);
	write_processes(&w, procfd, &list, until_usec);
	w.buf.size += TAIL_BYTES;
	return write_end(&w);
}
