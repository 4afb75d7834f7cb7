/* SPDX-License-Identifier: Apache-2.0 */
/* One GET to a server that may answer anything, as HTTP/1.0: no chunks, the end is the end. */
#ifndef OOMGUARD_DUMP_GET_H
#define OOMGUARD_DUMP_GET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Called with pieces of the body; another value than 0 ends it. */
typedef int (*get_fn)(void *arg, const void *data, size_t len);

struct get {
	const struct sockaddr *address;
	socklen_t address_len;
	const char *path;
	int pidfd;	     /* -1: none; its end ends the waiting */
	uint64_t until_usec; /* clock_now_usec() */
	uint64_t max_bytes;  /* of the body */
	get_fn each;
	void *arg;
};

/*
 * 0 when the status is 200 and the body has come whole, as far as its length was told.
 * *ret_status: what the server says, 0 when it does not speak HTTP. -EBADMSG: that, or cut short;
 * -ENOENT: another status; -EMSGSIZE: more than max_bytes; -ETIMEDOUT; -ESRCH; or -errno.
 */
int get_body(const struct get *get, int *ret_status);

struct get_head {
	int status;
	int64_t length; /* -1: not told */
};

/* Pure: the head of an answer, with the empty line. 0 or -EBADMSG. */
int get_parse_head(const char *text, struct get_head *ret);

#endif
