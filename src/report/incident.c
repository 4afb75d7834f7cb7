/* SPDX-License-Identifier: Apache-2.0 */
#include "report/incident.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "report/kernlog.h"
#include "report/lines.h"
#include "store/beneath.h"
#include "trigger/trigger.h"

#define SNAPSHOT_MAX_BYTES (4 * MIB) /* ours have 256 KiB at most */
#define AFTER_USEC	   (5 * 60 * USEC_PER_SEC)

void incident_note(struct incident *in, const char *format, ...)
{
	struct buf b;
	va_list args;

	if (in->n_notes == INCIDENT_NOTES_MAX)
		return;
	b = (struct buf)BUF_ON(in->notes[in->n_notes]);
	in->n_notes++;
	buf_reset(&b);
	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
}

/* Bytes of the character at `at` and its code point; 0: no valid UTF-8 (RFC 3629). */
static unsigned decode(const unsigned char *at, uint32_t *ret_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned n = at[0] < 0x80		     ? 1
		     : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
		     : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
		     : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
						     : 0;
	uint32_t point = n == 1 ? at[0] : n ? at[0] & (0x7fu >> n) : 0;

	for (unsigned i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (at[i] & 0x3f);
	}
	if (!n || point < least[n] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*ret_point = point;
	return n;
}

/* C0, DEL, C1, and what turns or hides writing (Unicode 15.1, Bidi_Control and line separators). */
static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2060 && point <= 0x2069) || point == 0xfeff ||
	       (point >= 0xe0000 && point < 0xe0080);
}

void incident_clean(char *out, size_t size, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t len = 0;
	uint32_t point = 0;
	unsigned n;

	while (*at) {
		n = decode(at, &point);
		if (n && !is_control(point)) {
			if (len + n >= size)
				break;
			memcpy(out + len, at, n);
			len += n;
		} else {
			if (len + 1 >= size)
				break;
			out[len++] = '?';
		}
		at += n ? n : 1;
	}
	out[len] = '\0';
}

int incident_read_file(int dirfd, const char *name, char **ret_text, size_t *ret_len)
{
	auto_close int fd = beneath_open(dirfd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	auto_free char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if ((uint64_t)st.st_size > SNAPSHOT_MAX_BYTES)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (len < (size_t)st.st_size) {
		n = pread(fd, text + len, (size_t)st.st_size - len, (off_t)len);
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	*ret_len = len;
	*ret_text = text;
	text = NULL;
	return 0;
}

static void load_snapshot(struct incident *in, int dirfd)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r = incident_read_file(dirfd, "snapshot.json", &text, &len);

	if (r == 0)
		r = incident_parse_snapshot(in, text, len);
	if (r == -ENOENT)
		incident_note(in, "snapshot.json: there is none");
	else if (r == -EBADMSG)
		incident_note(in, "snapshot.json: is not what the guard writes");
	else if (r < 0)
		incident_note(in, "snapshot.json: %s", strerror(-r));
	else if (!in->snapshot_complete)
		incident_note(in, "snapshot.json: was cut for want of time or room");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
		((const struct incident_file *)a)->name, ((const struct incident_file *)b)->name);
}

static void take_kill(const struct kernlog_facts *kill, void *arg)
{
	struct incident *in = arg;
	int64_t rss = kill->told[KERNLOG_ANON_RSS_KB] ? kill->number[KERNLOG_ANON_RSS_KB] : 0;

	/* Of a group the largest. */
	if (in->has_kernel_kill && rss <= in->kernel_kill.number[KERNLOG_ANON_RSS_KB])
		return;
	in->kernel_kill = *kill;
	in->has_kernel_kill = true;
}

static void take_kernel_line(const char *line, size_t len, void *arg)
{
	(void)len;
	kernlog_take_line(arg, line, NULL);
}

static void load_kernel_log(struct incident *in, int dirfd)
{
	auto_free char *text = NULL;
	auto_free struct lines *lines = malloc(sizeof(*lines));
	size_t len = 0;
	struct kernlog *log;

	if (!lines || incident_read_file(dirfd, INCIDENT_KERNEL_LOG, &text, &len) < 0)
		return;
	log = kernlog_new(take_kill, in);
	if (!log)
		return;
	lines_init(lines, take_kernel_line, log);
	lines_feed(lines, text, len);
	lines_end(lines);
	kernlog_end(log);
	kernlog_free(log);
}

/* The guard's own are written anew; dumps and stacks are what a kill may have cut off. */
static void note_partial(struct incident *in, const char *name)
{
	const size_t len = strlen(name), tail = strlen(".partial");

	if (len > tail && !strcmp(name + len - tail, ".partial"))
		incident_note(
			in, "%.100s is not complete: it is being written, or was cut off", name);
}

static void load_files(struct incident *in, int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat st;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		if (fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISREG(st.st_mode))
			continue;
		if (in->n_files == INCIDENT_FILES_MAX) {
			incident_note(in, "more than %d files", INCIDENT_FILES_MAX);
			break;
		}
		incident_clean(
			in->files[in->n_files].name, sizeof(in->files[0].name), entry->d_name);
		note_partial(in, in->files[in->n_files].name);
		in->files[in->n_files++].bytes = (uint64_t)st.st_size;
	}
	qsort(in->files, in->n_files, sizeof(in->files[0]), by_name);
}

static void pick_life(struct incident *in, uint64_t *ret_from, uint64_t *ret_to)
{
	*ret_from = 0;
	*ret_to = in->wall_usec ? in->wall_usec + AFTER_USEC : UINT64_MAX;
	for (unsigned i = 0; i < in->log.n_lives; i++) {
		const struct flight_life *life = &in->log.lives[i];

		if (in->wall_usec && life->start_wall_usec > in->wall_usec) {
			*ret_to = MIN_OF(*ret_to, life->start_wall_usec);
			break;
		}
		in->life = life;
		*ret_from = life->start_wall_usec;
	}
}

static void load_flight(struct incident *in, int statefd, const struct flight_life *given)
{
	int r = statefd < 0 ? -ENOENT : flight_read(statefd, &in->log);
	uint64_t from, to;

	if (given) {
		in->given_life = *given;
		in->life = &in->given_life;
	}
	if (r < 0) {
		incident_note(in,
			r == -ENOENT	? "flight.rec: there is none%.0s"
			: r == -EBADMSG ? "flight.rec: is not what the guard writes%.0s"
					: "flight.rec: %s",
			strerror(-r));
		return;
	}
	if (in->log.damaged)
		incident_note(in, "flight.rec: %u damaged records were left out", in->log.damaged);
	pick_life(in, &from, &to);
	if (given)
		in->life = &in->given_life;
	for (unsigned i = 0; i < in->log.n_samples; i++) {
		if (in->log.samples[i].wall_usec < from || in->log.samples[i].wall_usec > to)
			continue;
		if (!in->samples)
			in->samples = &in->log.samples[i];
		in->n_samples = (unsigned)(&in->log.samples[i] - in->samples) + 1;
	}
	for (unsigned i = 0; i < in->log.n_events; i++) {
		struct flight_event *e = &in->log.events[i];
		char text[FLIGHT_TEXT_MAX];

		incident_clean(text, sizeof(text), e->text);
		memcpy(e->text, text, sizeof(text));
		if (e->wall_usec < from || e->wall_usec > to)
			continue;
		if (!in->events)
			in->events = e;
		in->n_events = (unsigned)(e - in->events) + 1;
	}
}

static int by_bytes(const void *a, const void *b)
{
	const struct incident_line *x = a, *y = b;

	return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

static void set_lines(struct incident *in, const struct conf *conf)
{
	uint64_t limit = in->limit_bytes;
	const struct conf_level *level;
	uint64_t bytes;

	if (!limit || limit == INCIDENT_UNKNOWN)
		return;
	for (unsigned i = 0; i < conf->n_levels && in->n_lines < CONF_LEVELS_MAX; i++) {
		level = &conf->levels[i];
		if (!level->present || (!level->at.set && !level->free.set))
			continue;
		if (level->at.set) {
			bytes = level->at.is_share ? units_of_share(limit, level->at.share_bp)
						   : level->at.bytes;
		} else {
			bytes = limit - MIN_OF(trigger_free_bytes(&level->free, limit), limit);
		}
		buf_copy(in->lines[in->n_lines].name, CONF_NAME_MAX, level->name);
		in->lines[in->n_lines++].bytes = bytes;
	}
	qsort(in->lines, in->n_lines, sizeof(in->lines[0]), by_bytes);
}

/* Without a snapshot the recorder knows the last that was seen. */
static void fill_from_flight(struct incident *in)
{
	const struct flight_sample *last = in->n_samples ? &in->samples[in->n_samples - 1] : NULL;

	if (!last || in->has_snapshot)
		return;
	in->limit_bytes = last->limit_bytes;
	in->use_bytes = last->use_bytes;
	in->usage_bytes = last->usage_bytes;
}

static struct incident *incident_new(const char *name, const char *path)
{
	struct incident *in = calloc(1, sizeof(*in));

	if (!in)
		return NULL;
	in->limit_bytes = in->use_bytes = in->usage_bytes = in->headroom_bytes = in->eta_msec =
		INCIDENT_UNKNOWN;
	in->own_use_bytes = in->own_limit_bytes = INCIDENT_UNKNOWN;
	in->age_s = in->oom_kills = in->node_total_bytes = in->node_available_bytes =
		INCIDENT_UNKNOWN;
	incident_clean(in->name, sizeof(in->name), name);
	incident_clean(in->path, sizeof(in->path), path);
	in->wall_usec = incident_time_of(name);
	return in;
}

int incident_load(
	const struct incident_place *place, const struct conf *conf, struct incident **ret)
{
	struct incident *in = incident_new(place->name, place->path);

	if (!in)
		return -ENOMEM;
	load_snapshot(in, place->dirfd);
	load_files(in, place->dirfd);
	load_kernel_log(in, place->dirfd);
	load_flight(in, place->statefd, place->life);
	if (in->has_snapshot && !in->n_processes)
		incident_borrow_processes(in, place->statefd);
	fill_from_flight(in);
	set_lines(in, conf);
	incident_judge(in, conf);
	*ret = in;
	return 0;
}

void incident_free(struct incident *in)
{
	if (in)
		flight_log_free(&in->log);
	free(in);
}
