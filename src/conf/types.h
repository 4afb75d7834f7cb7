/* SPDX-License-Identifier: Apache-2.0 */
/* The types of settings: text to field and back. Each row of the table is one type of keys.def. */
#ifndef OOMGUARD_CONF_TYPES_H
#define OOMGUARD_CONF_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"

/* inih 55 reads lines into 200 bytes, newline and NUL included, and cuts what is longer. */
#define CONF_LINE_MAX 198

enum conf_type_id {
	CONF_TYPE_BASIS,
	CONF_TYPE_FORWARD,
	CONF_TYPE_MODE,
	CONF_TYPE_TRISTATE,
	CONF_TYPE_CMDLINE,
	CONF_TYPE_KIND,
	CONF_TYPE_LOG_LEVEL,
	CONF_TYPE_LOG_FORMAT,
	CONF_TYPE_BOOL,
	CONF_TYPE_INJECT,
	CONF_TYPE_COMPRESS,
	CONF_TYPE_BYTES,
	CONF_TYPE_BYTES_AUTO,
	CONF_TYPE_BYTES_AUTO_OR_0,
	CONF_TYPE_BYTES_NONE,
	CONF_TYPE_SHARE,
	CONF_TYPE_SHARE_SOME,
	CONF_TYPE_DURATION,
	CONF_TYPE_DURATION_NONE,
	CONF_TYPE_COUNT,
	CONF_TYPE_HOLD,
	CONF_TYPE_EXIT_CODE,
	CONF_TYPE_SIGNAL,
	CONF_TYPE_SIGNAL_NONE,
	CONF_TYPE_TEXT,
	CONF_TYPE_PATH,
	CONF_TYPE_PATH_AUTO,
	CONF_TYPE_LISTEN,
	CONF_TYPE_URL,
	CONF_TYPE_AMOUNT,
	CONF_TYPE_REWRITE,
	CONF_TYPE_REMAP,
	CONF_TYPE_TARGET,
	CONF_TYPE_BACKOFF,
	CONF_TYPE_ACTIONS,
	CONF_TYPE_COUNT_OF_TYPES,
};

struct conf_type {
	/*
	 * 0, or -EINVAL with the reason in `why`; the field may be half-written then. Bytes of the
	 * field that hold nothing stay zero, so that two equal settings are equal in memory.
	 */
	int (*parse)(const struct conf_type *type, const char *text, void *field, struct buf *why);
	/* What parse reads back. */
	void (*print)(const struct conf_type *type, const void *field, struct buf *out);
	const char *const *names; /* of the values 0, 1, ...; NULL at the end */
	uint64_t min, max;	  /* of numbers; max 0: no bound */
	const char *none;	  /* the word for 0 */
	size_t size;		  /* of the field, where it is text */
};

const struct conf_type *conf_type_get(enum conf_type_id id);

/* lists.c: the types that fill more than one field, found from the first of them. */
int conf_parse_rewrite(const struct conf_type *t, const char *text, void *field, struct buf *why);
void conf_print_rewrite(const struct conf_type *t, const void *field, struct buf *out);
int conf_parse_remap(const struct conf_type *t, const char *text, void *field, struct buf *why);
void conf_print_remap(const struct conf_type *t, const void *field, struct buf *out);
int conf_parse_target(const struct conf_type *t, const char *text, void *field, struct buf *why);
void conf_print_target(const struct conf_type *t, const void *field, struct buf *out);
int conf_parse_backoff(const struct conf_type *t, const char *text, void *field, struct buf *why);
void conf_print_backoff(const struct conf_type *t, const void *field, struct buf *out);
int conf_parse_actions(const struct conf_type *t, const char *text, void *field, struct buf *why);
void conf_print_actions(const struct conf_type *t, const void *field, struct buf *out);

/* texts.c */
int conf_parse_word(const struct conf_type *t, const char *text, void *field, struct buf *why);
int conf_parse_text(const struct conf_type *t, const char *text, void *field, struct buf *why);
int conf_parse_path(const struct conf_type *t, const char *text, void *field, struct buf *why);
int conf_parse_url(const struct conf_type *t, const char *text, void *field, struct buf *why);
int conf_parse_listen(const struct conf_type *t, const char *text, void *field, struct buf *why);
void conf_print_text(const struct conf_type *t, const void *field, struct buf *out);

/* Says in `why` that `text` is none of the words; -EINVAL. */
int conf_refuse_word(struct buf *why, const char *text);

/* Index of `text` in a list of names that ends with NULL; -EINVAL. */
int conf_name_find(const char *const *names, const char *text);

#endif
