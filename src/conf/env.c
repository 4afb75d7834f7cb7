/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/env.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/keys.h"

#define PREFIX	     "OOMGUARD_"
#define EVENT_PREFIX "OOMGUARD_EVENT_"
#define HOOK_PREFIX  "OOMGUARD_HOOK_" /* ours, for hooks: tune/inject.h */
#define LEVEL_PREFIX "OOMGUARD_LEVEL_"
#define ENV_NAME_MAX 64
#define CLOSE	     2 /* letters between a slip and another word */

struct place {
	char section[CONF_NAME_MAX + sizeof("level ")];
	const struct conf_key *key;
};

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* guard, log-level -> OOMGUARD_GUARD_LOG_LEVEL */
static void print_name(
	char out[ENV_NAME_MAX], const char *prefix, const char *section, const char *key)
{
	snprintf(out, ENV_NAME_MAX, "%s%s_%s", prefix, section, key);
	for (char *p = out; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
}

/* "OOMGUARD_LEVEL_DUMP_REARM_AFTER": the first word is the name, the rest the key. */
static int find_level(const char *name, struct place *ret_place)
{
	const char *level = name + strlen(LEVEL_PREFIX);
	size_t len = strspn(level, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	char key_name[ENV_NAME_MAX], level_name[CONF_NAME_MAX];
	const struct conf_key *keys;
	unsigned n;

	if (!len || len >= sizeof(level_name) || level[len] != '_')
		return -ENOENT;
	snprintf(level_name, sizeof(level_name), "%.*s", (int)len, level);
	keys = conf_level_keys(&n);
	for (unsigned i = 0; i < n; i++) {
		print_name(key_name, LEVEL_PREFIX, level_name, keys[i].name);
		if (strcmp(key_name, name))
			continue;
		for (char *p = level_name; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		ret_place->key = &keys[i];
		snprintf(ret_place->section, sizeof(ret_place->section), "level %s", level_name);
		return 0;
	}
	return -ENOENT;
}

static int find_place(const char *name, struct place *ret_place)
{
	char key_name[ENV_NAME_MAX];
	const struct conf_key *keys;
	unsigned n;

	if (has_prefix(name, LEVEL_PREFIX))
		return find_level(name, ret_place);
	keys = conf_keys(&n);
	for (unsigned i = 0; i < n; i++) {
		print_name(key_name, PREFIX, keys[i].section, keys[i].name);
		if (strcmp(key_name, name))
			continue;
		ret_place->key = &keys[i];
		snprintf(ret_place->section, sizeof(ret_place->section), "%s", keys[i].section);
		return 0;
	}
	return -ENOENT;
}

struct guess {
	char name[ENV_NAME_MAX];
	unsigned distance;
};

static void guess_among(const struct conf_key *keys, unsigned n, const char *prefix,
	const char *section, const char *name, struct guess *guess)
{
	char candidate[ENV_NAME_MAX];
	unsigned distance;

	for (unsigned i = 0; i < n; i++) {
		print_name(candidate, prefix, section ? section : keys[i].section, keys[i].name);
		distance = conf_word_distance(candidate, name);
		if (distance < guess->distance) {
			guess->distance = distance;
			memcpy(guess->name, candidate, sizeof(candidate));
		}
	}
}

static void warn_unknown(const char *name, void (*warn)(const char *message))
{
	struct guess guess = { .distance = CLOSE + 1 };
	char message[256], level[CONF_NAME_MAX] = "";
	struct buf text = BUF_ON(message);
	const struct conf_key *keys;
	unsigned n;

	if (!warn)
		return;
	keys = conf_keys(&n);
	guess_among(keys, n, PREFIX, NULL, name, &guess);
	if (has_prefix(name, LEVEL_PREFIX)) {
		snprintf(level, sizeof(level), "%.31s", name + strlen(LEVEL_PREFIX));
		level[strcspn(level, "_")] = '\0';
		keys = conf_level_keys(&n);
		guess_among(keys, n, LEVEL_PREFIX, level, name, &guess);
	}
	buf_printf(&text, "environment %.100s: no such setting, ignored", name);
	if (guess.distance <= CLOSE)
		buf_printf(&text, " (did you mean %s?)", guess.name);
	warn(message);
}

int env_load(char *const *environment, void (*warn)(const char *message), struct conf *conf,
	struct buf *error)
{
	for (; *environment; environment++) {
		const char *equals = strchr(*environment, '=');
		char name[128], reason[CONF_ERROR_MAX];
		struct buf why = BUF_ON(reason);
		struct place place;

		if (!equals || !has_prefix(*environment, PREFIX) ||
			has_prefix(*environment, EVENT_PREFIX) ||
			has_prefix(*environment, HOOK_PREFIX))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)MIN_OF(equals - *environment, 127),
			*environment);
		if (find_place(name, &place) < 0) {
			warn_unknown(name, warn);
			continue;
		}
		if (conf_set(conf, place.section, place.key->name, equals + 1, &why) < 0) {
			buf_reset(error);
			buf_printf(error, "environment %s: %s", name, reason);
			return -EINVAL;
		}
	}
	return 0;
}
