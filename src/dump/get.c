/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/get.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "dump/wire.h"

#define HEAD_MAX  8192
#define BODY_READ (64u << 10)
#define LENGTH	  "content-length:"
#define ENCODING  "transfer-encoding:"

static int parse_length(const char *text, int64_t *ret)
{
	char *end;
	long long value;

	text += strspn(text, " \t");
	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || errno || value < 0 || !strchr("\r\n \t", *end))
		return -EBADMSG;
	*ret = value;
	return 0;
}

int get_parse_head(const char *text, struct get_head *ret)
{
	struct get_head head = { .length = -1 };

	if (strncmp(text, "HTTP/1.", 7) || sscanf(text, "HTTP/1.%*1[01] %3d", &head.status) != 1 ||
		head.status < 100)
		return -EBADMSG;
	for (const char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (!strncasecmp(line, LENGTH, strlen(LENGTH)) &&
			parse_length(line + strlen(LENGTH), &head.length) < 0)
			return -EBADMSG;
		/* Not allowed in an answer to HTTP/1.0. */
		if (!strncasecmp(line, ENCODING, strlen(ENCODING)))
			return -EBADMSG;
	}
	*ret = head;
	return 0;
}

static int send_request(const struct get *get, int fd)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
		"GET %s HTTP/1.0\r\nHost: localhost\r\nUser-Agent: oomguard\r\n\r\n", get->path);

	if (n < 0 || (size_t)n >= sizeof(text))
		return -ENAMETOOLONG;
	return wire_send_all(fd, get->until_usec, text, (size_t)n);
}

/* What came of the body with the head: how many bytes, at *ret_body; or -errno. */
static ssize_t read_head(const struct get *get, int fd, char text[HEAD_MAX + 1],
	struct get_head *head, char **ret_body)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = wire_read(fd, get->pidfd, get->until_usec, text + len, HEAD_MAX - len);
		char *end;
		int r;

		if (n < 0)
			return n;
		len += (size_t)n;
		text[len] = '\0';
		end = strstr(text, "\r\n\r\n");
		if (!end) {
			if (n == 0 || len == HEAD_MAX || memchr(text, '\0', len))
				return -EBADMSG;
			continue;
		}
		end[2] = '\0';
		r = get_parse_head(text, head);
		*ret_body = end + 4;
		return r < 0 ? r : text + len - *ret_body;
	}
}

static int read_body(const struct get *get, int fd, const struct get_head *head, const char *first,
	size_t n_first)
{
	static char data[BODY_READ];
	uint64_t total = n_first;
	int r = n_first ? get->each(get->arg, first, n_first) : 0;

	while (r == 0 && (head->length < 0 || total < (uint64_t)head->length)) {
		ssize_t n = wire_read(fd, get->pidfd, get->until_usec, data, sizeof(data));

		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		total += (uint64_t)n;
		if (total > get->max_bytes)
			return -EMSGSIZE;
		r = get->each(get->arg, data, (size_t)n);
	}
	if (r == 0 && head->length >= 0 && total != (uint64_t)head->length)
		return -EBADMSG;
	return r;
}

int get_body(const struct get *get, int *ret_status)
{
	struct get_head head = { .length = -1 };
	auto_close int fd = -1;
	char text[HEAD_MAX + 1], *body = NULL;
	ssize_t n;
	int r;

	*ret_status = 0;
	fd = wire_connect(get->address, get->address_len, get->until_usec);
	if (fd < 0)
		return fd;
	r = send_request(get, fd);
	if (r < 0)
		return r;
	n = read_head(get, fd, text, &head, &body);
	if (n < 0)
		return (int)n;
	*ret_status = head.status;
	if (head.status != 200)
		return -ENOENT;
	if (head.length > 0 && (uint64_t)head.length > get->max_bytes)
		return -EMSGSIZE;
	return read_body(get, fd, &head, body, (size_t)n);
}
