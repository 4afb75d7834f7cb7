/* SPDX-License-Identifier: Apache-2.0 */
#include "http/probe.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define STATUS_LEN 12 /* of "HTTP/1.1 200" */

int probe_parse_status(const char *text, size_t len)
{
	int code = 0;

	if (memcmp(text, "HTTP/1.", MIN_OF(len, (size_t)7)) != 0)
		return -1;
	if (len < STATUS_LEN)
		return 0;
	for (unsigned i = 9; i < STATUS_LEN; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		code = code * 10 + (text[i] - '0');
	}
	return text[8] == ' ' && code >= 100 ? code : -1;
}

static void finish(struct probe *p, bool alive, const char *why)
{
	if (p->connection)
		bufferevent_free(p->connection);
	p->connection = NULL;
	p->told(p->arg, alive, why);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct probe *p = arg;
	char text[STATUS_LEN];
	ssize_t n = evbuffer_copyout(bufferevent_get_input(bev), text, sizeof(text));
	int code = probe_parse_status(text, n > 0 ? (size_t)n : 0);

	if (code == 0)
		return;
	if (code < 0)
		finish(p, false, "http.app-probe: the answer is no HTTP");
	else if (code >= 200 && code < 400)
		finish(p, true, "ok");
	else
		finish(p, false, "http.app-probe: the application says it is not well");
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		return;
	finish(arg, false,
		what & BEV_EVENT_TIMEOUT ? "http.app-probe: no answer in time"
					 : "http.app-probe: no answer");
}

int probe_ask(struct probe *p)
{
	struct timeval timeout = { .tv_sec = PROBE_TIMEOUT_SEC };
	auto_close int fd = -1;

	if (p->connection)
		return 0;
	/* Ours, because libevent's would not be close-on-exec. */
	fd = socket(p->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Deferred: a connection that is refused at once is told from the loop too. */
	p->connection = bufferevent_socket_new(
		p->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!p->connection)
		return -ENOMEM;
	take_fd(&fd);
	bufferevent_setcb(p->connection, on_read, NULL, on_event, p);
	bufferevent_set_timeouts(p->connection, &timeout, &timeout);
	bufferevent_setwatermark(p->connection, EV_READ, 0, 4096);
	bufferevent_write(p->connection, p->request, strlen(p->request));
	bufferevent_enable(p->connection, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(
		    p->connection, (struct sockaddr *)&p->address, p->address_len) < 0) {
		bufferevent_free(p->connection);
		p->connection = NULL;
		return -ECONNREFUSED;
	}
	return 0;
}

/* "HOST[:PORT]" of the URL. */
static int take_address(struct probe *p, const char *host, size_t len)
{
	int size = sizeof(p->address);
	char text[128];
	struct buf b = BUF_ON(text);

	buf_reset(&b);
	if (len >= 9 && !strncmp(host, "localhost", 9) && (len == 9 || host[9] == ':')) {
		buf_puts(&b, "127.0.0.1");
		host += 9;
		len -= 9;
	}
	buf_add(&b, host, len);
	if (!text[0] || b.truncated ||
		evutil_parse_sockaddr_port(text, (struct sockaddr *)&p->address, &size) < 0)
		return -EINVAL;
	/* The port is at the same place for both families. */
	if (!((struct sockaddr_in *)&p->address)->sin_port)
		((struct sockaddr_in *)&p->address)->sin_port = htons(80);
	p->address_len = size;
	return 0;
}

int probe_begin(
	struct probe *p, struct event_base *base, const char *url, probe_told told, void *arg)
{
	static const char scheme[] = "http://";
	const char *host = url + sizeof(scheme) - 1, *path;
	struct buf b = BUF_ON(p->request);
	size_t len;

	*p = (struct probe){ .base = base, .told = told, .arg = arg };
	if (!url[0])
		return 0;
	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return -EINVAL;
	len = strcspn(host, "/?#");
	path = host + len;
	buf_reset(&b);
	buf_printf(&b,
		"GET %s%.*s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: oomguard\r\n"
		"Accept: */*\r\nConnection: close\r\n\r\n",
		*path == '/' ? "" : "/", (int)strcspn(path, "#"), path, (int)len, host);
	return b.truncated ? -EINVAL : take_address(p, host, len);
}

bool probe_is_set(const struct probe *p)
{
	return p->address_len > 0;
}

void probe_end(struct probe *p)
{
	if (p->connection)
		bufferevent_free(p->connection);
	p->connection = NULL;
}
