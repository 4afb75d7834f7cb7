/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diagnostics port of .NET (6 to 10), spoken from outside: a unix socket
 * "dotnet-diagnostic-<pid>-<start time>-socket" in the runtime's $TMPDIR, /tmp without it
 * (documentation/design-docs/ipc-protocol.md of dotnet/diagnostics; checked against .NET 10).
 */
#ifndef OOMGUARD_DUMP_DOTNET_IPC_H
#define OOMGUARD_DUMP_DOTNET_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DOTNET_IPC_HEAD	    20
#define DOTNET_IPC_BODY_MAX (64u << 10) /* its length has 16 bits */
#define DOTNET_IPC_WHY_MAX  200
#define DOTNET_IPC_DIR_MAX  256

/* HRESULTs that are told apart. */
#define DOTNET_UNKNOWN_COMMAND 0x80131385u

enum { DOTNET_SET_DUMP = 1, DOTNET_SET_TRACE = 2, DOTNET_SET_PROCESS = 4 };

struct dotnet_ipc {
	pid_t pid, nspid;
	uid_t uid;
	gid_t gid;
	int pidfd, dirfd;	      /* owned; dirfd: where its socket is */
	char dir[DOTNET_IPC_DIR_MAX]; /* the same as the process sees it, with a slash at its end */
	char socket[80];
	uint64_t until_usec;
	uint32_t error;		      /* HRESULT of the last refusal */
	char why[DOTNET_IPC_WHY_MAX]; /* of the last failure */
};

/* Finds the place; the caller is sure that it is .NET. 0 or -errno with `why`; close in both cases.
 */
int dotnet_ipc_open(pid_t pid, uint64_t until_usec, struct dotnet_ipc *ret);
void dotnet_ipc_close(struct dotnet_ipc *ipc);

/* A connection of its own for each command. Owned fd or -errno with `why`. */
int dotnet_ipc_send(
	struct dotnet_ipc *ipc, uint8_t set, uint8_t command, const void *body, size_t len);

/*
 * *ret_len: how long the body of the answer is; `body` has room for DOTNET_IPC_BODY_MAX. 0,
 * -EREMOTEIO: it refuses, with `error`; -EBADMSG: no such answer; or -errno. With `why`.
 */
int dotnet_ipc_read(struct dotnet_ipc *ipc, int fd, uint8_t *body, size_t *ret_len);

/* Pure: the head of an answer. 0 or -EBADMSG. */
int dotnet_ipc_parse_head(const uint8_t head[DOTNET_IPC_HEAD], size_t *ret_len, bool *ret_ok);

/* Pure: a refusal in words, from the body. */
uint32_t dotnet_ipc_parse_error(const uint8_t *body, size_t len, char *out, size_t size);

/* Appends an ASCII text as the protocol wants it; -ENAMETOOLONG when there is no room. */
int dotnet_ipc_add_text(uint8_t *body, size_t size, size_t *len, const char *text);
int dotnet_ipc_add(uint8_t *body, size_t size, size_t *len, const void *data, size_t n);
int dotnet_ipc_add_u32(uint8_t *body, size_t size, size_t *len, uint32_t value);
int dotnet_ipc_add_u64(uint8_t *body, size_t size, size_t *len, uint64_t value);

#endif
