/* SPDX-License-Identifier: Apache-2.0 */
/* A JVM's heap and what it needs beside it, against the limit. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "check_runtime.h"

/*
 * What is touched of what is not told: rules of thumb. A plain program has 20 MiB of metaspace and
 * 10 MiB of code, one with a framework 100 and 60; a thread touches a quarter of its 1 MiB stack.
 */
#define METASPACE  (56 * MIB)
#define CODE_CACHE (32 * MIB)
#define THREADS	   32
#define STACK	   MIB
#define REST	   (16 * MIB) /* the collector's tables, the JVM itself */
#define SMALLEST   (32 * MIB) /* a heap below this is no advice */
#define DEFAULT_HEAP                                                                               \
	(126 * MIB) /* arguments.cpp: at least so much where half of the limit is more */

/* In the order of their weight: the last one wins. */
static const char *const places[] = { "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", FLAG_COMMAND,
	"_JAVA_OPTIONS", NULL };

#define SPELLED(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct java {
	struct flag flag; /* that sets the heap */
	bool is_set, is_share;
	uint64_t heap, metaspace, code, threads, direct, beside;
};

static uint64_t size_of(const struct check *c, const char *spelling, uint64_t otherwise)
{
	struct flag flag;
	uint64_t bytes;

	if (!flag_find(c, places, SPELLED(spelling), &flag) || !flag_size(flag.value, 1, &bytes))
		return otherwise;
	return bytes;
}

static uint64_t default_heap(uint64_t limit)
{
	return limit / 2 < DEFAULT_HEAP ? limit / 2 : MAX_OF(limit / 4, DEFAULT_HEAP);
}

static void read_heap(const struct check *c, struct java *ret)
{
	uint64_t limit = c->sample.limit_bytes;
	struct flag min;
	char *end;
	double percent;

	ret->is_set = flag_find(c, places, SPELLED("-Xmx", "-XX:MaxHeapSize="), &ret->flag) &&
		      flag_size(ret->flag.value, 1, &ret->heap);
	if (ret->is_set)
		return;
	ret->heap = default_heap(limit);
	if (!flag_find(c, places, SPELLED("-XX:MaxRAMPercentage="), &ret->flag))
		return;
	percent = strtod(ret->flag.value, &end);
	if (end == ret->flag.value || !(percent >= 0 && percent <= 100))
		return;
	ret->is_set = ret->is_share = true;
	/* A small limit is subject to MinRAMPercentage, and never less than DEFAULT_HEAP else. */
	if (limit / 2 >= DEFAULT_HEAP || flag_find(c, places, SPELLED("-XX:MinRAM"), &min))
		ret->heap = (uint64_t)((double)limit / 100 * percent);
	if (limit / 2 >= DEFAULT_HEAP && !flag_find(c, places, SPELLED("-XX:MinRAM"), &min))
		ret->heap = MAX_OF(ret->heap, DEFAULT_HEAP);
}

static void read_java(const struct check *c, struct java *ret)
{
	read_heap(c, ret);
	ret->metaspace = size_of(c, "-XX:MaxMetaspaceSize=", METASPACE);
	ret->code = MIN_OF(size_of(c, "-XX:ReservedCodeCacheSize=", CODE_CACHE), CODE_CACHE);
	ret->threads = THREADS * size_of(c, "-Xss", STACK) / 4;
	/* A ceiling is there to be reached by nobody; the default, the heap's size, by few. */
	ret->direct = size_of(c, "-XX:MaxDirectMemorySize=", 0) / 2;
	ret->beside = ret->metaspace + ret->code + ret->threads + ret->direct + REST;
}

static void remedy(struct check *c, struct check_row *row, const struct java *j)
{
	uint64_t limit = c->sample.limit_bytes, heap;
	char better[64];

	if (limit < j->beside + SMALLEST) {
		check_remedy_limit(row, j->beside + MAX_OF(SMALLEST, MIN_OF(j->heap, j->beside)));
		return;
	}
	heap = MIN_OF(limit - j->beside, limit / 4 * 3) / MIB;
	/* A share grows with the limit; it does not hold where it is small, nor beside -Xmx. */
	if ((!j->is_set || j->is_share) && heap * MIB / (limit / 100) >= 50 &&
		heap * MIB >= DEFAULT_HEAP)
		snprintf(better, sizeof(better), "-XX:MaxRAMPercentage=%d.0",
			limit < GIB	  ? 50
			: limit < 2 * GIB ? 60
			: limit < 4 * GIB ? 70
					  : 75);
	else
		snprintf(better, sizeof(better), "-Xmx%llum", (unsigned long long)heap);
	flag_remedy(c, row, j->is_set ? &j->flag : NULL, "JAVA_TOOL_OPTIONS", better);
}

static void check_attach(struct check *c)
{
	struct check_row *row;
	struct flag flag;

	if (!flag_find(c, places, SPELLED("-XX:+DisableAttachMechanism"), &flag))
		return;
	row = check_add(c, "runtime", CHECK_WARN,
		"-XX:+DisableAttachMechanism: no class histogram and no HPROF, a core instead");
	flag_remedy(c, row, &flag, NULL, "-XX:-DisableAttachMechanism");
}

void check_java(struct check *c, bool sure)
{
	uint64_t limit = c->sample.limit_bytes;
	struct check_row *row;
	struct java j = { 0 };
	bool fits;

	read_java(c, &j);
	fits = j.heap + j.beside <= limit;
	check_attach(c);
	if (!j.is_set && !sure)
		return;
	row = check_add(c, "runtime", fits && j.is_set ? CHECK_OK : CHECK_WARN,
		"%s: %sheap %s + metaspace %s + code %s + threads %s + direct memory %s + "
		"the rest %s = %s %s the limit of %s",
		j.is_set ? j.flag.text : "no -Xmx and no MaxRAMPercentage",
		j.is_set ? "" : "the heap is a quarter of the limit, at least 126MiB; ",
		units_human_bytes(j.heap).s, units_human_bytes(j.metaspace).s,
		units_human_bytes(j.code).s, units_human_bytes(j.threads).s,
		units_human_bytes(j.direct).s, units_human_bytes(REST).s,
		units_human_bytes(j.heap + j.beside).s, fits ? "fit into" : "do not fit into",
		units_human_bytes(limit).s);
	if (fits && j.is_set)
		return;
	remedy(c, row, &j);
}
