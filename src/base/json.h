/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON writer over a struct buf, for places where nothing may allocate (snapshots in an emergency).
 * Commas and nesting are its business; keys must be string literals without special characters.
 * Reading JSON is jansson's work, on cold paths.
 */
#ifndef OOMGUARD_BASE_JSON_H
#define OOMGUARD_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
	struct buf *out;
	unsigned depth;
	bool need_comma;
};

/* Jansson has functions of two of these names: to the linker ours go by others. */
#define JSON_SYMBOL(name) __asm__("oomguard_" name)

/* `key` is NULL inside arrays and at the top. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);
void json_string(struct json *j, const char *key, const char *value) JSON_SYMBOL("json_string");
void json_uint(struct json *j, const char *key, uint64_t value);
void json_int(struct json *j, const char *key, int64_t value);
/* thousandths printed as a decimal: 1234 -> 1.234 */
void json_milli(struct json *j, const char *key, int64_t value_milli);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key) JSON_SYMBOL("json_null");

#endif
