/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the application's own liveness URL. One question at a time; nothing is initialised without
 * a URL. Alive is a status of 200 to 399, as Kubernetes has it.
 */
#ifndef OOMGUARD_HTTP_PROBE_H
#define OOMGUARD_HTTP_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define PROBE_TIMEOUT_SEC 5
#define PROBE_REQUEST_MAX 512

struct event_base;
struct bufferevent;

/* The answer: alive, or `why` not. The probe may be asked again from here. */
typedef void (*probe_told)(void *arg, bool alive, const char *why);

struct probe {
	struct event_base *base;
	struct sockaddr_storage address;
	int address_len; /* 0: no URL */
	char request[PROBE_REQUEST_MAX];
	struct bufferevent *connection; /* NULL: no question is under way */
	probe_told told;
	void *arg;
};

/* url: "" or http://HOST[:PORT][/PATH]; HOST is a number or localhost. 0 or -EINVAL. */
int probe_begin(
	struct probe *p, struct event_base *base, const char *url, probe_told told, void *arg);
/* Told later; while a question is under way its answer is this one's too. 0 or -errno. */
int probe_ask(struct probe *p);
void probe_end(struct probe *p);
bool probe_is_set(const struct probe *p);

/* Pure. "HTTP/1.1 204 ..." gives 204; 0: too short to say; -1: no HTTP. */
int probe_parse_status(const char *text, size_t len);

#endif
