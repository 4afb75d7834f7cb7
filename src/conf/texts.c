/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that are text: words, paths, addresses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/types.h"

static int refuse(struct buf *why, const char *reason)
{
	buf_puts(why, reason);
	return -EINVAL;
}

static void store_text(const struct conf_type *t, const char *text, void *field)
{
	size_t len = MIN_OF(strlen(text), t->size - 1);

	memset(field, 0, t->size);
	memcpy(field, text, len);
}

int conf_parse_word(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	if (conf_name_find(t->names, text) < 0)
		return conf_refuse_word(why, text);
	store_text(t, text, field);
	return 0;
}

int conf_parse_text(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	if (strlen(text) >= t->size)
		return refuse(why, "too long");
	store_text(t, text, field);
	return 0;
}

void conf_print_text(const struct conf_type *t, const void *field, struct buf *out)
{
	(void)t;
	buf_puts(out, field);
}

int conf_parse_path(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	bool is_word = t->names && conf_name_find(t->names, text) >= 0;

	if (!is_word && text[0] != '/')
		return refuse(why, *text ? "not an absolute path" : "no value");
	return conf_parse_text(t, text, field, why);
}

int conf_parse_url(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	static const char scheme[] = "http://";

	if (*text && (strncmp(text, scheme, strlen(scheme)) || !text[strlen(scheme)]))
		return refuse(why, "not an http:// URL");
	return conf_parse_text(t, text, field, why);
}

int conf_parse_listen(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	const char *colon = strrchr(text, ':');
	char *end;
	long port;

	if (strcmp(text, "off")) {
		if (!colon || colon == text || !strchr("0123456789", colon[1]) || !colon[1])
			return refuse(why, "not ADDRESS:PORT");
		port = strtol(colon + 1, &end, 10);
		if (*end || port < 1 || port > 65535)
			return refuse(why, "no such port");
	}
	return conf_parse_text(t, text, field, why);
}
