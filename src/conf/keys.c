/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define WORD_MAX 64

static const struct conf_key keys[] = {
#define KEY(section_, key_, field_, type_, initial_, help_, allowed_)                              \
	{ .section = section_,                                                                     \
		.name = key_,                                                                      \
		.type = CONF_TYPE_##type_,                                                         \
		.offset = offsetof(struct conf, field_),                                           \
		.initial = initial_,                                                               \
		.help = help_,                                                                     \
		.allowed = allowed_ },
#include "conf/keys.def"
};

static const struct conf_key level_keys[] = {
#define LEVEL_KEY(key_, field_, type_, initial_, help_, allowed_)                                  \
	{ .section = "level",                                                                      \
		.name = key_,                                                                      \
		.type = CONF_TYPE_##type_,                                                         \
		.offset = offsetof(struct conf_level, field_),                                     \
		.initial = initial_,                                                               \
		.help = help_,                                                                     \
		.allowed = allowed_ },
#include "conf/keys.def"
};

static const struct conf_level_default level_defaults[] = {
#define LEVEL_DEFAULT(level_, key_, value_) { .level = level_, .key = key_, .value = value_ },
#include "conf/keys.def"
};

const struct conf_key *conf_keys(unsigned *ret_n)
{
	*ret_n = ARRAY_LEN(keys);
	return keys;
}

const struct conf_key *conf_level_keys(unsigned *ret_n)
{
	*ret_n = ARRAY_LEN(level_keys);
	return level_keys;
}

const struct conf_level_default *conf_level_defaults(unsigned *ret_n)
{
	*ret_n = ARRAY_LEN(level_defaults);
	return level_defaults;
}

/* "level  dump" -> "dump"; NULL when the section is no level. */
static const char *level_of_section(const char *section)
{
	size_t len = strlen("level");

	if (strncmp(section, "level", len) || !section[len] || !strchr(" \t", section[len]))
		return NULL;
	return section + len + strspn(section + len, " \t");
}

static bool level_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len && len < CONF_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") == len;
}

const struct conf_key *conf_key_find(const char *section, const char *key)
{
	bool is_level = level_of_section(section) != NULL;
	const struct conf_key *table = is_level ? level_keys : keys;
	unsigned n = is_level ? ARRAY_LEN(level_keys) : ARRAY_LEN(keys);

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(table[i].name, key) && (is_level || !strcmp(table[i].section, section)))
			return &table[i];
	return NULL;
}

static bool section_is_known(const char *section)
{
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++)
		if (!strcmp(keys[i].section, section))
			return true;
	return false;
}

int conf_section_check(const char *section, struct buf *why)
{
	const char *level = level_of_section(section);
	const char *last = "";

	if (level && level_name_ok(level))
		return 0;
	if (level || !strcmp(section, "level")) {
		buf_printf(why, "[%s]: no level name (allowed: a to z and 0 to 9, at most %d)",
			section, CONF_NAME_MAX - 1);
		return -EINVAL;
	}
	if (section_is_known(section))
		return 0;
	buf_printf(why, "[%s]: no such section (allowed: level NAME", section);
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(last, keys[i].section))
			buf_printf(why, ", %s", keys[i].section);
		last = keys[i].section;
	}
	buf_puts(why, ")");
	return -EINVAL;
}

/* Levenshtein, one row at a time. */
unsigned conf_word_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned row[WORD_MAX];

	if (a_len >= WORD_MAX || b_len >= WORD_MAX)
		return UINT_MAX;
	for (size_t k = 0; k <= b_len; k++)
		row[k] = (unsigned)k;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t k = 1; k <= b_len; k++) {
			unsigned replaced = diagonal + (a[i - 1] != b[k - 1]);
			unsigned dropped = MIN_OF(row[k], row[k - 1]) + 1;

			diagonal = row[k];
			row[k] = MIN_OF(replaced, dropped);
		}
	}
	return row[b_len];
}

/* A key that exists in another section is meant more often than one that is spelt alike. */
static void say_unknown(const char *section, const char *key, struct buf *why)
{
	const char *level = level_of_section(section);
	const struct conf_key *table = level ? level_keys : keys;
	unsigned n = level ? ARRAY_LEN(level_keys) : ARRAY_LEN(keys);
	const struct conf_key *best = NULL;
	unsigned best_distance = UINT_MAX;

	for (unsigned i = 0; i < n; i++) {
		bool here = level || !strcmp(table[i].section, section);
		unsigned distance = conf_word_distance(table[i].name, key);

		/* One more letter, so that the same section wins a tie. */
		if (distance != UINT_MAX && !here)
			distance++;
		if (distance < best_distance) {
			best = &table[i];
			best_distance = distance;
		}
	}
	buf_printf(why, "no such key");
	if (best)
		buf_printf(why, " (did you mean %s%s%s.%s?)", best->section, level ? "." : "",
			level ? level : "", best->name);
}

static int check_value(const char *key, const char *value, struct buf *why)
{
	size_t len = strlen(key) + strlen(" = ") + strlen(value);

	for (const char *p = value; *p; p++) {
		if ((*p > 0 && *p < ' ' && *p != '\t') || *p == 0x7F) {
			buf_puts(why, "a control character (allowed: one line of text)");
			return -EINVAL;
		}
		if (*p == ';' && (p == value || strchr(" \t", p[-1]))) {
			buf_puts(why,
				"a semicolon after a blank begins a comment (allowed: none, or "
				"put it into a script)");
			return -EINVAL;
		}
	}
	if (len > CONF_LINE_MAX) {
		buf_printf(why,
			"value of %zu bytes is too long (allowed: %zu; put a long command into a "
			"script)",
			strlen(value), CONF_LINE_MAX - strlen(key) - strlen(" = "));
		return -EINVAL;
	}
	return 0;
}

/* Shares the storage of `conf`; NULL: all are taken. */
static struct conf_level *level_get(struct conf *conf, const char *name)
{
	struct conf_level *level;

	for (unsigned i = 0; i < conf->n_levels; i++)
		if (!strcmp(conf->levels[i].name, name))
			return &conf->levels[i];
	if (conf->n_levels == CONF_LEVELS_MAX)
		return NULL;
	level = &conf->levels[conf->n_levels++];
	memset(level, 0, sizeof(*level));
	memcpy(level->name, name, strlen(name));
	level->present = true;
	for (unsigned i = 0; i < ARRAY_LEN(level_keys); i++) {
		const struct conf_type *type = conf_type_get(level_keys[i].type);
		char reason[64];
		struct buf why = BUF_ON(reason);

		type->parse(
			type, level_keys[i].initial, (char *)level + level_keys[i].offset, &why);
	}
	return level;
}

static int set_field(const struct conf_key *key, void *base, const char *value, struct buf *why)
{
	const struct conf_type *type = conf_type_get(key->type);
	char trimmed[CONF_VALUE_MAX + 1];
	size_t len;
	int r;

	value += strspn(value, " \t");
	len = strlen(value);
	while (len && strchr(" \t", value[len - 1]))
		len--;
	snprintf(trimmed, sizeof(trimmed), "%.*s", (int)MIN_OF(len, sizeof(trimmed)), value);
	r = check_value(key->name, len < sizeof(trimmed) ? trimmed : value, why);
	if (r < 0)
		return r;
	r = type->parse(type, trimmed, (char *)base + key->offset, why);
	if (r < 0)
		buf_printf(why, " (allowed: %s)", key->allowed);
	return r;
}

int conf_set(
	struct conf *conf, const char *section, const char *key, const char *value, struct buf *why)
{
	const struct conf_key *found = conf_key_find(section, key);
	const char *level_name = level_of_section(section);
	void *base = conf;
	int r = conf_section_check(section, why);

	if (r < 0)
		return r;
	buf_printf(why, "%s%s%s.%s: ", level_name ? "level." : "", level_name ? level_name : "",
		level_name ? "" : section, key);
	if (!found) {
		say_unknown(section, key, why);
		return -EINVAL;
	}
	if (level_name)
		base = level_get(conf, level_name);
	if (!base) {
		buf_printf(why, "one level too many (allowed: %d)", CONF_LEVELS_MAX);
		return -EINVAL;
	}
	return set_field(found, base, value, why);
}
