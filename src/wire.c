/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <errno.h>
#include <string.h>

static const char *const names[WIRE_COMMANDS] = {
	[WIRE_STATUS] = "status",
	[WIRE_DUMP] = "dump",
	[WIRE_SNAPSHOT] = "snapshot",
	[WIRE_DRAIN] = "drain",
	[WIRE_RESTART] = "restart",
	[WIRE_RELOAD] = "reload",
};

const char *wire_command_name(enum wire_command command)
{
	return command < WIRE_COMMANDS ? names[command] : "?";
}

struct cursor {
	const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\r'))
		c->at++;
}

static bool take(struct cursor *c, char wanted)
{
	skip_blanks(c);
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

/* A string without escapes: no word of ours needs one. */
static bool take_string(struct cursor *c, const char **ret_text, size_t *ret_len)
{
	const char *begin;

	if (!take(c, '"'))
		return false;
	begin = c->at;
	while (c->at < c->end && *c->at != '"') {
		if (*c->at == '\\' || (unsigned char)*c->at < ' ')
			return false;
		c->at++;
	}
	if (c->at == c->end)
		return false;
	*ret_text = begin;
	*ret_len = (size_t)(c->at++ - begin);
	return true;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(text, word, len);
}

int wire_parse_request(const char *line, size_t len, enum wire_command *ret_command)
{
	struct cursor c = { .at = line, .end = line + len };
	const char *key, *value, *command = NULL;
	size_t key_len, value_len, command_len = 0;

	if (!take(&c, '{'))
		return -EBADMSG;
	do {
		if (!take_string(&c, &key, &key_len) || !take(&c, ':') ||
			!take_string(&c, &value, &value_len))
			return -EBADMSG;
		if (!is_word(key, key_len, "command"))
			continue;
		if (command)
			return -EBADMSG; /* which one is meant? */
		command = value;
		command_len = value_len;
	} while (take(&c, ','));
	if (!take(&c, '}'))
		return -EBADMSG;
	skip_blanks(&c);
	if (c.at != c.end || !command)
		return -EBADMSG;
	for (unsigned i = 0; i < WIRE_COMMANDS; i++) {
		if (is_word(command, command_len, names[i])) {
			*ret_command = (enum wire_command)i;
			return 0;
		}
	}
	return -ENOENT;
}

void wire_print_request(enum wire_command command, struct buf *out)
{
	buf_printf(out, "{\"command\":\"%s\"}\n", wire_command_name(command));
}

void wire_print_reply(bool ok, const char *text, const char *status, struct buf *out)
{
	buf_printf(out, "{\"ok\":%s,\"text\":", ok ? "true" : "false");
	buf_json_string(out, text, strlen(text));
	if (status)
		buf_printf(out, ",\"status\":%s", status);
	buf_puts(out, "}\n");
}
