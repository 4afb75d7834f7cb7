/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/inspector.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "dump/get.h"
#include "dump/hook.h"
#include "dump/listeners.h"
#include "dump/wire.h"

#define WORDS_MAX    (64u << 10)
#define LIST_MAX     (16u << 10)
#define UPGRADED     "HTTP/1.1 101 "
#define UPGRADE_MAX  2048
#define INSPECT_WORD "--inspect"

unsigned inspector_parse_port(const char *words, size_t len)
{
	const char *end = words + len;
	unsigned port = 0;

	while (words < end) {
		size_t n = 0, skip = strlen(INSPECT_WORD);
		char word[64];

		while (words + n < end && words[n] && words[n] != ' ')
			n++;
		snprintf(word, sizeof(word), "%.*s", (int)MIN_OF(n, sizeof(word) - 1), words);
		words += n + 1;
		if (strncmp(word, INSPECT_WORD, skip) != 0)
			continue;
		if (!strncmp(word + skip, "-brk", 4))
			skip += 4;
		else if (!strncmp(word + skip, "-wait", 5))
			skip += 5;
		if (!word[skip])
			port = INSPECTOR_PORT;
		else if (word[skip] == '=') {
			const char *colon = strrchr(word, ':'), *text = colon ? colon : word + skip;
			int value = atoi(text + 1);

			/* "=HOST" alone keeps the port. */
			port = value > 0 && value < 65536 && !strchr(text + 1, '.')
				       ? (unsigned)value
				       : INSPECTOR_PORT;
		}
	}
	return port;
}

static unsigned find_port(pid_t pid)
{
	static const char *const files[] = { "cmdline", "environ" };
	auto_free char *text = malloc(WORDS_MAX);
	unsigned port = 0;

	for (size_t i = 0; text && i < ARRAY_LEN(files) && !port; i++) {
		const char *words = text, *value;
		char path[48];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, files[i]);
		n = file_read_text(AT_FDCWD, path, text, WORDS_MAX);
		if (n == -EFBIG)
			n = WORDS_MAX - 1;
		if (n <= 0)
			continue;
		if (i == 1) {
			value = hook_find_variable(text, (size_t)n, "NODE_OPTIONS");
			words = value ? value : "";
			n = (ssize_t)strlen(words);
		}
		port = inspector_parse_port(words, (size_t)n);
	}
	return port;
}

int inspector_parse_list(const char *json, char out[INSPECTOR_PATH_MAX])
{
	static const char key[] = "\"webSocketDebuggerUrl\"";
	const char *at = strstr(json, key);
	size_t n;

	at = at ? strstr(at + strlen(key), "\"ws://") : NULL;
	at = at ? strchr(at + strlen("\"ws://"), '/') : NULL;
	if (!at)
		return -EBADMSG;
	n = strspn(at, "/-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (n < 2 || n >= INSPECTOR_PATH_MAX || at[n] != '"')
		return -EBADMSG;
	snprintf(out, INSPECTOR_PATH_MAX, "%.*s", (int)n, at);
	return 0;
}

static int take_text(void *arg, const void *data, size_t len)
{
	buf_add(arg, data, len);
	return 0;
}

static int read_path(
	const struct inspector *in, const struct listener *l, char out[INSPECTOR_PATH_MAX])
{
	char text[LIST_MAX];
	struct buf list = BUF_ON(text);
	struct get get = {
		.address = &l->address.any,
		.address_len = l->len,
		.path = "/json/list",
		.pidfd = in->pidfd,
		.until_usec = in->until_usec,
		.max_bytes = LIST_MAX - 1,
		.each = take_text,
		.arg = &list,
	};
	int status, r;

	buf_reset(&list);
	r = get_body(&get, &status);
	return r < 0 ? r : inspector_parse_list(text, out);
}

/* Byte by byte: what follows the head is a frame already. */
static int upgrade(struct inspector *in, const char *path)
{
	char text[UPGRADE_MAX];
	size_t len = (size_t)snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: "
		"Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: b29tZ3VhcmQgaXMgaGVyZQ==\r\n\r\n",
		path);
	int r = wire_send_all(in->fd, in->until_usec, text, len);

	for (len = 0; r == 0; len++) {
		if (len == sizeof(text) - 1)
			return -EBADMSG;
		r = wire_read_all(in->fd, in->pidfd, in->until_usec, text + len, 1);
		text[len + 1] = '\0';
		if (len >= 3 && !strcmp(text + len - 3, "\r\n\r\n"))
			return strncmp(text, UPGRADED, strlen(UPGRADED)) ? -EBADMSG : 0;
	}
	return r;
}

int inspector_open(pid_t pid, uint64_t until_usec, struct inspector *ret)
{
	struct listener list[LISTENERS_MAX];
	char path[INSPECTOR_PATH_MAX];
	unsigned port = find_port(pid);
	int n, r = -ENOENT;

	*ret = INSPECTOR_NONE;
	if (!port)
		return -ENOENT;
	ret->until_usec = until_usec;
	ret->pidfd = wire_open_pidfd(pid);
	n = listeners_find(pid, list);
	if (n > 0 && listeners_enter_network(pid) < 0)
		return -EPERM;
	for (int i = 0; i < n && r == -ENOENT; i++) {
		/* v4 and v6 have their port at the same place. */
		if (ntohs(list[i].address.v4.sin_port) != port)
			continue;
		r = read_path(ret, &list[i], path);
		if (r < 0)
			continue;
		ret->fd = wire_connect(&list[i].address.any, list[i].len, until_usec);
		r = ret->fd < 0 ? ret->fd : upgrade(ret, path);
	}
	return r;
}

void inspector_close(struct inspector *in)
{
	cleanup_close(&in->fd);
	cleanup_close(&in->pidfd);
	*in = INSPECTOR_NONE;
}

static int ask(struct inspector *in, const char *method, struct cdp *c)
{
	static uint8_t data[64 << 10];
	char text[100];
	size_t len;
	int r;

	snprintf(text, sizeof(text), "{\"id\":%d,\"method\":\"%s\"}", c->want, method);
	len = cdp_frame(text, data, sizeof(data));
	r = wire_send_all(in->fd, in->until_usec, data, len);
	while (r == 0 && !c->replied) {
		ssize_t n = wire_read(in->fd, in->pidfd, in->until_usec, data, sizeof(data));

		if (n <= 0)
			return n < 0 ? (int)n : -EBADMSG;
		r = cdp_feed(c, data, (size_t)n);
	}
	return r == 0 && c->failed ? -EOPNOTSUPP : r;
}

int inspector_read_used(struct inspector *in, uint64_t *ret_bytes)
{
	static struct cdp c;
	int r;

	cdp_begin(&c, NULL, NULL, 0, ++in->id);
	r = ask(in, "Runtime.getHeapUsage", &c);
	return r < 0 ? r : hook_find_number(c.text, "usedSize", ret_bytes) ? 0 : -EBADMSG;
}

int inspector_snapshot(struct inspector *in, uint64_t max_bytes, cdp_fn each, void *arg)
{
	static struct cdp c;

	cdp_begin(&c, each, arg, max_bytes, ++in->id);
	return ask(in, "HeapProfiler.takeHeapSnapshot", &c);
}
