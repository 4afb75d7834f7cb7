/* SPDX-License-Identifier: Apache-2.0 */
/* One GET over FastCGI (version 1), to a server that may answer anything. */
#ifndef OOMGUARD_DUMP_FCGI_H
#define OOMGUARD_DUMP_FCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FCGI_REQUEST_MAX 1024

/* Pure: an answer as it comes in, in pieces of any size. What goes to its stderr is left out. */
struct fcgi_reply {
	char *out; /* the caller's: head and body, NUL-terminated */
	size_t size, len;
	uint8_t head[8];
	size_t n_head;
	size_t content, padding; /* that is still to come of this record */
	bool ended;
};

void fcgi_reply_begin(struct fcgi_reply *r, char *out, size_t size);
/* 0; -EBADMSG: no FastCGI, or something after its end; -EMSGSIZE: does not fit. */
int fcgi_reply_feed(struct fcgi_reply *r, const void *data, size_t len);

/* Pure: its length, or -ENAMETOOLONG. */
int fcgi_print_request(const char *path, const char *query, uint8_t out[FCGI_REQUEST_MAX]);

/* Pure: the body of an answer whose status is 200; NULL else. */
const char *fcgi_find_body(const char *text);

#endif
