/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command's runtime and its memory settings against the limit. Rules in a table; what is not in
 * it is not judged. Sources: the runtimes' manuals; sizes of what is not heap are rules of thumb.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "check.h"

/* A flag that ends in a size, from the command line or from one of the runtime's variables. */
struct rule {
	const char *program;	/* the base name of argv[0] begins so */
	const char *const *env; /* variables that hold flags too */
	const char *flag;	/* what the flag begins with; the rest is its value */
	uint64_t unit;		/* of a bare number */
	bool is_share;		/* the value is a percentage of the limit */
	uint64_t beside_bytes;	/* what the runtime needs beside the heap, at least */
	const char *missing;	/* what it means when the flag is not there; NULL: nothing */
	const char *remedy;
};

static const char *const java_env[] = { "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", NULL };
static const char *const node_env[] = { "NODE_OPTIONS", NULL };
static const char *const no_env[] = { NULL };

static const struct rule rules[] = {
	{ "java", java_env, "-Xmx", 1, false, 160 * MIB, NULL,
		"-XX:MaxRAMPercentage=60 instead of -Xmx, or a higher limit" },
	{ "java", java_env, "-XX:MaxRAMPercentage=", 1, true, 160 * MIB,
		"no -Xmx and no MaxRAMPercentage: the heap gets a quarter of the limit, the rest "
		"is "
		"not used",
		"JAVA_TOOL_OPTIONS=-XX:MaxRAMPercentage=60" },
	{ "node", node_env, "--max-old-space-size=", MIB, false, 64 * MIB,
		"no --max-old-space-size: Node may choose a heap larger than a small limit",
		"NODE_OPTIONS=--max-old-space-size=<3/4 of the limit in MiB>" },
	{ "php", no_env, "memory_limit=", 1, false, 32 * MIB, NULL, "a lower memory_limit" },
};

static bool is_program(const char *argv0, const char *name)
{
	const char *slash = strrchr(argv0, '/');
	const char *base = slash ? slash + 1 : argv0;

	return !strncmp(base, name, strlen(name));
}

/* "512m", "2g", "300" in units; false when it is none. */
static bool parse_size(const char *text, uint64_t unit, uint64_t *ret_bytes)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || n < 0 || n > 1e15)
		return false;
	switch (*end | 0x20) {
	case 'k':
		unit = KIB;
		break;
	case 'm':
		unit = MIB;
		break;
	case 'g':
		unit = GIB;
		break;
	default:
		break;
	}
	*ret_bytes = (uint64_t)(n * (double)unit);
	return true;
}

static const char *env_value(const struct check *c, const char *name)
{
	size_t len = strlen(name);

	for (char *const *e = c->envp; *e; e++)
		if (!strncmp(*e, name, len) && (*e)[len] == '=')
			return *e + len + 1;
	return NULL;
}

/* The flag's value, the command line's before the environment's. */
static const char *find_flag(const struct check *c, const struct rule *rule)
{
	size_t len = strlen(rule->flag);

	for (char *const *a = c->argv + 1; c->argv[0] && *a; a++)
		if (!strncmp(*a, rule->flag, len))
			return *a + len;
	for (const char *const *name = rule->env; *name; name++) {
		const char *value = env_value(c, *name);
		const char *at = value ? strstr(value, rule->flag) : NULL;

		if (at)
			return at + len;
	}
	return NULL;
}

static void judge(struct check *c, const struct rule *rule, const char *value)
{
	uint64_t bytes, limit = c->sample.limit_bytes;
	struct check_row *row;

	if (!parse_size(value, rule->is_share ? 1 : rule->unit, &bytes))
		return;
	if (rule->is_share)
		bytes = units_of_share(limit, (uint32_t)MIN_OF(bytes * 100, (uint64_t)BP_WHOLE));
	if (bytes + rule->beside_bytes <= limit) {
		check_add(c, "runtime", CHECK_OK, "%s: heap up to %s, limit %s", rule->flag,
			units_human_bytes(bytes).s, units_human_bytes(limit).s);
		return;
	}
	row = check_add(c, "runtime", CHECK_WARN,
		"%s: heap up to %s and at least %s beside it do not fit into the limit of %s",
		rule->flag, units_human_bytes(bytes).s, units_human_bytes(rule->beside_bytes).s,
		units_human_bytes(limit).s);
	check_remedy(row, "%s", rule->remedy);
}

static bool is_executable(struct check *c)
{
	const char *name = c->argv[0];
	const char *path = env_value(c, "PATH");
	char full[512];

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; *path;) {
		size_t len = strcspn(path, ":");

		snprintf(full, sizeof(full), "%.*s/%s", (int)len, path, name);
		if (access(full, X_OK) == 0)
			return true;
		path += len + (path[len] == ':');
	}
	return false;
}

/* Go programs have no name in common: only the variable can be judged. */
static void check_gomemlimit(struct check *c)
{
	const char *value = env_value(c, "GOMEMLIMIT");
	uint64_t bytes;

	if (value && parse_size(value, 1, &bytes) && bytes > c->sample.limit_bytes)
		check_remedy(check_add(c, "runtime", CHECK_WARN, "GOMEMLIMIT %s is above the limit",
				     value),
			"GOMEMLIMIT of nine tenths of the limit");
}

void check_app(struct check *c)
{
	bool found = false;
	const char *missing = NULL, *remedy = NULL;

	if (!c->argv)
		return;
	if (!is_executable(c))
		check_add(
			c, "command", CHECK_FAIL, "%s is not there or not executable", c->argv[0]);
	else
		check_add(c, "command", CHECK_OK, "%s", c->argv[0]);
	if (!c->looked || c->sample.limit_bytes == CGROUP_NO_LIMIT)
		return;
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
		const char *value;

		if (!is_program(c->argv[0], rules[i].program))
			continue;
		value = find_flag(c, &rules[i]);
		found = found || value;
		if (value)
			judge(c, &rules[i], value);
		else if (rules[i].missing)
			missing = rules[i].missing, remedy = rules[i].remedy;
	}
	if (!found && missing)
		check_remedy(check_add(c, "runtime", CHECK_WARN, "%s", missing), "%s", remedy);
	check_gomemlimit(c);
}
