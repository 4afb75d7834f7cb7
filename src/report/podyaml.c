/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pod.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <yaml.h>

/* Pods nest about 12 deep. Bounded, and aliases not followed: a small text cannot become a big one.
 */
#define DEPTH_MAX 32

/* A node under construction: its value, and the key that waits for one. */
struct frame {
	json_t *value;
	char *key; /* owned; NULL: the next scalar is a key, or this is an array */
};

struct build {
	struct frame frames[DEPTH_MAX];
	unsigned depth;
	json_t *documents;
};

/* Takes `value` over. False: there is no place for it. */
static bool place(struct build *b, json_t *value)
{
	struct frame *f = b->depth ? &b->frames[b->depth - 1] : NULL;
	int r;

	if (!value)
		return false;
	if (!f)
		return json_array_append_new(b->documents, value) == 0;
	if (json_is_array(f->value))
		return json_array_append_new(f->value, value) == 0;
	if (!f->key) {
		/* A mapping as a key, which JSON has not. */
		json_decref(value);
		return false;
	}
	r = json_object_set_new_nocheck(f->value, f->key, value);
	free(f->key);
	f->key = NULL;
	return r == 0;
}

static bool open_node(struct build *b, json_t *value)
{
	json_t *borrowed = value;

	if (b->depth == DEPTH_MAX) {
		json_decref(value);
		return false;
	}
	if (!place(b, value))
		return false;
	b->frames[b->depth++] = (struct frame){ .value = borrowed };
	return true;
}

static bool add_scalar(struct build *b, const yaml_event_t *e)
{
	struct frame *f = b->depth ? &b->frames[b->depth - 1] : NULL;
	const char *text = (const char *)e->data.scalar.value;

	if (f && json_is_object(f->value) && !f->key) {
		f->key = strdup(text);
		return f->key != NULL;
	}
	return place(b, json_stringn_nocheck(text, e->data.scalar.length));
}

static bool close_node(struct build *b)
{
	if (!b->depth)
		return false;
	b->depth--;
	free(b->frames[b->depth].key);
	b->frames[b->depth].key = NULL;
	return true;
}

static bool take_yaml_event(struct build *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_MAPPING_START_EVENT:
		return open_node(b, json_object());
	case YAML_SEQUENCE_START_EVENT:
		return open_node(b, json_array());
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return close_node(b);
	case YAML_SCALAR_EVENT:
		return add_scalar(b, e);
	case YAML_ALIAS_EVENT:
		return place(b, json_null());
	default:
		return true;
	}
}

json_t *podyaml_load(const char *text, size_t len, size_t *ret_line)
{
	struct build b = { .documents = json_array() };
	bool good = b.documents != NULL, more = true;
	yaml_parser_t parser;
	yaml_event_t event;

	if (!good || !yaml_parser_initialize(&parser)) {
		json_decref(b.documents);
		*ret_line = 0;
		return NULL;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (good && more) {
		good = yaml_parser_parse(&parser, &event);
		if (!good)
			break;
		*ret_line = event.start_mark.line + 1;
		more = event.type != YAML_STREAM_END_EVENT;
		good = take_yaml_event(&b, &event);
		yaml_event_delete(&event);
	}
	if (!good && parser.error)
		*ret_line = parser.problem_mark.line + 1;
	yaml_parser_delete(&parser);
	while (b.depth)
		close_node(&b);
	if (good)
		return b.documents;
	json_decref(b.documents);
	return NULL;
}
