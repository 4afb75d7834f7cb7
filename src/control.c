/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: who may talk to the guard is its own user and root, and what they ask is one
 * line. Answers to what takes time (a dump) are sent when it is done; nobody who is slow to ask or
 * to read holds up anything.
 */
#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "http/health.h"
#include "reload.h"
#include "wire.h"

#define CONNECTIONS_MAX 4
#define BACKLOG		8
#define ASK_TIMEOUT_SEC 5

struct connection {
	int fd; /* 0: free. (fd 0 is the application's stdin, never ours) */
	struct event *event;
	struct ucred peer;
	bool waits; /* for the end of the list */
	size_t len;
	char line[WIRE_REQUEST_MAX];
};

static struct control {
	struct guard *guard;
	int fd; /* listening; 0: none */
	struct event *event;
	struct connection connections[CONNECTIONS_MAX];
	/* What the actions of the running request have said. */
	bool all_ok;
	char said[WIRE_REQUEST_MAX * 4];
} control;

static void hang_up(struct connection *c)
{
	if (c->event)
		event_free(c->event);
	close(c->fd);
	memset(c, 0, sizeof(*c));
}

/* What does not fit into the socket at once is not waited for. */
static void answer(struct connection *c, bool ok, const char *text, const char *status)
{
	static char reply[WIRE_REPLY_MAX];
	struct buf b = BUF_ON(reply);

	buf_reset(&b);
	wire_print_reply(ok, text, status, &b);
	if (!b.truncated)
		(void)!send(c->fd, b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	hang_up(c);
}

/* --- commands --- */

static void do_status(struct guard *g, struct connection *c)
{
	static char status[HEALTH_TEXT_MAX];
	static struct guard_view view;
	struct buf b = BUF_ON(status);

	view_fill(g, &view);
	buf_reset(&b);
	health_print_status(&view, &b);
	answer(c, !b.truncated, "", b.truncated ? "null" : status);
}

/* At once, or after the list that runs. NULL, or why not. */
static const char *fire_request(
	struct guard *g, const enum conf_action *actions, unsigned n, const struct ucred *peer)
{
	struct lists *l = &g->lists;
	struct buf reason = BUF_ON(l->reason[LISTS_REQUEST]);

	if (life_is_ending(g) || !g->keeper.child)
		return "the application does not run, or is being stopped";
	if ((l->waiting & (1u << LISTS_REQUEST)) ||
		(l->step != LIST_IDLE && l->level == LISTS_REQUEST))
		return "another request is being carried out";
	l->request = (struct conf_level){ .name = "request", .present = true, .n_actions = n };
	memcpy(l->request.actions, actions, n * sizeof(*actions));
	buf_reset(&reason);
	buf_printf(&reason, "asked by pid %d (uid %u)", (int)peer->pid, peer->uid);
	lists_fire(g, LISTS_REQUEST);
	return NULL;
}

static void ask_list(
	struct guard *g, struct connection *c, const enum conf_action *actions, unsigned n)
{
	const char *why;

	/* Before the list, which can be over when it returns. Without a timeout: it has deadlines.
	 */
	c->waits = true;
	event_remove_timer(c->event);
	why = fire_request(g, actions, n, &c->peer);
	if (why)
		answer(c, false, why, NULL);
}

static void do_dump(struct guard *g, struct connection *c)
{
	static const enum conf_action actions[] = { ACTION_SNAPSHOT, ACTION_HEAP_DUMP };

	ask_list(g, c, actions, ARRAY_LEN(actions));
}

static void do_snapshot(struct guard *g, struct connection *c)
{
	static const enum conf_action actions[] = { ACTION_SNAPSHOT };

	ask_list(g, c, actions, ARRAY_LEN(actions));
}

static void do_restart(struct guard *g, struct connection *c)
{
	static const enum conf_action actions[] = { ACTION_DRAIN, ACTION_RESTART };

	ask_list(g, c, actions, ARRAY_LEN(actions));
}

static void do_drain(struct guard *g, struct connection *c)
{
	if (!g->http) {
		answer(c, false, "http is off (http.listen): nobody could see it", NULL);
		return;
	}
	if (!g->drain_asked)
		log_notice("draining: asked by pid %d (uid %u); /readyz says 503 until the "
			   "application is started again",
			(int)c->peer.pid, c->peer.uid);
	g->drain_asked = true;
	answer(c, true, "draining: /readyz says 503 until the application is started again", NULL);
}

static void do_reload(struct guard *g, struct connection *c)
{
	char text[CONF_ERROR_MAX];
	int r = reload(g, text, sizeof(text));

	answer(c, r == 0, text, NULL);
}

static void (*const commands[WIRE_COMMANDS])(struct guard *g, struct connection *c) = {
	[WIRE_STATUS] = do_status,
	[WIRE_DUMP] = do_dump,
	[WIRE_SNAPSHOT] = do_snapshot,
	[WIRE_DRAIN] = do_drain,
	[WIRE_RESTART] = do_restart,
	[WIRE_RELOAD] = do_reload,
};

static void carry_out(struct guard *g, struct connection *c, size_t len)
{
	enum wire_command command;
	int r = wire_parse_request(c->line, len, &command);

	if (r == -ENOENT)
		answer(c, false, "no such command", NULL);
	else if (r < 0)
		answer(c, false, "not a request: one line such as {\"command\":\"status\"}", NULL);
	else
		commands[command](g, c);
}

/* --- the list of a request --- */

void control_say(struct guard *g, bool ok, const char *text)
{
	size_t len = strlen(control.said);
	struct buf b = { .data = control.said, .size = sizeof(control.said), .len = len };

	if (g->lists.level != LISTS_REQUEST)
		return;
	buf_printf(&b, "%s%s", len ? "; " : "", text);
	control.all_ok = control.all_ok && ok;
}

void control_list_begins(struct guard *g)
{
	(void)g;
	control.all_ok = true;
	control.said[0] = '\0';
}

void control_list_ends(struct guard *g)
{
	if (g->lists.level != LISTS_REQUEST)
		return;
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		if (control.connections[i].waits)
			answer(&control.connections[i], control.all_ok, control.said, NULL);
	control_list_begins(g); /* one that never began has nothing of this one to say */
}

/* --- the socket --- */

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	size_t room = sizeof(c->line) - c->len;
	char *newline;
	ssize_t n;

	if (what & EV_TIMEOUT) {
		hang_up(c);
		return;
	}
	n = recv(fd, c->waits ? c->line : c->line + c->len, c->waits ? sizeof(c->line) : room,
		MSG_DONTWAIT);
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			hang_up(c);
		return;
	}
	if (c->waits)
		return; /* one question a connection */
	c->len += (size_t)n;
	newline = memchr(c->line, '\n', c->len);
	if (newline)
		carry_out(control.guard, c, (size_t)(newline - c->line));
	else if (c->len == sizeof(c->line))
		answer(c, false, "the line is too long", NULL);
}

static struct connection *free_connection(void)
{
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		if (!control.connections[i].fd)
			return &control.connections[i];
	return NULL;
}

bool control_may(const struct ucred *peer)
{
	return peer->uid == 0 || peer->uid == geteuid();
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct guard *g = arg;
	struct connection overflow = { 0 };
	struct connection *c = free_connection();
	struct timeval timeout = { .tv_sec = ASK_TIMEOUT_SEC };
	socklen_t len = sizeof(c->peer);
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (conn < 0)
		return;
	if (!c)
		c = &overflow;
	c->fd = conn;
	/* The mode of the socket keeps others out; where somebody has changed it, this does. */
	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &c->peer, &len) < 0 ||
		!control_may(&c->peer)) {
		log_warning("control socket: refused pid %d (uid %u): not our user",
			(int)c->peer.pid, c->peer.uid);
		answer(c, false, "refused: only the guard's own user and root may ask", NULL);
		return;
	}
	if (c == &overflow) {
		answer(c, false, "too many are asking: try again", NULL);
		return;
	}
	c->event = event_new(g->base, conn, EV_READ | EV_PERSIST, on_readable, c);
	if (!c->event || event_add(c->event, &timeout) < 0)
		hang_up(c);
}

/* The path of the state directory may be longer than an address of a socket can be. */
int control_address(int dirfd, const char *dir, struct sockaddr_un *ret_address)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct buf b = BUF_ON(sa.sun_path);

	buf_printf(&b, "%s/%s", dir, WIRE_SOCKET);
	if (b.truncated) {
		buf_reset(&b);
		buf_printf(&b, "/proc/self/fd/%d/%s", dirfd, WIRE_SOCKET);
	}
	*ret_address = sa;
	return b.truncated ? -ENAMETOOLONG : 0;
}

int control_bind(const struct store *store, int *ret_fd)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un sa;
	mode_t mask;
	int r;

	if (fd < 0)
		return -errno;
	r = control_address(store->dirfd, store->path, &sa);
	if (r < 0)
		return r;
	/* The lock of the store says that nobody else lives here: what is left is of a past life.
	 */
	if (unlinkat(store->dirfd, WIRE_SOCKET, 0) < 0 && errno != ENOENT)
		return -errno;
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

void control_begin(struct guard *g)
{
	int r = g->control_error;

	if (g->store.dirfd < 0)
		return; /* said already */
	if (!r && listen(g->control_fd, BACKLOG) < 0)
		r = -errno;
	if (r < 0) {
		log_warning(
			"no control socket: %s/%s: %s", g->store.path, WIRE_SOCKET, strerror(-r));
		return;
	}
	control.fd = g->control_fd;
	control.guard = g;
	control.event = event_new(g->base, control.fd, EV_READ | EV_PERSIST, on_accept, g);
	if (control.event)
		event_add(control.event, NULL);
}

void control_end(struct guard *g, bool take_away)
{
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		if (control.connections[i].fd)
			hang_up(&control.connections[i]);
	if (control.fd && take_away)
		unlinkat(g->store.dirfd, WIRE_SOCKET, 0);
}
