/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

/* Comma and key: what stands before any value. */
static void begin_value(struct json *j, const char *key)
{
	if (j->need_comma)
		buf_puts(j->out, ",");
	if (key)
		buf_printf(j->out, "\"%s\":", key);
	j->need_comma = true;
}

static void open_nest(struct json *j, const char *key, const char *bracket)
{
	begin_value(j, key);
	buf_puts(j->out, bracket);
	j->depth++;
	j->need_comma = false;
}

static void close_nest(struct json *j, const char *bracket)
{
	buf_puts(j->out, bracket);
	if (j->depth)
		j->depth--;
	/* After the outermost bracket a new document may begin. */
	j->need_comma = j->depth > 0;
}

void json_open_object(struct json *j, const char *key)
{
	open_nest(j, key, "{");
}

void json_close_object(struct json *j)
{
	close_nest(j, "}");
}

void json_open_array(struct json *j, const char *key)
{
	open_nest(j, key, "[");
}

void json_close_array(struct json *j)
{
	close_nest(j, "]");
}

void json_string(struct json *j, const char *key, const char *value)
{
	begin_value(j, key);
	buf_json_string(j->out, value, strlen(value));
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
	begin_value(j, key);
	buf_printf(j->out, "%" PRIu64, value);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	begin_value(j, key);
	buf_printf(j->out, "%" PRId64, value);
}

void json_milli(struct json *j, const char *key, int64_t value_milli)
{
	/* The unsigned negation also holds for INT64_MIN. */
	uint64_t size = value_milli < 0 ? 0 - (uint64_t)value_milli : (uint64_t)value_milli;

	begin_value(j, key);
	buf_printf(j->out, "%s%" PRIu64 ".%03" PRIu64, value_milli < 0 ? "-" : "", size / 1000,
		size % 1000);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin_value(j, key);
	buf_puts(j->out, value ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	begin_value(j, key);
	buf_puts(j->out, "null");
}
