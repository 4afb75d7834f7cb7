/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes over the control socket: one line of JSON each way.
 *
 *	{"command":"dump"}
 *	{"ok":true,"text":"heap dump of pid 5 (java) done: ..."}
 *	{"ok":false,"text":"the application is being stopped"}
 *	{"ok":true,"text":"","status":{...}}		the answer to "status"
 */
#ifndef OOMGUARD_WIRE_H
#define OOMGUARD_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define WIRE_SOCKET	 "control.sock"
#define WIRE_REQUEST_MAX 256
#define WIRE_REPLY_MAX	 12288

enum wire_command {
	WIRE_STATUS,
	WIRE_DUMP,
	WIRE_SNAPSHOT,
	WIRE_DRAIN,
	WIRE_RESTART,
	WIRE_RELOAD,
	WIRE_COMMANDS,
};

const char *wire_command_name(enum wire_command command);

/*
 * One line without its newline: a flat object of strings in which "command" is one that we know;
 * other keys are for later versions and skipped. 0, -EBADMSG (not of that form) or -ENOENT (no
 * such command). Allocates nothing.
 */
int wire_parse_request(const char *line, size_t len, enum wire_command *ret_command);

void wire_print_request(enum wire_command command, struct buf *out);

/* status: a JSON object as text, or NULL. With the newline. */
void wire_print_reply(bool ok, const char *text, const char *status, struct buf *out);

#endif
