/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes beside the heap are rules of thumb; sources and measurements are in the comments. */
#include "tune/tune.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"

typedef bool (*formula_fn)(const struct tune_input *in, struct buf *value, struct buf *words);

/* --- formulas: false where the row does not apply --- */

/*
 * What a JVM needs beside its heap does not grow with it: metaspace (100 MiB for a framework), code
 * cache, 0.25 MiB touched of each thread's stack, the collector's 5 to 10 % of the heap, direct
 * memory. 80 % in 2000 MiB with 700 MiB beside were hourly restarts (virtualcell/vcell#1899).
 */
static uint32_t java_percent(uint64_t limit)
{
	return limit < GIB ? 50 : limit < 2 * GIB ? 60 : limit < 4 * GIB ? 70 : 75;
}

static uint64_t java_heap(uint64_t limit)
{
	return limit / 100 * java_percent(limit);
}

static bool java_share(const struct tune_input *in, struct buf *value, struct buf *words)
{
	uint64_t limit = in->limit_bytes, heap = java_heap(limit);

	buf_printf(value, "%u.0", java_percent(limit));
	buf_printf(words,
		"%s x %u%% = %s of heap; %s stay for metaspace, code, threads and direct memory",
		units_human_bytes(limit).s, java_percent(limit), units_human_bytes(heap).s,
		units_human_bytes(limit - heap).s);
	return true;
}

static bool java_small_share(const struct tune_input *in, struct buf *value, struct buf *words)
{
	buf_printf(value, "%u.0", java_percent(in->limit_bytes));
	buf_puts(words, "the same: a small limit is only subject to this flag");
	return true;
}

static bool java_ram(const struct tune_input *in, struct buf *value, struct buf *words)
{
	if (!in->limit_is_hidden)
		return false;
	buf_printf(value, "%llu", (unsigned long long)in->limit_bytes);
	buf_printf(words, "the JVM cannot see the limit of %s by itself",
		units_human_bytes(in->limit_bytes).s);
	return true;
}

/* The default is as much again as the heap (jdk.internal.misc.VM.maxDirectMemory). */
static bool java_direct(const struct tune_input *in, struct buf *value, struct buf *words)
{
	uint64_t beside = in->limit_bytes - java_heap(in->limit_bytes), mib = beside / 4 / MIB;

	if (!mib)
		return false;
	buf_printf(value, "%llum", (unsigned long long)mib);
	buf_printf(words,
		"a quarter of the %s beside the heap; the default is the heap's size again",
		units_human_bytes(beside).s);
	return true;
}

/* 64 MiB are a bare process: code, stacks, the young generation (3 x 16 MiB at most). */
static uint64_t managed_heap(uint64_t limit)
{
	return limit > 192 * MIB ? (limit - 64 * MIB) / 4 * 3 : limit / 2;
}

static void say_managed(const struct tune_input *in, struct buf *words)
{
	uint64_t limit = in->limit_bytes;

	if (limit > 192 * MIB)
		buf_printf(words, "3/4 x (%s - 64MiB) = %s", units_human_bytes(limit).s,
			units_human_bytes(managed_heap(limit)).s);
	else
		buf_printf(words, "%s / 2 = %s", units_human_bytes(limit).s,
			units_human_bytes(managed_heap(limit)).s);
}

static bool node_old_space(const struct tune_input *in, struct buf *value, struct buf *words)
{
	uint64_t mib = managed_heap(in->limit_bytes) / MIB;

	if (!mib)
		return false;
	buf_printf(value, "%llu", (unsigned long long)mib);
	say_managed(in, words);
	buf_puts(words, " of old space; the rest for young objects, buffers and code");
	return true;
}

/* Hexadecimal without 0x, as the documentation of GCHeapHardLimit has it. */
static bool dotnet_limit(const struct tune_input *in, struct buf *value, struct buf *words)
{
	uint64_t bytes = managed_heap(in->limit_bytes) / MIB * MIB;

	if (!bytes || in->dotnet_has_limit)
		return false;
	buf_printf(value, "%llX", (unsigned long long)bytes);
	say_managed(in, words);
	buf_puts(words, " of managed heap, in hexadecimal bytes");
	return true;
}

/* Of one request: a program on the command line has only one. Nothing is raised. */
static bool php_limit(const struct tune_input *in, struct buf *value, struct buf *words)
{
	uint64_t mib = in->limit_bytes > 64 * MIB ? (in->limit_bytes - 32 * MIB) / 4 * 3 / MIB
						  : in->limit_bytes / 2 / MIB;

	if (!mib || in->php_limit_bytes <= mib * MIB)
		return false;
	buf_printf(value, "%lluM", (unsigned long long)mib);
	buf_printf(words, "3/4 x (%s - 32MiB), or half of a limit under 64MiB, by PHP_INI_SCAN_DIR",
		units_human_bytes(in->limit_bytes).s);
	return true;
}

static bool go_limit(const struct tune_input *in, struct buf *value, struct buf *words)
{
	uint64_t mib = in->limit_bytes / 10 * 9 / MIB;

	if (!mib)
		return false;
	buf_printf(value, "%lluMiB", (unsigned long long)mib);
	buf_printf(words, "%s x 90%% = %lluMiB; the rest for what Go does not count (C, binary)",
		units_human_bytes(in->limit_bytes).s, (unsigned long long)mib);
	return true;
}

#define RUBY_FACTOR_BELOW (2 * GIB)
static bool ruby_factor(const struct tune_input *in, struct buf *value, struct buf *words)
{
	if (in->limit_bytes >= RUBY_FACTOR_BELOW)
		return false;
	buf_puts(value, "1.2");
	buf_printf(words, "%s are less than 2GiB: collect at 1.2 x the old objects, not at 2 x",
		units_human_bytes(in->limit_bytes).s);
	return true;
}

/* A share of the limit where that is less than the runtime's default. */
static bool ruby_bytes(const struct tune_input *in, unsigned part, uint64_t initial,
	struct buf *value, struct buf *words)
{
	uint64_t bytes = in->limit_bytes / part;

	if (bytes >= initial)
		return false;
	buf_printf(value, "%llu", (unsigned long long)bytes);
	buf_printf(words, "%s / %u = %s between two collections, not %s",
		units_human_bytes(in->limit_bytes).s, part, units_human_bytes(bytes).s,
		units_human_bytes(initial).s);
	return true;
}

/* The defaults are of gc.c: GC_MALLOC_LIMIT_MAX, GC_OLDMALLOC_LIMIT_MAX. */
static bool ruby_malloc(const struct tune_input *in, struct buf *value, struct buf *words)
{
	return ruby_bytes(in, 16, 32 * MIB, value, words);
}

static bool ruby_oldmalloc(const struct tune_input *in, struct buf *value, struct buf *words)
{
	return ruby_bytes(in, 8, 128 * MIB, value, words);
}

#define ARENAS_PER_CPU 8 /* malloc/arena.c, 64 bits */
#define ARENA_BYTES    (512 * MIB)

static bool malloc_arenas(const struct tune_input *in, struct buf *value, struct buf *words)
{
	uint64_t arenas = MAX_OF(in->limit_bytes / ARENA_BYTES, UINT64_C(2));

	if (in->cpus && arenas >= ARENAS_PER_CPU * in->cpus)
		return false;
	buf_printf(value, "%llu", (unsigned long long)arenas);
	buf_printf(words, "one for each 512MiB of %s, at least 2; glibc's default is 8 x %u CPUs",
		units_human_bytes(in->limit_bytes).s, in->cpus);
	return true;
}

/* Left alone glibc raises it up to 64 MiB with the largest block that was freed (mallopt(3)). */
#define TRIM_GROWS_TO (64 * MIB)
static bool malloc_trim_at(const struct tune_input *in, struct buf *value, struct buf *words)
{
	if (TRIM_GROWS_TO <= in->limit_bytes / 16)
		return false;
	buf_printf(value, "%llu", (unsigned long long)(128 * KIB));
	buf_printf(words, "glibc may keep up to 64MiB freed, more than %s / 16: fixed at 128KiB",
		units_human_bytes(in->limit_bytes).s);
	return true;
}

/* --- the table --- */

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define JAVA_HEAP_WORDS                                                                            \
	WORDS("-Xmx", "-XX:MaxHeapSize", "-XX:MaxRAM", "-XX:MinRAM", "-XX:+AggressiveHeap")

static const struct rule {
	enum conf_dump_kind runtime;
	const char *variable;
	const char *flag;
	const char *const *theirs;
	formula_fn formula;
} rules[] = {
#define RULE(runtime, variable, flag, theirs, formula) { runtime, variable, flag, theirs, formula },
#include "tune/rules.def"
};

_Static_assert(ARRAY_LEN(rules) <= TUNE_SETTINGS_MAX, "a plan holds all of them");

#define BY_FILE "memory_limit="

static bool applies(const struct tune_input *in, const struct rule *rule)
{
	return !in->runtimes || rule->runtime == DUMP_CORE ||
	       (in->runtimes & TUNE_RUNTIME(rule->runtime));
}

void tune_plan(const struct tune_input *in, struct tune_plan *ret_plan)
{
	ret_plan->n = 0;
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
		struct tune_setting *s = &ret_plan->settings[ret_plan->n];
		struct buf value = BUF_ON(s->value), words = BUF_ON(s->words);

		buf_reset(&value);
		buf_reset(&words);
		if (!applies(in, &rules[i]) || !rules[i].formula(in, &value, &words))
			continue;
		s->runtime = rules[i].runtime;
		s->variable = rules[i].variable;
		s->flag = rules[i].flag;
		s->by_file = s->flag && !strcmp(s->flag, BY_FILE);
		s->theirs = environ_find_word(in->argv, in->envp, rules[i].theirs);
		ret_plan->n++;
	}
}

void tune_print(const struct tune_setting *s, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s%s", s->by_file ? "" : s->variable, s->by_file ? "" : "=",
		s->flag ? s->flag : "", s->value);
}

const struct tune_setting *tune_by_file(const struct tune_plan *plan)
{
	for (unsigned i = 0; i < plan->n; i++)
		if (plan->settings[i].by_file && !plan->settings[i].theirs)
			return &plan->settings[i];
	return NULL;
}

int tune_apply(const struct tune_plan *plan, struct environ_copy *env)
{
	char text[2 * TUNE_VALUE_MAX];
	int r;

	for (unsigned i = plan->n; i-- > 0;) { /* the first row is to be the first word */
		const struct tune_setting *s = &plan->settings[i];

		if (s->theirs || s->by_file)
			continue;
		snprintf(text, sizeof(text), "%s%s", s->flag ? s->flag : "", s->value);
		r = environ_add(
			env, s->variable, text, s->flag ? ENVIRON_FIRST : ENVIRON_ALONE, ' ');
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}
