/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "control.h"

#define FALLBACK_PARENT "/dev/shm"
#define INSTANCES_MAX	64
/* How long to wait until a guard that has no time accepts. */
#define AGAIN_MSEC 20

int ask_connect_in(const char *dir)
{
	auto_close int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = -1;
	struct sockaddr_un sa;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int r;

	if (dirfd < 0)
		return -errno;
	/* NONBLOCK: a guard that is stopped does not accept, and its queue is full at some time. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = control_address(dirfd, dir, &sa);
	if (r < 0)
		return r;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (peer.pid <= 0)
		return -ESRCH;
	return take_fd(&fd);
}

/* What is more telling than "not there" is kept for the message. */
static void keep_worst(int r, int *worst)
{
	if (*worst == -ENOENT || *worst == -ECONNREFUSED)
		*worst = r;
}

static int visit_fallback(int (*visit)(const char *dir, void *arg), void *arg, int *worst)
{
	auto_closedir DIR *parent = opendir(FALLBACK_PARENT);
	struct dirent *entry;
	char path[512];
	struct stat st;
	int r;

	while (parent && (entry = readdir(parent))) {
		if (strncmp(entry->d_name, "oomguard-", 9) != 0)
			continue;
		/* Everybody can make a directory there. */
		if (fstatat(dirfd(parent), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISDIR(st.st_mode) || (st.st_uid != geteuid() && geteuid() != 0))
			continue;
		snprintf(path, sizeof(path), FALLBACK_PARENT "/%s", entry->d_name);
		r = visit(path, arg);
		if (r >= 0)
			return r;
		keep_worst(r, worst);
	}
	return -ENOENT;
}

int ask_places(const char *state_dir, int (*visit)(const char *dir, void *arg), void *arg)
{
	int r = visit(state_dir, arg), worst = r;
	char path[512];

	for (unsigned i = 2; r < 0 && i <= INSTANCES_MAX; i++) {
		snprintf(path, sizeof(path), "%s/instance-%u", state_dir, i);
		if (access(path, F_OK) < 0)
			break;
		r = visit(path, arg);
		keep_worst(r < 0 ? r : worst, &worst);
	}
	if (r < 0)
		r = visit_fallback(visit, arg, &worst);
	return r < 0 ? worst : r;
}

static int connect_to(const char *dir, void *arg)
{
	(void)arg;
	return ask_connect_in(dir);
}

/* fd or -errno. */
static int connect_guard(const char *state_dir, uint64_t until_usec)
{
	int fd;

	while ((fd = ask_places(state_dir, connect_to, NULL)) == -EAGAIN &&
		clock_now_usec() < until_usec)
		poll(NULL, 0, AGAIN_MSEC);
	return fd == -EAGAIN ? -ETIMEDOUT : fd;
}

/* One line, the newline taken off. The length or -errno. */
static int read_line(int fd, uint64_t until_usec, char reply[WIRE_REPLY_MAX])
{
	size_t len = 0;

	while (len < WIRE_REPLY_MAX - 1) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = clock_now_usec();
		char *newline;
		ssize_t n;

		if (now >= until_usec)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)MIN_OF((until_usec - now) / USEC_PER_MSEC + 1, 60000u)) <= 0)
			continue;
		n = read(fd, reply + len, WIRE_REPLY_MAX - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		len += (size_t)n;
		reply[len] = '\0';
		newline = strchr(reply, '\n');
		if (newline) {
			*newline = '\0';
			return (int)(newline - reply);
		}
	}
	return -EMSGSIZE;
}

int ask_say_why(const char *state_dir, int r)
{
	if (r == -ENOENT || r == -ECONNREFUSED || r == -ENOTDIR || r == -ESRCH)
		fprintf(stderr, "oomguard: no guard is running: no answer at %s/%s%s\n", state_dir,
			WIRE_SOCKET, r == -ESRCH ? " from this container" : "");
	else
		fprintf(stderr, "oomguard: the guard cannot be asked: %s/%s: %s\n", state_dir,
			WIRE_SOCKET, strerror(-r));
	return r == -ECONNREFUSED || r == -ENOTDIR || r == -ESRCH ? -ENOENT : r;
}

int ask_guard_within(const struct conf *conf, enum wire_command command, uint64_t patience_usec,
	char reply[WIRE_REPLY_MAX])
{
	uint64_t until_usec = clock_now_usec() + patience_usec;
	auto_close int fd = connect_guard(conf->guard.state_dir, until_usec);
	char request[WIRE_REQUEST_MAX];
	struct buf b = BUF_ON(request);
	int r;

	if (fd < 0)
		return fd;
	buf_reset(&b);
	wire_print_request(command, &b);
	/* Who is refused may have been answered and hung up on before he has asked. */
	if (send(fd, b.data, b.len, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return -errno;
	r = read_line(fd, until_usec, reply);
	return r < 0 ? r : 0;
}

int ask_guard(const struct conf *conf, enum wire_command command, char reply[WIRE_REPLY_MAX])
{
	int r = ask_guard_within(
		conf, command, conf->dump.deadline_usec + ASK_PATIENCE_USEC, reply);

	return r < 0 ? ask_say_why(conf->guard.state_dir, r) : 0;
}

static enum wire_command find_command(const char *name)
{
	unsigned i = 0;

	while (i < WIRE_COMMANDS - 1 && strcmp(wire_command_name((enum wire_command)i), name))
		i++;
	return (enum wire_command)i;
}

int ask_run(const struct cli *cli, char *const *envp)
{
	static char reply[WIRE_REPLY_MAX];
	static struct conf conf;
	const char *text;
	json_t *answer;
	bool ok;
	int r = cli_load_conf(cli, envp, &conf);

	if (r >= 0)
		return r;
	r = ask_guard(&conf, find_command(cli->command), reply);
	if (r < 0)
		return r == -ENOENT ? EXIT_NO_GUARD : 1;
	answer = json_loads(reply, 0, NULL);
	ok = json_is_true(json_object_get(answer, "ok"));
	text = json_string_value(json_object_get(answer, "text"));
	fprintf(ok ? stdout : stderr, "oomguard: %s: %s\n", cli->command,
		text ? text : "the answer cannot be read");
	json_decref(answer);
	return ok ? 0 : 1;
}
