/* SPDX-License-Identifier: Apache-2.0 */
/* keys.def as tables, and the one way to set a setting. */
#ifndef OOMGUARD_CONF_KEYS_H
#define OOMGUARD_CONF_KEYS_H

#include <stddef.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "conf/types.h"

struct conf_key {
	const char *section; /* "level" for the keys of a level */
	const char *name;
	enum conf_type_id type;
	size_t offset; /* in struct conf, or in struct conf_level */
	const char *initial;
	const char *help;
	const char *allowed;
};

/* In the order of keys.def. */
const struct conf_key *conf_keys(unsigned *ret_n);
const struct conf_key *conf_level_keys(unsigned *ret_n);

struct conf_level_default {
	const char *level, *key, *value;
};

const struct conf_level_default *conf_level_defaults(unsigned *ret_n);

/* The key of that section ("guard", "level NAME"); NULL. */
const struct conf_key *conf_key_find(const char *section, const char *key);

/*
 * Is there a section of that name ("guard", "level dump")? 0, or -EINVAL with "[NAME]: no such
 * section (allowed: ...)" in `why`.
 */
int conf_section_check(const char *section, struct buf *why);

/*
 * Sets one setting from text; a level that is not there yet is made. 0, or -EINVAL with
 * "SECTION.KEY: reason (allowed: ...)" in `why`; *conf may be half-written then.
 */
int conf_set(struct conf *conf, const char *section, const char *key, const char *value,
	struct buf *why);

/* Letters to insert, drop or replace to get from one word to the other; words up to 63 bytes. */
unsigned conf_word_distance(const char *a, const char *b);

#endif
