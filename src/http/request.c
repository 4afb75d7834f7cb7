/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* Where the head ends: an empty line; bare newlines are taken too (RFC 9112, 2.2). */
static const char *find_end(const char *text, size_t len)
{
	const char *crlf = memmem(text, len, "\r\n\r\n", 4);
	const char *lf = memmem(text, len, "\n\n", 2);

	if (crlf && lf)
		return MIN_OF(crlf, lf);
	return crlf ? crlf : lf;
}

static size_t line_length(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	size_t len = (size_t)((newline ? newline : end) - at);

	return len && at[len - 1] == '\r' ? len - 1 : len;
}

static void take_path(const char *target, size_t len, char path[REQUEST_PATH_MAX])
{
	const char *query = memchr(target, '?', len);

	if (query)
		len = (size_t)(query - target);
	if (len >= REQUEST_PATH_MAX)
		len = 0;
	memcpy(path, target, len);
	path[len] = '\0';
}

/* "GET /metrics HTTP/1.1" */
static int parse_line(const char *line, size_t len, struct request *r)
{
	const char *end = line + len, *target, *version;

	target = memchr(line, ' ', len);
	if (!target || target == line)
		return 400;
	version = memchr(target + 1, ' ', (size_t)(end - target - 1));
	if (!version || target[1] != '/')
		return 400;
	if (end - version != 9 || memcmp(version, " HTTP/", 6) != 0)
		return 400;
	if (version[6] != '1' || version[7] != '.')
		return 505;
	r->head = target - line == 4 && !memcmp(line, "HEAD", 4);
	if (!r->head && (target - line != 3 || memcmp(line, "GET", 3) != 0))
		return 405;
	take_path(target + 1, (size_t)(version - target - 1), r->path);
	return 200;
}

/* A list may come in several lines; the first one must do. */
static void take_accept(const char *line, size_t len, struct request *r)
{
	static const char name[] = "Accept:";
	size_t skip = sizeof(name) - 1;

	if (len < skip || strncasecmp(line, name, skip) != 0 || r->accept[0])
		return;
	len = MIN_OF(len - skip, sizeof(r->accept) - 1);
	memcpy(r->accept, line + skip, len);
	r->accept[len] = '\0';
}

int request_parse(const char *text, size_t len, struct request *ret)
{
	struct request r = { .head = false };
	const char *end, *at = text;
	int status;

	/* Empty lines in front of a request are allowed. */
	while (len && (*at == '\r' || *at == '\n')) {
		at++;
		len--;
	}
	end = find_end(at, len);
	if (!end)
		return 0;
	if (memchr(at, '\0', (size_t)(end - at)))
		return 400;
	status = parse_line(at, line_length(at, end), &r);
	if (status != 200)
		return status;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		take_accept(at, line_length(at, end), &r);
		at = newline ? newline + 1 : end;
	}
	*ret = r;
	return 200;
}

const char *request_status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 431, "Request Header Fields Too Large" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "?";
}
