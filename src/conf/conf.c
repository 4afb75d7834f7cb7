/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/env.h"
#include "conf/ini.h"
#include "conf/keys.h"

#define DEFAULT_FILE "/etc/oomguard/oomguard.ini"

/* A default that does not parse is a mistake in keys.def; the unit test of this file finds it. */
static int set_defaults(struct conf *conf, struct buf *why)
{
	const struct conf_level_default *levels;
	const struct conf_key *keys;
	unsigned n;
	int r = 0;

	memset(conf, 0, sizeof(*conf));
	keys = conf_keys(&n);
	for (unsigned i = 0; i < n && !r; i++)
		r = conf_set(conf, keys[i].section, keys[i].name, keys[i].initial, why);
	levels = conf_level_defaults(&n);
	for (unsigned i = 0; i < n && !r; i++) {
		char section[CONF_NAME_MAX + sizeof("level ")];

		snprintf(section, sizeof(section), "level %s", levels[i].level);
		r = conf_set(conf, section, levels[i].key, levels[i].value, why);
	}
	return r;
}

void conf_defaults(struct conf *ret_conf)
{
	char reason[CONF_ERROR_MAX];
	struct buf why = BUF_ON(reason);

	(void)set_defaults(ret_conf, &why);
}

/* "guard.basis=usage", "level.dump.at=80%" */
static int apply_set(struct conf *conf, const char *set, struct buf *error)
{
	char name[CONF_VALUE_MAX + 1], section[CONF_VALUE_MAX + 1], reason[CONF_ERROR_MAX];
	struct buf why = BUF_ON(reason);
	const char *equals = strchr(set, '=');
	char *dot;

	snprintf(name, sizeof(name), "%.*s",
		(int)MIN_OF(equals ? (size_t)(equals - set) : strlen(set), sizeof(name) - 1), set);
	dot = strrchr(name, '.');
	buf_reset(error);
	if (!equals || !dot) {
		buf_printf(error, "-s: %.100s: no setting (allowed: SECTION.KEY=VALUE)", set);
		return -EINVAL;
	}
	*dot = '\0';
	if (!strncmp(name, "level.", strlen("level.")))
		name[strlen("level")] = ' ';
	snprintf(section, sizeof(section), "%s", name);
	if (conf_set(conf, section, dot + 1, equals + 1, &why) < 0) {
		buf_printf(error, "-s: %s", reason);
		return -EINVAL;
	}
	return 0;
}

static bool level_is_default(const char *name)
{
	const struct conf_level_default *defaults;
	unsigned n;

	defaults = conf_level_defaults(&n);
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(defaults[i].level, name))
			return true;
	return false;
}

static bool level_has_action(const struct conf_level *level, enum conf_action action)
{
	for (unsigned i = 0; i < level->n_actions; i++)
		if (level->actions[i] == action)
			return true;
	return false;
}

static int check_level(const struct conf *conf, const struct conf_level *level,
	void (*warn)(const char *message), struct buf *error)
{
	char message[128];

	if (!level->n_actions) {
		snprintf(message, sizeof(message), "level %s has no actions: it is switched off",
			level->name);
		if (warn && !level_is_default(level->name))
			warn(message);
		return 0;
	}
	if (!level->at.set && !level->free.set && !level->eta_usec)
		buf_printf(error,
			"level.%s: no condition (allowed: at, free or eta, or no actions)",
			level->name);
	else if (level_has_action(level, ACTION_COMMAND) && !conf->dump.command[0])
		buf_printf(error, "level.%s.actions: command needs dump.command", level->name);
	else if (level_has_action(level, ACTION_SIGNAL) && !conf->dump.signal)
		buf_printf(error, "level.%s.actions: signal needs dump.signal", level->name);
	else
		return 0;
	return -EINVAL;
}

/* What no key alone can tell. */
static int check_all(const struct conf *conf, void (*warn)(const char *message), struct buf *error)
{
	int r = 0;

	buf_reset(error);
	if (conf->dump.kind == DUMP_SIGNAL && !conf->dump.signal) {
		buf_puts(error, "dump.kind: signal needs dump.signal (allowed: USR1, QUIT, ...)");
		return -EINVAL;
	}
	if (conf->dump.kind == DUMP_COMMAND && !conf->dump.command[0]) {
		buf_puts(error, "dump.kind: command needs dump.command");
		return -EINVAL;
	}
	for (unsigned i = 0; i < conf->n_levels && !r; i++)
		r = check_level(conf, &conf->levels[i], warn, error);
	return r;
}

static int load_file(const char *file, struct conf *conf, struct buf *error)
{
	int r = ini_load(file ? file : DEFAULT_FILE, conf, error);

	return r == -ENOENT && !file ? 0 : r;
}

int conf_load(const struct conf_input *input, struct conf *ret_conf, char error[CONF_ERROR_MAX])
{
	char reason[CONF_ERROR_MAX] = ""; /* copied whole */
	struct buf why = BUF_ON(reason);
	struct conf conf;
	int r = set_defaults(&conf, &why);

	if (!r)
		r = load_file(input->file, &conf, &why);
	if (!r && input->environ)
		r = env_load(input->environ, input->warn, &conf, &why);
	for (unsigned i = 0; i < input->n_sets && !r; i++)
		r = apply_set(&conf, input->sets[i], &why);
	if (!r)
		r = check_all(&conf, input->warn, &why);
	if (r < 0) {
		memcpy(error, reason, sizeof(reason));
		return r;
	}
	/* Byte for byte, so that equal settings compare equal. */
	memcpy(ret_conf, &conf, sizeof(conf));
	return 0;
}

const struct conf_level *conf_find_level(const struct conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_levels; i++)
		if (!strcmp(conf->levels[i].name, name))
			return &conf->levels[i];
	return NULL;
}
