/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/fcgi.h"

#include <string.h>

#include "base/cleanup.h"

enum {
	TYPE_BEGIN = 1,
	TYPE_END = 3,
	TYPE_PARAMS = 4,
	TYPE_STDIN = 5,
	TYPE_STDOUT = 6,
	TYPE_STDERR = 7
};

#define FCGI_VERSION 1
#define RESPONDER    1
#define STATUS	     "Status: "

void fcgi_reply_begin(struct fcgi_reply *r, char *out, size_t size)
{
	*r = (struct fcgi_reply){ .out = out, .size = size };
	out[0] = '\0';
}

static int take_head(struct fcgi_reply *r)
{
	uint8_t type = r->head[1];

	if (r->head[0] != FCGI_VERSION ||
		(type != TYPE_STDOUT && type != TYPE_STDERR && type != TYPE_END))
		return -EBADMSG;
	r->content = (size_t)r->head[4] << 8 | r->head[5];
	r->padding = r->head[6];
	return 0;
}

static int take_content(struct fcgi_reply *r, const void *data, size_t len)
{
	r->content -= len;
	if (r->head[1] != TYPE_STDOUT)
		return 0;
	if (len >= r->size - r->len)
		return -EMSGSIZE;
	memcpy(r->out + r->len, data, len);
	r->len += len;
	r->out[r->len] = '\0';
	return 0;
}

int fcgi_reply_feed(struct fcgi_reply *r, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len) {
		size_t part = 1;
		int e = 0;

		if (r->ended)
			return -EBADMSG;
		if (r->n_head < sizeof(r->head)) {
			r->head[r->n_head++] = *from;
			if (r->n_head == sizeof(r->head))
				e = take_head(r);
		} else if (r->content) {
			part = MIN_OF(len, r->content);
			e = take_content(r, from, part);
		} else {
			part = MIN_OF(len, r->padding);
			r->padding -= part;
		}
		if (e < 0)
			return e;
		from += part;
		len -= part;
		if (r->n_head == sizeof(r->head) && !r->content && !r->padding) {
			r->ended = r->head[1] == TYPE_END;
			r->n_head = 0;
		}
	}
	return 0;
}

static void put_head(uint8_t *out, uint8_t type, size_t len)
{
	const uint8_t head[8] = { FCGI_VERSION, type, 0, 1, (uint8_t)(len >> 8), (uint8_t)len, 0,
		0 };

	memcpy(out, head, sizeof(head));
}

int fcgi_print_request(const char *path, const char *query, uint8_t out[FCGI_REQUEST_MAX])
{
	const char *pairs[][2] = { { "REQUEST_METHOD", "GET" }, { "SCRIPT_NAME", path },
		{ "SCRIPT_FILENAME", path }, { "QUERY_STRING", query } };
	size_t len = 16 + 8, begin = len;

	memset(out, 0, FCGI_REQUEST_MAX);
	put_head(out, TYPE_BEGIN, 8);
	out[9] = RESPONDER;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		size_t name = strlen(pairs[i][0]), value = strlen(pairs[i][1]);

		if (value > 127)
			return -ENAMETOOLONG;
		out[len++] = (uint8_t)name;
		out[len++] = (uint8_t)value;
		memcpy(out + len, pairs[i][0], name);
		memcpy(out + len + name, pairs[i][1], value);
		len += name + value;
	}
	put_head(out + 16, TYPE_PARAMS, len - begin);
	put_head(out + len, TYPE_PARAMS, 0);
	put_head(out + len + 8, TYPE_STDIN, 0);
	return (int)len + 16;
}

const char *fcgi_find_body(const char *text)
{
	const char *body = strstr(text, "\r\n\r\n"), *status = strstr(text, STATUS);

	if (!body || (status && status < body && strncmp(status + strlen(STATUS), "200", 3)))
		return NULL;
	return body + 4;
}
