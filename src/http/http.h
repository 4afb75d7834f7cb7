/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: /metrics, /livez, /readyz, /status; GET and HEAD, one request a connection. Off
 * unless http.listen says where; then nothing of it is initialised. No content of a dump is ever
 * served. It is built on libevent's buffered sockets and not on its evhttp, whose version 2.1 can
 * neither bound the connections nor tell when one ends.
 *
 * At most HTTP_CONNECTIONS_MAX connections: the oldest is closed for a new one, so that idle ones
 * cannot lock out a scrape. Idle ones are closed after HTTP_IDLE_SEC.
 */
#ifndef OOMGUARD_HTTP_HTTP_H
#define OOMGUARD_HTTP_HTTP_H

#include "http/view.h"

#define HTTP_CONNECTIONS_MAX 32
#define HTTP_IDLE_SEC	     5
#define HTTP_HEAD_MAX	     8192

struct event_base;
struct http;

/* Fills *ret_view with the state of now. */
typedef void (*http_look)(void *arg, struct guard_view *ret_view);

/*
 * Listens at "ADDRESS:PORT" (numeric; "[::]:9464"). app_probe: "" or the URL of http.app-probe,
 * which /livez asks. Owned until http_close. 0 or -errno (-EINVAL: no such address;
 * -EDESTADDRREQ: no URL that can be asked).
 */
int http_open(struct event_base *base, const char *listen, const char *app_probe, http_look look,
	void *arg, struct http **ret_http);
void http_close(struct http *h);

#endif
