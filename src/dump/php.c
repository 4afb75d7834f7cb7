/* SPDX-License-Identifier: Apache-2.0 */
/*
 * php-fpm tells each worker's script and the memory of its last request on its status page, where
 * a pool has one (pm.status_path). Nothing is put into PHP: a file that every script includes first
 * would end them where it cannot be read (open_basedir, chroot).
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/fcgi.h"
#include "dump/fpm.h"
#include "dump/jsoncheck.h"
#include "dump/kinds.h"
#include "dump/listeners.h"
#include "dump/nspath.h"
#include "dump/recognise.h"
#include "dump/wire.h"
#include "proc/proc.h"
#include "store/outfile.h"

#define QUERY	    "json&full"
#define STATUS_MAX  (1u << 20) /* 0.5 KiB a worker */
#define MARGIN_USEC (500 * USEC_PER_MSEC)
#define QUICK_USEC  (3 * USEC_PER_SEC) /* it waits where all workers are busy */

struct pool {
	pid_t pid, master;
	int pidfd;
	uint64_t until_usec;
};

static int explain(const struct dump_request *req, int r, const char *why, struct dump_result *ret)
{
	snprintf(ret->text, sizeof(ret->text), "PHP of pid %d (%s): %s", (int)req->pid,
		req->comm ? req->comm : "?", why);
	return r;
}

/* The socket that it listens on is its master's: that one is who answers to SO_PEERCRED. */
static int connect_unix(const struct pool *p)
{
	char path[LISTENERS_PATH_MAX], *slash;
	auto_close int dirfd = -1;
	struct stat st;
	int r = listeners_find_unix(p->pid, path);

	if (r < 0)
		return r;
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	dirfd = nspath_open(p->pid, path[0] ? path : "/", O_PATH | O_DIRECTORY);
	if (dirfd < 0)
		return dirfd;
	if (fstatat(dirfd, slash + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return wire_connect_unix(dirfd, slash + 1, p->master, st.st_uid, p->until_usec);
}

static int connect_tcp(const struct pool *p)
{
	struct listener list[LISTENERS_MAX];
	int n = listeners_find(p->pid, list), r;

	if (n <= 0)
		return n < 0 ? n : -ENOENT;
	r = listeners_enter_network(p->pid);
	return r < 0 ? r : wire_connect(&list[0].address.any, list[0].len, p->until_usec);
}

static int connect_pool(const struct pool *p)
{
	int fd = connect_unix(p);

	return fd == -ENOENT ? connect_tcp(p) : fd;
}

static bool is_whole(const char *json)
{
	struct jsoncheck check;

	jsoncheck_begin(&check);
	jsoncheck_feed(&check, json, strlen(json));
	return jsoncheck_is_complete(&check) && strstr(json, "\"processes\"");
}

/* *ret_json: in text. */
static int ask(const struct pool *p, const char *path, char *text, const char **ret_json)
{
	uint8_t request[FCGI_REQUEST_MAX], data[4096];
	struct fcgi_reply reply;
	auto_close int fd = -1;
	int n = fcgi_print_request(path, QUERY, request), r;

	if (n < 0)
		return n;
	fd = connect_pool(p);
	if (fd < 0)
		return fd;
	r = wire_send_all(fd, p->until_usec, request, (size_t)n);
	fcgi_reply_begin(&reply, text, STATUS_MAX);
	while (r == 0 && !reply.ended) {
		ssize_t got = wire_read(fd, p->pidfd, p->until_usec, data, sizeof(data));

		if (got <= 0)
			r = got < 0 ? (int)got : -EBADMSG;
		else
			r = fcgi_reply_feed(&reply, data, (size_t)got);
	}
	if (r < 0)
		return r;
	*ret_json = fcgi_find_body(text);
	return *ret_json && is_whole(*ret_json) ? 0 : -EBADMSG;
}

static int keep(const struct dump_request *req, const char *json, struct dump_result *ret)
{
	struct outfile out = OUTFILE_NONE;
	char name[OUTFILE_NAME_MAX];
	int r;

	snprintf(name, sizeof(name), "php-%d.workers.json", (int)req->pid);
	r = outfile_create(req->incident_dirfd, name, &out);
	if (r == 0)
		r = outfile_write(&out, json, strlen(json));
	if (r == 0)
		r = outfile_finish(&out, &ret->bytes);
	if (r == 0)
		snprintf(ret->file, sizeof(ret->file), "%s", out.name);
	outfile_drop(&out);
	return r;
}

/* Its master, which is itself where it has no other. */
static int find_pool(const struct dump_request *req, struct pool *ret)
{
	uint64_t until = req->deadline_usec - MIN_OF(req->deadline_usec, MARGIN_USEC);
	auto_close int procfd = proc_open_root();
	struct proc_stat stat;
	int r = procfd < 0 ? procfd : proc_read_stat(procfd, req->pid, &stat);

	if (r < 0)
		return r;
	*ret = (struct pool){ .pid = req->pid,
		.master = recognise_runtime(stat.ppid) == DUMP_PHP ? stat.ppid : req->pid,
		.pidfd = -1,
		.until_usec = MIN_OF(until, clock_now_usec() + QUICK_USEC) };
	return 0;
}

int dump_php(const struct dump_request *req, struct dump_result *ret)
{
	auto_close int pidfd = wire_open_pidfd(req->pid);
	auto_free char *text = malloc(STATUS_MAX);
	const char *json = NULL;
	struct fpm_paths paths;
	struct pool pool = { .pidfd = -1 };
	int r = -ENOENT;

	*ret = (struct dump_result){ .bytes = 0 };
	if (recognise_runtime(req->pid) != DUMP_PHP)
		return explain(req, -ENOEXEC, "that is no PHP", ret);
	if (!text || find_pool(req, &pool) < 0)
		return explain(req, -ESRCH, "it cannot be looked at", ret);
	if (wire_is_stopped(req->pid))
		return explain(req, -EBUSY, "it is stopped and cannot answer", ret);
	pool.pidfd = pidfd;
	if (fpm_find_status(pool.master, &paths) <= 0)
		return explain(req, -ENOENT, "no php-fpm with a pm.status_path", ret);
	for (unsigned i = 0; i < paths.n && r < 0; i++)
		r = ask(&pool, paths.list[i], text, &json);
	if (r < 0)
		return explain(req, r, "its status page does not answer", ret);
	r = keep(req, json, ret);
	if (r < 0)
		return explain(req, r, strerror(-r), ret);
	snprintf(ret->note, sizeof(ret->note), "each worker's script and memory");
	return 0;
}
