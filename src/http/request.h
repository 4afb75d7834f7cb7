/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an HTTP/1.x request (RFC 9112), as far as GET and HEAD of a few pages need it. Pure.
 */
#ifndef OOMGUARD_HTTP_REQUEST_H
#define OOMGUARD_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_PATH_MAX   64
#define REQUEST_ACCEPT_MAX 512

struct request {
	bool head;			 /* HEAD: an answer without its body */
	char path[REQUEST_PATH_MAX];	 /* without the query; one that is too long for us is "" */
	char accept[REQUEST_ACCEPT_MAX]; /* "" when not given */
};

/*
 * text: what has come so far. 0: not whole yet. 200: *ret is filled. Else the status to refuse it
 * with: 400, 405 (no GET or HEAD), 505.
 */
int request_parse(const char *text, size_t len, struct request *ret);

const char *request_status_text(int status);

#endif
