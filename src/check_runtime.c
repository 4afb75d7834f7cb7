/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command's runtime and its memory settings against the limit. Sources: the runtimes' manuals;
 * sizes of what is not heap are rules of thumb.
 */
#include "check_runtime.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "command.h"
#include "dump/elf.h"
#include "tune/tune.h"

#define SPELLED(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What [tune] would set; "" where it sets nothing. */
static void advise(const struct check *c, const char *variable, char *out, size_t size)
{
	char *const none[] = { NULL };
	struct tune_input in = { .limit_bytes = c->sample.limit_bytes, .envp = none };
	struct tune_plan plan;

	tune_plan(&in, &plan);
	out[0] = '\0';
	for (unsigned i = 0; i < plan.n; i++)
		if (!strcmp(plan.settings[i].variable, variable)) {
			snprintf(out, size, "%s%s",
				plan.settings[i].flag ? plan.settings[i].flag : "",
				plan.settings[i].value);
			return;
		}
}

/* --- Node.js --- */

#define NODE_BESIDE (64 * MIB)

/* Measured on Node 20: 259 MiB up to 512 MiB, then half of the limit, 2096 MiB at most. */
static uint64_t node_default(uint64_t limit)
{
	return MIN_OF(MAX_OF(limit / 2, 259 * MIB), 2096 * MIB);
}

static void check_node(struct check *c, bool sure)
{
	uint64_t limit = c->sample.limit_bytes, heap = node_default(limit);
	struct flag flag;
	bool is_set = flag_find(c, SPELLED("NODE_OPTIONS", FLAG_COMMAND),
			      SPELLED("--max-old-space-size=", "--max_old_space_size="), &flag) &&
		      flag_size(flag.value, MIB, &heap);
	bool fits = heap + NODE_BESIDE <= limit;
	struct check_row *row;
	char better[64];

	if (!is_set && !sure)
		return;
	row = check_add(c, "runtime", fits ? CHECK_OK : CHECK_WARN,
		"%s: %s%s of old space + %s beside it %s the limit of %s",
		is_set ? flag.text : "no --max-old-space-size",
		is_set ? "" : "Node may choose a heap larger than a small limit: ",
		units_human_bytes(heap).s, units_human_bytes(NODE_BESIDE).s,
		fits ? "fit into" : "do not fit into", units_human_bytes(limit).s);
	if (fits)
		return;
	if (limit < 2 * NODE_BESIDE) {
		check_remedy_limit(row, 4 * NODE_BESIDE);
		return;
	}
	snprintf(better, sizeof(better), "--max-old-space-size=%llu",
		(unsigned long long)(MIN_OF(limit - NODE_BESIDE, limit / 4 * 3) / MIB));
	if (limit > 192 * MIB)
		advise(c, "NODE_OPTIONS", better, sizeof(better));
	flag_remedy(c, row, is_set ? &flag : NULL, "NODE_OPTIONS", better);
}

/* --- Go --- */

static bool go_size(const char *text, uint64_t *ret_bytes)
{
	return units_parse_bytes(text, ret_bytes) == 0;
}

static void check_go(struct check *c, bool sure)
{
	const char *value = environ_get(c->envp, "GOMEMLIMIT");
	uint64_t bytes = 0, limit = c->sample.limit_bytes;
	bool is_set = value && go_size(value, &bytes);
	struct check_row *row;
	char better[64];

	if (is_set && bytes <= limit / 100 * 95) {
		check_add(c, "runtime", CHECK_OK, "GOMEMLIMIT %s, limit %s", value,
			units_human_bytes(limit).s);
		return;
	}
	if (!value && !sure)
		return;
	if (is_set)
		row = check_add(c, "runtime", CHECK_WARN,
			"GOMEMLIMIT %s leaves nothing of the limit of %s for what Go does not "
			"count, or is above the limit",
			value, units_human_bytes(limit).s);
	else
		row = check_add(c, "runtime", CHECK_WARN,
			"GOMEMLIMIT is %s: the collector does not know of the limit of %s and lets "
			"the heap double (GOGC) beyond it",
			value ? value : "not set", units_human_bytes(limit).s);
	advise(c, "GOMEMLIMIT", better, sizeof(better));
	check_remedy_variable(row, "GOMEMLIMIT", better);
}

/* --- .NET --- */

static const char *dotnet_get(const struct check *c, const char *name, const char **ret_variable)
{
	static char variable[2][64];
	const char *value = NULL;

	for (unsigned i = 0; i < 2 && !value; i++) {
		snprintf(
			variable[i], sizeof(variable[i]), "%s%s", i ? "COMPlus_" : "DOTNET_", name);
		value = environ_get(c->envp, variable[i]);
		*ret_variable = variable[i];
	}
	return value;
}

/* Both are hexadecimal, with or without 0x: 200000000 is 8 GiB, and 80 is 128 %. */
static void check_dotnet(struct check *c, bool sure)
{
	uint64_t limit = c->sample.limit_bytes, bytes;
	const char *variable, *value = dotnet_get(c, "GCHeapHardLimit", &variable);
	struct check_row *row;
	char better[64];

	(void)sure; /* left alone it takes three quarters of the limit: that is well */
	if (value) {
		bytes = strtoull(value, NULL, 16);
		advise(c, "DOTNET_GCHeapHardLimit", better, sizeof(better));
	} else {
		value = dotnet_get(c, "GCHeapHardLimitPercent", &variable);
		if (!value)
			return;
		bytes = limit / 100 * MIN_OF(strtoull(value, NULL, 16), 1000ULL);
		snprintf(better, sizeof(better), "3C");
	}
	if (bytes <= limit / 10 * 9) {
		check_add(c, "runtime", CHECK_OK, "%s=%s: %s, limit %s", variable, value,
			units_human_bytes(bytes).s, units_human_bytes(limit).s);
		return;
	}
	row = check_add(c, "runtime", CHECK_WARN,
		"%s=%s is hexadecimal: %s of heap do not fit into the limit of %s", variable, value,
		units_human_bytes(bytes).s, units_human_bytes(limit).s);
	check_remedy_variable(row, variable, better);
}

/* --- glibc --- */

#define ARENAS_PER_CPU 8
#define ARENA_KEEPS    (8 * MIB) /* free memory that one holds, after bursts on all threads */

static bool has_threads(const struct check *c, uint32_t runtimes)
{
	const uint32_t by_glibc = TUNE_RUNTIME(DUMP_HOTSPOT) | TUNE_RUNTIME(DUMP_NODE) |
				  TUNE_RUNTIME(DUMP_RUBY) | TUNE_RUNTIME(DUMP_PYTHON) |
				  TUNE_RUNTIME(DUMP_DOTNET);
	const char *const names[] = { "pthread_create", "libc.so.6" };
	auto_close int fd = command_open(c->argv[0], c->envp);
	uint32_t found = 0;

	if (fd < 0 || elf_find_names(fd, names, ARRAY_LEN(names), &found) < 0)
		return runtimes & by_glibc;
	return found == 3 || ((found & 2) && (runtimes & by_glibc));
}

static void check_arenas(struct check *c, uint32_t runtimes)
{
	uint64_t limit = c->sample.limit_bytes, keeps;
	unsigned cpus = command_cpus();
	struct check_row *row;
	char better[64];

	keeps = (uint64_t)ARENAS_PER_CPU * cpus * ARENA_KEEPS;
	if (environ_find_word(NULL, c->envp,
		    SPELLED("MALLOC_ARENA_MAX=", "glibc.malloc.arena_max", "LD_PRELOAD=")) ||
		!has_threads(c, runtimes))
		return;
	if (keeps <= limit)
		return;
	row = check_add(c, "runtime", CHECK_WARN,
		"malloc may make %u arenas (8 x %u CPUs): free memory that they hold, %s each, "
		"would fill the limit of %s",
		ARENAS_PER_CPU * cpus, cpus, units_human_bytes(ARENA_KEEPS).s,
		units_human_bytes(limit).s);
	advise(c, "MALLOC_ARENA_MAX", better, sizeof(better));
	check_remedy_variable(row, "MALLOC_ARENA_MAX", better[0] ? better : "2");
}

/* --- the table --- */

static const struct judge {
	enum conf_dump_kind runtime;
	const char *program; /* where the file does not tell: how the name of the command begins */
	const char *const *variables; /* judged behind a shell script, too */
	void (*judge)(struct check *c, bool sure);
} judges[] = {
	{ DUMP_HOTSPOT, "java",
		(const char *const[]){
			"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", NULL },
		check_java },
	{ DUMP_NODE, "node", (const char *const[]){ "NODE_OPTIONS", NULL }, check_node },
	{ DUMP_GO, NULL, (const char *const[]){ "GOMEMLIMIT", NULL }, check_go },
	{ DUMP_DOTNET, "dotnet",
		(const char *const[]){ "DOTNET_GCHeapHardLimit", "COMPlus_GCHeapHardLimit",
			"DOTNET_GCHeapHardLimitPercent", "COMPlus_GCHeapHardLimitPercent", NULL },
		check_dotnet },
	{ DUMP_PHP, "php", (const char *const[]){ NULL }, check_php },
};

static bool is_program(const struct check *c, const char *name)
{
	const char *slash = strrchr(c->argv[0], '/');

	return name && !strncmp(slash ? slash + 1 : c->argv[0], name, strlen(name));
}

static bool is_mentioned(const struct check *c, const struct judge *j)
{
	for (const char *const *v = j->variables; *v; v++)
		if (environ_get(c->envp, *v))
			return true;
	return false;
}

void check_runtimes(struct check *c, uint32_t runtimes)
{
	for (unsigned i = 0; i < ARRAY_LEN(judges); i++) {
		const struct judge *j = &judges[i];
		bool sure = (runtimes & TUNE_RUNTIME(j->runtime)) || is_program(c, j->program);

		if (sure || (!runtimes && is_mentioned(c, j)))
			j->judge(c, sure);
	}
	check_arenas(c, runtimes);
}
