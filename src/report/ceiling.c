/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ceiling.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

/* A word of a command line or of a variable that names a ceiling. */
static const struct flag {
	const char *name; /* the value follows it at once */
	uint64_t unit;	  /* of a bare number */
	int base;	  /* of it */
	bool is_share;	  /* percentage of the limit */
	uint64_t beside_bytes;
} flags[] = {
	{ "-Xmx", 1, 10, false, 48 * MIB }, { "-XX:MaxHeapSize=", 1, 10, false, 48 * MIB },
	{ "-XX:MaxRAMPercentage=", 1, 10, true, 48 * MIB },
	{ "--max-old-space-size=", MIB, 10, false, 40 * MIB },
	{ "--max_old_space_size=", MIB, 10, false, 40 * MIB },
	{ "GOMEMLIMIT=", 1, 10, false, 0 }, /* all that the Go runtime holds */
	{ "DOTNET_GCHeapHardLimit=", 1, 16, false, 40 * MIB },
	{ "memory_limit=", 1, 10, false, 16 * MIB }, /* php -d */
};

/* The variables in which the flags above may stand. */
static const char *const variables[] = { "JAVA_TOOL_OPTIONS=", "JDK_JAVA_OPTIONS=", "JAVA_OPTS=",
	"_JAVA_OPTIONS=", "NODE_OPTIONS=", "GOMEMLIMIT=", "DOTNET_GCHeapHardLimit=" };

static bool parse_value(const struct flag *flag, const char *text, uint64_t limit, uint64_t *ret)
{
	char *end;
	unsigned long long number = strtoull(text, &end, flag->base);
	uint64_t unit = flag->unit;

	if (end == text || *text == '-' || !number || number > UINT64_MAX / GIB)
		return false;
	if (flag->is_share) {
		*ret = units_of_share(limit, (uint32_t)MIN_OF(number, 100ULL) * 100);
		return true;
	}
	switch (tolower((unsigned char)*end)) {
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
	*ret = number * unit;
	return true;
}

/* The last one counts, as with the runtimes themselves; a flag begins a word. */
static const struct flag *find(const char *text, uint64_t limit, uint64_t *ret_heap)
{
	const struct flag *found = NULL;

	for (unsigned i = 0; i < ARRAY_LEN(flags); i++) {
		const char *at = text;

		while ((at = strstr(at, flags[i].name))) {
			bool begins = at == text || strchr(" \t\"'=", at[-1]);

			at += strlen(flags[i].name);
			if (begins && parse_value(&flags[i], at, limit, ret_heap))
				found = &flags[i];
		}
	}
	return found;
}

uint64_t ceiling_of_text(const char *text, uint64_t limit_bytes)
{
	uint64_t heap = 0;
	const struct flag *flag = find(text, limit_bytes, &heap);

	return flag ? heap + flag->beside_bytes : 0;
}

uint64_t ceiling_beside(const char *text)
{
	uint64_t heap = 0;
	const struct flag *flag = find(text, GIB, &heap);

	return flag ? flag->beside_bytes : 0;
}

uint64_t ceiling_of(char *const *argv, char *const *envp, uint64_t limit_bytes)
{
	uint64_t most = 0;

	for (char *const *a = argv; a && *a; a++)
		most = MAX_OF(most, ceiling_of_text(*a, limit_bytes));
	for (char *const *e = envp; !most && e && *e; e++)
		for (unsigned i = 0; i < ARRAY_LEN(variables); i++)
			if (!strncmp(*e, variables[i], strlen(variables[i])))
				most = MAX_OF(most, ceiling_of_text(*e, limit_bytes));
	return most;
}
