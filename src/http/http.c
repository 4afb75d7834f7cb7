/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "http/health.h"
#include "http/metrics.h"
#include "http/probe.h"
#include "http/request.h"

/* What waits to be accepted. */
#define BACKLOG 64
/* While the application is being asked: has an excuse come up? Kubelets wait a second by default.
 */
#define EXCUSE_MSEC 200
/* No fd left, for example: accepting again at once would spin. */
#define PAUSE_SEC 1

/* One reply at a time: the connection takes a copy. */
static char reply_text[METRICS_TEXT_MAX];

struct connection {
	struct http *http;
	struct bufferevent *bev; /* NULL: free */
	uint64_t number;	 /* the smallest is the oldest */
	bool replied;
	bool asks_probe; /* waits for the application's answer */
	struct request request;
};

struct http {
	struct event_base *base;
	int fd;
	struct event *event;  /* somebody wants to connect */
	struct event *resume; /* accepting again after an error */
	struct event *excuse; /* looking for an excuse while the application is asked */
	struct connection connections[HTTP_CONNECTIONS_MAX];
	uint64_t n_accepted;
	struct probe probe;
	http_look look;
	void *arg;
};

static void hang_up(struct connection *c)
{
	bufferevent_free(c->bev);
	c->bev = NULL;
	c->asks_probe = c->replied = false;
}

/* --- replies --- */

/* The connection ends with the reply: scrapes and probes are rare. */
static void reply(struct connection *c, int status, const char *type, const char *text, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	c->asks_probe = false;
	c->replied = true;
	evbuffer_add_printf(out,
		"HTTP/1.1 %d %s\r\n"
		"Content-Type: %s\r\n"
		"Content-Length: %zu\r\n"
		"%s"
		"Cache-Control: no-store\r\n"
		"X-Content-Type-Options: nosniff\r\n"
		"Connection: close\r\n\r\n",
		status, request_status_text(status), type, len,
		status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (!c->request.head)
		evbuffer_add(out, text, len);
}

static void reply_line(struct connection *c, int status, const char *line)
{
	struct buf b = BUF_ON(reply_text);

	buf_reset(&b);
	buf_printf(&b, "%s\n", line);
	reply(c, status, "text/plain; charset=utf-8", b.data, b.len);
}

static void serve_metrics(struct connection *c, const struct guard_view *view)
{
	enum metrics_format format = metrics_choose(c->request.accept);
	struct buf b = BUF_ON(reply_text);

	metrics_print(view, format, &b);
	reply(c, 200, metrics_content_type(format), b.data, b.len);
}

static void serve_status(struct connection *c, const struct guard_view *view)
{
	struct buf b = BUF_ON(reply_text);

	buf_reset(&b);
	health_print_status(view, &b);
	buf_puts(&b, "\n");
	reply(c, 200, "application/json", b.data, b.len);
}

static void serve_ready(struct connection *c, const struct guard_view *view)
{
	struct health health = health_ready(view);

	reply_line(c, health.code, health.text);
}

static void answer_all(struct http *h, bool alive, const char *why)
{
	event_del(h->excuse);
	for (unsigned i = 0; i < ARRAY_LEN(h->connections); i++)
		if (h->connections[i].asks_probe)
			reply_line(&h->connections[i], alive ? 200 : 503, alive ? "ok" : why);
}

static bool is_excused(struct http *h)
{
	static struct guard_view view;

	h->look(h->arg, &view);
	return health_excuses(&view);
}

static void on_probe(void *arg, bool alive, const char *why)
{
	struct http *h = arg;

	/* A dump may have begun since the question. */
	answer_all(h, alive || is_excused(h), why);
}

/* An application that is stopped for its dump does not answer: nobody has to wait for that. */
static void on_excuse(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd;
	(void)what;
	if (is_excused(h))
		answer_all(h, true, "");
}

static void serve_live(struct connection *c, const struct guard_view *view)
{
	struct health health = health_live(view);
	struct probe *probe = &c->http->probe;

	if (health.code != 200 || !probe_is_set(probe) || health_excuses(view)) {
		reply_line(c, health.code, health.text);
	} else if (probe_ask(probe) < 0) {
		reply_line(c, 503, "http.app-probe: the application cannot be asked");
	} else {
		c->asks_probe = true;
		event_add(c->http->excuse, &(struct timeval){ .tv_usec = EXCUSE_MSEC * 1000 });
	}
}

static const struct page {
	const char *path;
	void (*serve)(struct connection *c, const struct guard_view *view);
} pages[] = {
	{ "/metrics", serve_metrics },
	{ "/livez", serve_live },
	{ "/readyz", serve_ready },
	{ "/status", serve_status },
};

static void serve(struct connection *c)
{
	static struct guard_view view;

	for (unsigned i = 0; i < ARRAY_LEN(pages); i++) {
		if (strcmp(c->request.path, pages[i].path))
			continue;
		c->http->look(c->http->arg, &view);
		pages[i].serve(c, &view);
		return;
	}
	reply_line(c, 404, "there are /metrics, /livez, /readyz and /status");
}

/* --- connections --- */

static void on_read(struct bufferevent *bev, void *arg)
{
	static char head[HTTP_HEAD_MAX];
	struct connection *c = arg;
	ssize_t n = evbuffer_copyout(bufferevent_get_input(bev), head, sizeof(head));
	int status = request_parse(head, n > 0 ? (size_t)n : 0, &c->request);

	if (status == 0 && n < (ssize_t)sizeof(head))
		return;
	bufferevent_disable(bev, EV_READ); /* one request a connection */
	if (status == 200)
		serve(c);
	else
		reply_line(c, status ? status : 431, request_status_text(status ? status : 431));
}

/* Nothing is left to write: at first, and when all of the reply has gone out. */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct connection *c = arg;

	if (!c->replied)
		return;
	/* What the client has sent and we have not read would make the close a reset. */
	shutdown(bufferevent_getfd(bev), SHUT_WR);
	hang_up(c);
}

/* End, error or timeout: the same to us. */
static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	hang_up(arg);
}

/* A free one, else the oldest is taken: idle ones cannot lock out a scrape. */
static struct connection *choose_connection(struct http *h)
{
	struct connection *oldest = &h->connections[0];

	for (unsigned i = 0; i < ARRAY_LEN(h->connections); i++) {
		struct connection *c = &h->connections[i];

		if (!c->bev)
			return c;
		if (c->number < oldest->number)
			oldest = c;
	}
	hang_up(oldest);
	return oldest;
}

static void on_connect(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;
	struct timeval timeout = { .tv_sec = HTTP_IDLE_SEC };
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *c;

	(void)what;
	if (conn < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			event_del(h->event);
			event_add(h->resume, &(struct timeval){ .tv_sec = PAUSE_SEC });
		}
		return;
	}
	c = choose_connection(h);
	c->bev = bufferevent_socket_new(h->base, conn, BEV_OPT_CLOSE_ON_FREE);
	if (!c->bev) {
		close(conn);
		return;
	}
	c->http = h;
	c->number = h->n_accepted++;
	c->request = (struct request){ .head = false };
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_set_timeouts(c->bev, &timeout, &timeout);
	bufferevent_setwatermark(c->bev, EV_READ, 0, HTTP_HEAD_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd;
	(void)what;
	event_add(h->event, NULL);
}

/* --- start and end --- */

/* 0 or -errno; *ret_fd owned. */
static int listen_at(const char *address, int *ret_fd)
{
	auto_close int fd = -1;
	struct sockaddr_storage sa;
	int len = sizeof(sa);

	memset(&sa, 0, sizeof(sa));
	/* Numbers only: looking up names would hold up the loop. */
	if (evutil_parse_sockaddr_port(address, (struct sockaddr *)&sa, &len) < 0)
		return -EINVAL;
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&sa, (socklen_t)len) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int set_up(struct http *h, const char *address, const char *app_probe)
{
	int r = listen_at(address, &h->fd);

	if (r < 0)
		return r;
	if (probe_begin(&h->probe, h->base, app_probe, on_probe, h) < 0)
		return -EDESTADDRREQ;
	h->event = event_new(h->base, h->fd, EV_READ | EV_PERSIST, on_connect, h);
	h->resume = event_new(h->base, -1, 0, on_resume, h);
	h->excuse = event_new(h->base, -1, EV_PERSIST, on_excuse, h);
	return h->event && h->resume && h->excuse && !event_add(h->event, NULL) ? 0 : -ENOMEM;
}

int http_open(struct event_base *base, const char *address, const char *app_probe, http_look look,
	void *arg, struct http **ret_http)
{
	struct http *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->base = base;
	h->fd = -1;
	h->look = look;
	h->arg = arg;
	r = set_up(h, address, app_probe);
	if (r < 0) {
		http_close(h);
		return r;
	}
	*ret_http = h;
	return 0;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	probe_end(&h->probe);
	for (unsigned i = 0; i < ARRAY_LEN(h->connections); i++)
		if (h->connections[i].bev)
			hang_up(&h->connections[i]);
	if (h->event)
		event_free(h->event);
	if (h->resume)
		event_free(h->resume);
	if (h->excuse)
		event_free(h->excuse);
	cleanup_close(&h->fd);
	free(h);
}
