/* SPDX-License-Identifier: Apache-2.0 */
#include "report/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/units.h"
#include "report/curve.h"
#include "trigger/trigger.h"

/* A block for write(); a line is far shorter than the rest. */
#define OUT_SIZE  (64 * KIB)
#define LINE_ROOM (4 * KIB)
#define WHY_MAX	  64

/* Too large for a stack. */
struct replay {
	const struct conf *conf;
	struct csv csv;
	struct trigger trigger;
	struct curve curve;
	uint64_t first_usec; /* of the file */
	uint64_t limit_bytes;
	bool begun;
	uint64_t time_usec;
	int out_fd;
	struct buf out;
	char out_data[OUT_SIZE];
};

static int flush(struct replay *p, size_t keep_room)
{
	int r;

	if (p->out.size - p->out.len > keep_room)
		return 0;
	r = file_write_all(p->out_fd, p->out.data, p->out.len);
	buf_reset(&p->out);
	return r;
}

static struct json open_line(struct replay *p, const char *event)
{
	struct json j = { .out = &p->out };

	json_open_object(&j, NULL);
	json_milli(&j, "time_s", (int64_t)(p->time_usec / USEC_PER_MSEC));
	json_string(&j, "event", event);
	return j;
}

static int close_line(struct replay *p, struct json *j)
{
	json_close_object(j);
	buf_puts(&p->out, "\n");
	return flush(p, LINE_ROOM);
}

static int print_levels(struct replay *p, unsigned fired)
{
	char why[WHY_MAX];
	int r = 0;

	for (unsigned i = 0; i < p->conf->n_levels && r == 0; i++) {
		if (!(fired & (1u << i)))
			continue;
		struct json j = open_line(p, "level");

		trigger_print_why(p->trigger.level[i].why, why, sizeof(why));
		json_string(&j, "level", p->conf->levels[i].name);
		json_string(&j, "why", why);
		r = close_line(p, &j);
	}
	return r;
}

static int print_diagnosis(struct replay *p)
{
	struct diagnose_facts facts = {
		.request_bytes = p->conf->guard.request_bytes,
		.node_available_bp = DIAGNOSE_UNKNOWN,
		.node_stall_bp = DIAGNOSE_UNKNOWN,
	};
	struct diagnosis d;
	struct json j = open_line(p, "diagnosis");

	curve_tell(&p->curve, &facts);
	diagnose(&facts, &d);
	json_string(&j, "leak", leak_name(facts.leak));
	json_string(&j, "cause", cause_name(d.cause));
	json_milli(&j, "confidence", d.confidence_pct * 10);
	json_uint(&j, "slope_bytes_per_s", facts.slope_bytes_per_s);
	return close_line(p, &j);
}

/* The number that levels look at. Without its columns it is the one that every file has. */
static uint64_t use_of(const struct replay *p, const struct csv_row *row)
{
	if (p->conf->guard.basis == BASIS_USAGE && row->has[CSV_USAGE])
		return row->bytes[CSV_USAGE];
	return row->bytes[CSV_NONRECLAIMABLE];
}

/* As the guard sees it: a limit that moves by more than 1 % is another limit. */
static bool take_limit(struct replay *p, uint64_t limit_bytes)
{
	uint64_t was = p->limit_bytes;
	uint64_t moved = MAX_OF(limit_bytes, was) - MIN_OF(limit_bytes, was);

	if (was && moved <= was / 100)
		return false;
	p->limit_bytes = limit_bytes;
	return was != 0;
}

static int take_row(struct replay *p, const struct csv_row *row)
{
	uint64_t limit = row->has[CSV_LIMIT] && row->bytes[CSV_LIMIT] ? row->bytes[CSV_LIMIT]
								      : p->conf->guard.limit_bytes;
	uint64_t use = use_of(p, row);
	struct trigger_reading reading = {
		.use_bytes = use,
		.limit_bytes = limit,
		.headroom_bytes = limit > use ? limit - use : 0,
		.own_use_bytes = use,
		.detailed = true,
	};
	int r;

	if (!limit)
		return -ENODATA;
	if (!p->begun)
		p->first_usec = row->time_usec;
	p->begun = true;
	p->time_usec = row->time_usec;
	/* Zero stands for "never" in the trigger. */
	reading.time_usec = row->time_usec - p->first_usec + USEC_PER_SEC;
	reading.resized = take_limit(p, limit);
	r = print_levels(p, trigger_update(&p->trigger, &reading));
	if (r == 0 &&
		curve_add(&p->curve, reading.time_usec, row->bytes[CSV_NONRECLAIMABLE], limit))
		r = print_diagnosis(p);
	return r;
}

static int run(struct replay *p, FILE *file, const char *name)
{
	struct csv_row row;
	int r = csv_open(&p->csv, file, name);

	if (r < 0)
		return r;
	while ((r = csv_next(&p->csv, &row)) > 0) {
		r = take_row(p, &row);
		if (r < 0)
			break;
	}
	if (r == 0 && p->begun) {
		leaktest_finish(&p->curve.leaktest);
		r = print_diagnosis(p);
	}
	return r;
}

int replay_run(const struct conf *conf, FILE *file, const char *name, int out_fd,
	char error[CSV_ERROR_MAX])
{
	auto_free struct replay *p = calloc(1, sizeof(*p));
	int r, w;

	error[0] = '\0';
	if (!p)
		return -ENOMEM;
	p->conf = conf;
	p->out_fd = out_fd;
	p->out = (struct buf){ .data = p->out_data, .size = sizeof(p->out_data) };
	trigger_init(&p->trigger, conf);
	curve_init(&p->curve);
	r = run(p, file, name);
	/* What was said before a bad line was right. */
	w = p->out.len ? file_write_all(out_fd, p->out.data, p->out.len) : 0;
	if (p->csv.error[0])
		buf_copy(error, CSV_ERROR_MAX, p->csv.error);
	else if (r == -ENODATA)
		snprintf(error, CSV_ERROR_MAX,
			"%s:%" PRIu64 ": no limit_bytes here, and no guard.limit given (as in -s "
			"guard.limit=512MiB)",
			name, p->csv.line);
	return r < 0 ? r : w;
}
