/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/dotnet_ipc.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "dump/lsb.h"
#include "dump/nspath.h"
#include "dump/wire.h"
#include "proc/proc.h"

#define MAGIC	     "DOTNET_IPC_V1"
#define MAGIC_LEN    sizeof(MAGIC) /* with its NUL */
#define SET_SERVER   0xff
#define ANSWER_OK    0x00
#define ANSWER_ERROR 0xff
#define ENVIRON_MAX  (128u << 10)
#define REQUEST_MAX  2048
#define WORDS_MAX    160

static int fail(struct dotnet_ipc *ipc, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int fail(struct dotnet_ipc *ipc, int r, const char *format, ...)
{
	struct buf b = BUF_ON(ipc->why);
	va_list args;

	va_start(args, format);
	buf_reset(&b);
	buf_vprintf(&b, format, args);
	va_end(args);
	return r;
}

/* --- the place of its socket --- */

/* $TMPDIR as it was when the process began, which is when the runtime has read it. */
static void find_dir(pid_t pid, char out[DOTNET_IPC_DIR_MAX])
{
	static const char key[] = "TMPDIR=";
	auto_free char *text = malloc(ENVIRON_MAX);
	const char *dir = "/tmp/";
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	n = text ? file_read_text(AT_FDCWD, path, text, ENVIRON_MAX) : -ENOMEM;
	if (n == -EFBIG)
		n = ENVIRON_MAX - 1;
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(text + at) + 1)
		if (!strncmp(text + at, key, strlen(key)) && text[at + (ssize_t)strlen(key)])
			dir = text + at + strlen(key);
	snprintf(out, DOTNET_IPC_DIR_MAX, "%.*s%s", DOTNET_IPC_DIR_MAX - 2, dir,
		dir[strlen(dir) - 1] == '/' ? "" : "/");
}

int dotnet_ipc_open(pid_t pid, uint64_t until_usec, struct dotnet_ipc *ret)
{
	auto_close int procfd = proc_open_root();
	struct proc_stat stat = { .start_ticks = 0 };
	int r;

	*ret = (struct dotnet_ipc){
		.pid = pid, .pidfd = -1, .dirfd = -1, .until_usec = until_usec
	};
	ret->pidfd = wire_open_pidfd(pid);
	if (ret->pidfd < 0)
		return fail(ret, ret->pidfd, "%s", strerror(-ret->pidfd));
	r = procfd < 0 ? procfd : proc_read_ids(procfd, pid, &ret->uid, &ret->gid);
	if (r == 0)
		r = proc_read_stat(procfd, pid, &stat);
	if (r == 0)
		r = nspath_read_pid(pid, &ret->nspid);
	if (r < 0)
		return fail(ret, r, "%s", strerror(-r));
	snprintf(ret->socket, sizeof(ret->socket), "dotnet-diagnostic-%d-%llu-socket",
		(int)ret->nspid, (unsigned long long)stat.start_ticks);
	find_dir(pid, ret->dir);
	ret->dirfd = nspath_open(pid, ret->dir, O_PATH | O_DIRECTORY);
	return ret->dirfd < 0 ? fail(ret, ret->dirfd, "its %s: %s", ret->dir, strerror(-ret->dirfd))
			      : 0;
}

void dotnet_ipc_close(struct dotnet_ipc *ipc)
{
	cleanup_close(&ipc->pidfd);
	cleanup_close(&ipc->dirfd);
	ipc->pidfd = ipc->dirfd = -1;
}

/* --- what is sent --- */

int dotnet_ipc_add(uint8_t *body, size_t size, size_t *len, const void *data, size_t n)
{
	if (n > size - *len)
		return -ENAMETOOLONG;
	memcpy(body + *len, data, n);
	*len += n;
	return 0;
}

int dotnet_ipc_add_u32(uint8_t *body, size_t size, size_t *len, uint32_t value)
{
	uint8_t bytes[4];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	return dotnet_ipc_add(body, size, len, bytes, sizeof(bytes));
}

int dotnet_ipc_add_u64(uint8_t *body, size_t size, size_t *len, uint64_t value)
{
	int r = dotnet_ipc_add_u32(body, size, len, (uint32_t)value);

	return r < 0 ? r : dotnet_ipc_add_u32(body, size, len, (uint32_t)(value >> 32));
}

int dotnet_ipc_add_text(uint8_t *body, size_t size, size_t *len, const char *text)
{
	size_t n = strlen(text) + 1;
	int r = dotnet_ipc_add_u32(body, size, len, (uint32_t)n);

	for (size_t i = 0; i < n && r == 0; i++) {
		const uint8_t unit[2] = { (uint8_t)text[i], 0 };

		r = (uint8_t)text[i] < 128 ? dotnet_ipc_add(body, size, len, unit, 2) : -EILSEQ;
	}
	return r;
}

/* With the runtime's own user: the socket is for nobody else. */
static int connect_to(struct dotnet_ipc *ipc)
{
	struct wire_identity before;
	int r = wire_become(ipc->uid, ipc->gid, &before);

	if (r < 0)
		return fail(ipc, r, "its user: %s", strerror(-r));
	r = wire_connect_unix(ipc->dirfd, ipc->socket, ipc->pid, ipc->uid, ipc->until_usec);
	wire_return(&before);
	if (r == -ENOENT)
		return fail(ipc, r, "no diagnostics port in %s (DOTNET_EnableDiagnostics=0?)",
			ipc->dir);
	if (r == -EPERM)
		return fail(
			ipc, r, "%s%s is not the socket of this process", ipc->dir, ipc->socket);
	return r < 0 ? fail(ipc, r, "diagnostics port: %s", strerror(-r)) : r;
}

int dotnet_ipc_send(
	struct dotnet_ipc *ipc, uint8_t set, uint8_t command, const void *body, size_t len)
{
	uint8_t request[REQUEST_MAX] = MAGIC;
	size_t total = DOTNET_IPC_HEAD + len;
	auto_close int fd = -1;
	int r;

	if (total > sizeof(request))
		return fail(ipc, -ENAMETOOLONG, "%s", strerror(ENAMETOOLONG));
	request[MAGIC_LEN] = (uint8_t)total;
	request[MAGIC_LEN + 1] = (uint8_t)(total >> 8);
	request[MAGIC_LEN + 2] = set;
	request[MAGIC_LEN + 3] = command;
	if (len)
		memcpy(request + DOTNET_IPC_HEAD, body, len);
	fd = connect_to(ipc);
	if (fd < 0)
		return fd;
	r = wire_send_all(fd, ipc->until_usec, request, total);
	return r < 0 ? fail(ipc, r, "diagnostics port: %s", strerror(-r)) : take_fd(&fd);
}

/* --- what is answered --- */

int dotnet_ipc_parse_head(const uint8_t head[DOTNET_IPC_HEAD], size_t *ret_len, bool *ret_ok)
{
	struct lsb c = lsb_on(head + MAGIC_LEN, DOTNET_IPC_HEAD - MAGIC_LEN);
	uint16_t size = lsb_u16(&c);
	uint8_t set = lsb_u8(&c), answer = lsb_u8(&c);

	if (memcmp(head, MAGIC, MAGIC_LEN) || size < DOTNET_IPC_HEAD || set != SET_SERVER ||
		(answer != ANSWER_OK && answer != ANSWER_ERROR))
		return -EBADMSG;
	*ret_len = size - DOTNET_IPC_HEAD;
	*ret_ok = answer == ANSWER_OK;
	return 0;
}

static const struct {
	uint32_t error;
	const char *words;
} errors[] = {
	{ 0x80131384u, "it does not understand the request" },
	{ DOTNET_UNKNOWN_COMMAND, "this runtime does not know the command" },
	{ 0x80131386u, "it speaks another version of the protocol" },
	{ 0x80131515u, "not supported by this runtime" },
	{ 0x80004005u, "failed" },
	{ 0x80070057u, "it does not accept the request" },
	{ 0x8007000eu, "it is out of memory" },
	{ 0x80070005u, "access denied" },
};

/* "[createdump] Only full dumps are ...": the first line of what the runtime adds. */
uint32_t dotnet_ipc_parse_error(const uint8_t *body, size_t len, char *out, size_t size)
{
	struct lsb c = lsb_on(body, len);
	struct buf b = { .data = out, .size = size };
	char words[WORDS_MAX] = "";
	uint32_t error = lsb_u32(&c);

	buf_reset(&b);
	if (c.left > 4 && lsb_u32(&c))
		lsb_text(&c, words, sizeof(words));
	if (words[0]) {
		words[strcspn(words, "?")] = '\0'; /* its line feed */
		buf_puts(&b, words);
		return error;
	}
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].error == error) {
			buf_puts(&b, errors[i].words);
			return error;
		}
	buf_printf(&b, "error %#x", error);
	return error;
}

static int read_answer(struct dotnet_ipc *ipc, int fd, uint8_t *body, size_t *ret_len, bool *ret_ok)
{
	uint8_t head[DOTNET_IPC_HEAD];
	int r = wire_read_all(fd, ipc->pidfd, ipc->until_usec, head, sizeof(head));

	if (r == 0)
		r = dotnet_ipc_parse_head(head, ret_len, ret_ok);
	if (r == 0)
		r = wire_read_all(fd, ipc->pidfd, ipc->until_usec, body, *ret_len);
	return r;
}

int dotnet_ipc_read(struct dotnet_ipc *ipc, int fd, uint8_t *body, size_t *ret_len)
{
	char words[WORDS_MAX];
	size_t len = 0;
	bool ok = false;
	int r = read_answer(ipc, fd, body, &len, &ok);

	if (r == -ESRCH)
		return fail(ipc, r, "the process ended meanwhile");
	if (r == -ETIMEDOUT)
		return fail(ipc, r, "the runtime does not answer");
	if (r < 0)
		return fail(ipc, r, "its answer: %s", strerror(-r));
	if (!ok) {
		ipc->error = dotnet_ipc_parse_error(body, len, words, sizeof(words));
		return fail(ipc, -EREMOTEIO, "the runtime says: %s", words);
	}
	*ret_len = len;
	return 0;
}
