/* SPDX-License-Identifier: Apache-2.0 */
#include "check_flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "tune/environ.h"

#define BETWEEN " \t\n\"'"

/* The last one in a text that begins a word of it. */
static bool find_in(const char *text, const char *spelling, struct flag *ret)
{
	bool found = false;

	for (const char *at = strstr(text, spelling); at; at = strstr(at + 1, spelling)) {
		if (at > text && !strchr(BETWEEN, at[-1]))
			continue;
		snprintf(ret->text, sizeof(ret->text), "%.*s", (int)strcspn(at, BETWEEN), at);
		ret->value = ret->text + strlen(spelling);
		found = true;
	}
	return found;
}

static bool find_in_place(
	const struct check *c, const char *place, const char *spelling, struct flag *ret)
{
	const char *value = *place ? environ_get(c->envp, place) : NULL;
	bool found = false;

	if (*place)
		return value && find_in(value, spelling, ret);
	for (char *const *a = c->argv + 1; c->argv[0] && *a; a++)
		found = find_in(*a, spelling, ret) || found;
	return found;
}

bool flag_find(const struct check *c, const char *const *places, const char *const *spellings,
	struct flag *ret)
{
	bool found = false;

	for (; *places; places++) {
		for (const char *const *s = spellings; *s; s++) {
			if (!find_in_place(c, *places, *s, ret))
				continue;
			ret->place = *places;
			found = true;
		}
	}
	return found;
}

bool flag_size(const char *text, uint64_t unit, uint64_t *ret_bytes)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || !(n >= 0) || n > 1e15)
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
	case 't':
		unit = 1024 * GIB;
		break;
	default:
		break;
	}
	*ret_bytes = (uint64_t)MIN_OF(n * (double)unit, 9e18);
	return true;
}

void flag_remedy(struct check *c, struct check_row *row, const struct flag *flag,
	const char *variable, const char *better)
{
	char value[CHECK_TEXT_MAX / 2];

	if (flag && !*flag->place) {
		check_remedy(row, "in the command: %s in place of %s", better, flag->text);
		return;
	}
	variable = flag ? flag->place : variable;
	/* What is there may hold more, secrets too: it is named, not printed. The last one wins. */
	if (environ_get(c->envp, variable)) {
		check_remedy(row, "ENV %s=\"$%s %s\"", variable, variable, better);
		return;
	}
	snprintf(value, sizeof(value), "%s", better);
	check_remedy_variable(row, variable, value);
}
