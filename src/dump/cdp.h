/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an inspector of V8 sends over its WebSocket (RFC 6455; Chrome DevTools protocol): frames, in
 * them JSON messages, in those of one kind the pieces of a heap snapshot as strings. Pure.
 */
#ifndef OOMGUARD_DUMP_CDP_H
#define OOMGUARD_DUMP_CDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CDP_TEXT_MAX 4096
#define CDP_OUT_MAX  4096

typedef int (*cdp_fn)(void *arg, const void *data, size_t len);

struct cdp {
	cdp_fn each; /* takes the pieces of a snapshot; NULL: they are passed over */
	void *arg;
	uint64_t max_bytes, bytes; /* of them */

	/* frame */
	uint8_t head[10];
	unsigned n_head;
	uint64_t left; /* of its payload */
	bool in_payload, is_last, is_control;

	/* message */
	enum cdp_state { CDP_TEXT, CDP_CHUNK, CDP_REST } state;
	char text[CDP_TEXT_MAX]; /* its beginning; NUL-terminated at its end */
	size_t n_text;

	/* string */
	bool escaped;
	unsigned n_hex;
	uint32_t hex, high; /* the first half of a surrogate pair */
	char out[CDP_OUT_MAX];
	size_t n_out;

	int want;     /* the id of the answer that is waited for */
	bool replied; /* it is in text */
	bool failed;  /* and is an error */
};

void cdp_begin(struct cdp *c, cdp_fn each, void *arg, uint64_t max_bytes, int want);

/* 0; -EBADMSG: no such protocol, or closed; -EMSGSIZE: more than max_bytes; or what `each` has
 * returned. Stops where the answer is whole. */
int cdp_feed(struct cdp *c, const void *data, size_t len);

/* One frame with a text as a client sends it. Its length, or 0 when it does not fit. */
size_t cdp_frame(const char *text, uint8_t *out, size_t size);

#endif
