/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of values for the tests of the types of settings. */
#ifndef OOMGUARD_TESTS_UNIT_CONF_DRIVER_H
#define OOMGUARD_TESTS_UNIT_CONF_DRIVER_H

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/keys.h"

struct good {
	const char *section, *key, *text, *printed;
};

struct bad {
	const char *section, *key, *text, *reason;
};

static void check_good(const struct good *c)
{
	const struct conf_key *key = conf_key_find(c->section, c->key);
	bool is_level = !strncmp(c->section, "level ", 6);
	char text[CONF_ERROR_MAX] = "", reason[CONF_ERROR_MAX] = "";
	struct buf printed = BUF_ON(text), why = BUF_ON(reason);
	static struct conf conf;

	conf_defaults(&conf);
	assert_non_null(key);
	if (conf_set(&conf, c->section, c->key, c->text, &why) < 0)
		fail_msg("%s", reason);
	conf_type_get(key->type)->print(conf_type_get(key->type),
		(is_level ? (const char *)conf_find_level(&conf, c->section + 6)
			  : (const char *)&conf) +
			key->offset,
		&printed);
	assert_string_equal(text, c->printed);
}

static void check_bad(const struct bad *c)
{
	char reason[CONF_ERROR_MAX] = "";
	struct buf why = BUF_ON(reason);
	static struct conf conf;
	const char *said;

	conf_defaults(&conf);
	if (conf_set(&conf, c->section, c->key, c->text, &why) == 0)
		fail_msg("%s.%s = %s was taken", c->section, c->key, c->text);
	said = strstr(reason, ": ");
	assert_non_null(said);
	assert_memory_equal(said + 2, c->reason, strlen(c->reason));
	assert_memory_equal(said + 2 + strlen(c->reason), " (allowed: ", 11);
	assert_non_null(strstr(reason, conf_key_find(c->section, c->key)->allowed));
}

#endif
