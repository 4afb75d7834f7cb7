/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "report/diagnose.h"

static const char *const restart_names[VIEW_RESTARTS] = { "level", "emergency", "request" };
static const char *const exit_names[VIEW_EXITS] = { "ok", "status", "signal", "guarded" };
static const char *const kill_names[VIEW_KILLS] = { "own", "pod", "node", "external" };

static const enum flight_end life_ends[VIEW_LIVES] = { FLIGHT_END_CLEAN, FLIGHT_END_GUARDED,
	FLIGHT_END_OOM, FLIGHT_END_OOM_GROUP, FLIGHT_END_KILLED, FLIGHT_END_CRASH,
	FLIGHT_END_REBOOT };

static const struct {
	enum conf_action action;
	const char *name;
} dump_rows[VIEW_DUMPS] = {
	{ ACTION_HEAP_DUMP, "heap-dump" },
	{ ACTION_PROFILE, "profile" },
	{ ACTION_CORE, "core" },
	{ ACTION_STACKS, "stacks" },
};

const char *tally_restart_name(unsigned i)
{
	return i < VIEW_RESTARTS ? restart_names[i] : NULL;
}

const char *tally_exit_name(unsigned i)
{
	return i < VIEW_EXITS ? exit_names[i] : NULL;
}

const char *tally_kill_name(unsigned i)
{
	return i < VIEW_KILLS ? kill_names[i] : NULL;
}

const char *tally_dump_name(unsigned i)
{
	return i < VIEW_DUMPS ? dump_rows[i].name : NULL;
}

const char *tally_life_name(unsigned i)
{
	return i < VIEW_LIVES ? flight_end_name(life_ends[i]) : NULL;
}

const char *tally_cause_name(unsigned i)
{
	return i < VIEW_CAUSES ? cause_name((enum cause)i) : NULL;
}

/* Of the members of struct tally_verdict, in their order. */
static const char *verdict_name(unsigned i)
{
	static const char *const names[] = { "cause", "confidence-pct", "limit-bytes",
		"request-bytes", "wall-usec" };

	return names[i];
}

static const char *last_name(unsigned i)
{
	static const char *const names[] = { "oom-wall-usec", "dump-usec", "dump-bytes" };

	return names[i];
}

#define OFFSET_OF(field) offsetof(struct tally, field)

/* What is kept: words of the file and where their values live. */
static const struct kept {
	const char *word;
	const char *(*name)(unsigned i);
	unsigned n;
	size_t offset;
	size_t stride; /* between values, in uint64_t */
} kept[] = {
	{ "restarts", tally_restart_name, VIEW_RESTARTS, OFFSET_OF(restarts), 1 },
	{ "exits", tally_exit_name, VIEW_EXITS, OFFSET_OF(exits), 1 },
	{ "kills", tally_kill_name, VIEW_KILLS, OFFSET_OF(kills), 1 },
	{ "lives", tally_life_name, VIEW_LIVES, OFFSET_OF(lives), 1 },
	{ "dumps-ok", tally_dump_name, VIEW_DUMPS, OFFSET_OF(dumps), 2 },
	{ "dumps-failed", tally_dump_name, VIEW_DUMPS, OFFSET_OF(dumps) + sizeof(uint64_t), 2 },
	{ "diagnoses", tally_cause_name, VIEW_CAUSES, OFFSET_OF(diagnoses), 1 },
	{ "verdict", verdict_name, sizeof(struct tally_verdict) / sizeof(uint64_t),
		OFFSET_OF(verdict), 1 },
	{ "last", last_name, 3, OFFSET_OF(last_oom_wall_usec), 1 },
};

static size_t offset_of(const struct kept *k, unsigned i)
{
	return k->offset + i * k->stride * sizeof(uint64_t);
}

void tally_life(struct tally *t, enum flight_end end)
{
	for (unsigned i = 0; i < VIEW_LIVES; i++)
		t->lives[i] += life_ends[i] == end;
}

void tally_look(struct tally *t, uint64_t cost_usec, uint64_t pause_usec)
{
	const uint64_t *bounds = view_bucket_bounds_usec();
	unsigned i = 0;

	while (i < VIEW_BUCKETS && cost_usec > bounds[i])
		i++;
	t->look_buckets[i]++;
	t->look_count++;
	t->look_sum_usec += cost_usec;
	t->pause_usec = pause_usec;
}

void tally_dump(struct tally *t, enum conf_action action, bool ok, uint64_t usec, uint64_t bytes)
{
	for (unsigned i = 0; i < VIEW_DUMPS; i++) {
		if (dump_rows[i].action != action)
			continue;
		t->dumps[i][ok ? 0 : 1]++;
		t->dump_usec = usec;
		if (ok && bytes)
			t->dump_bytes = bytes;
	}
}

/* "restarts.level 3": takes the value if the line is a word of the table. */
static void take_line(const char *line, size_t len, struct tally *t)
{
	for (unsigned k = 0; k < ARRAY_LEN(kept); k++) {
		for (unsigned i = 0; i < kept[k].n; i++) {
			char word[64];
			struct buf b = BUF_ON(word);
			unsigned long long value;
			char *end;

			buf_reset(&b);
			buf_printf(&b, "%s.%s ", kept[k].word, kept[k].name(i));
			if (len <= b.len || strncmp(line, word, b.len) || line[b.len] < '0' ||
				line[b.len] > '9')
				continue;
			errno = 0;
			value = strtoull(line + b.len, &end, 10);
			if (end == line + len && !errno)
				memcpy((char *)t + offset_of(&kept[k], i), &(uint64_t){ value },
					sizeof(uint64_t));
		}
	}
}

void tally_parse(const char *text, struct tally *t)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (text[len] == '\n') /* a line without its end was torn */
			take_line(text, len, t);
		text += len + (text[len] == '\n');
	}
}

int tally_print(const struct tally *t, char *out, unsigned size)
{
	struct buf b = { .data = out, .size = size };

	buf_reset(&b);
	for (unsigned k = 0; k < ARRAY_LEN(kept); k++) {
		for (unsigned i = 0; i < kept[k].n; i++) {
			uint64_t value;

			memcpy(&value, (const char *)t + offset_of(&kept[k], i), sizeof(value));
			buf_printf(&b, "%s.%s %llu\n", kept[k].word, kept[k].name(i),
				(unsigned long long)value);
		}
	}
	return b.truncated ? -ENOSPC : (int)b.len;
}

void tally_diagnosis(struct tally *t, const struct tally_verdict *verdict)
{
	if (verdict->cause >= VIEW_CAUSES)
		return;
	if (verdict->cause)
		t->diagnoses[verdict->cause]++;
	t->verdict = *verdict;
}

int tally_load(int dirfd, struct tally *t)
{
	char text[TALLY_TEXT_MAX];
	ssize_t n;

	if (dirfd < 0)
		return 0;
	n = file_read_text(dirfd, TALLY_FILE, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? 0 : (int)n;
	tally_parse(text, t);
	return 0;
}

int tally_save(int dirfd, const struct tally *t)
{
	char text[TALLY_TEXT_MAX];
	int len;

	if (dirfd < 0)
		return 0;
	len = tally_print(t, text, sizeof(text));
	return len < 0 ? len : file_write_whole(dirfd, TALLY_FILE, text, (size_t)len, false);
}
