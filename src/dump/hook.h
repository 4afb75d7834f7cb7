/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking our own hook inside an application (dump.inject): a unix socket "PID.sock", PID as the
 * application sees it, in the directory that $OOMGUARD_HOOK_DIR of the process names. One line is
 * sent, one answer comes:
 *
 *     "oomguard-hook 1 ok\n", then frames: length as 4 bytes, most significant first, and so many
 *     bytes; a frame of length 0 is the end, and says that all went well
 *     "oomguard-hook 1 error TEXT\n"
 *
 * All hooks know "stats" (a JSON object) and "gc"; each has more of its own.
 *
 * Anybody may have made that socket and may answer anything: it must belong to the user of the
 * process (or root, who it was before), be listened on by that very process, and what it answers
 * has a deadline and a limit.
 */
#ifndef OOMGUARD_DUMP_HOOK_H
#define OOMGUARD_DUMP_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HOOK_DIR_VARIABLE "OOMGUARD_HOOK_DIR"
#define HOOK_REQUEST_MAX  128
#define HOOK_WHY_MAX	  160

/* Called with pieces of the answer; another value than 0 ends it and is handed on. */
typedef int (*hook_fn)(void *arg, const void *data, size_t len);

/* Pure: an answer as it comes in, in pieces of any size. */
struct hook_reply {
	hook_fn each;
	void *arg;
	uint64_t max_bytes; /* of all frames together */
	uint64_t bytes;	    /* so far */
	uint32_t left;	    /* of this frame */
	uint8_t n_length;   /* bytes of a length that are there */
	uint8_t length[4];
	enum hook_state { HOOK_LINE, HOOK_FRAMES, HOOK_DONE, HOOK_REFUSED } state;
	size_t n_line;
	char line[HOOK_WHY_MAX]; /* the first one; with HOOK_REFUSED: the reason, printable */
};

/* each may be NULL: what comes is counted only. */
void hook_reply_begin(struct hook_reply *r, hook_fn each, void *arg, uint64_t max_bytes);

/* 0; -EBADMSG: no answer of a hook, or something after its end; -EMSGSIZE: more than max_bytes; or
 * what `each` has returned. */
int hook_reply_feed(struct hook_reply *r, const void *data, size_t len);

struct dump_request;
struct dump_result;

struct hook_ask {
	pid_t pid;
	const char *dir;     /* where the sockets are; NULL: what the process's environment says */
	const char *request; /* without the newline */
	uint64_t until_usec; /* clock_now_usec() */
	uint64_t first_usec; /* from now: when the first byte must have come; 0: until_usec */
	uint64_t max_bytes;
	hook_fn each;
	void *arg;
};

/*
 * 0 when the answer is complete. -ENOENT: no hook there; -EOPNOTSUPP: it refuses; -EPERM: the
 * socket is somebody else's; -EBADMSG, -EMSGSIZE; -ETIMEDOUT; -ESRCH; -EBUSY: it is stopped; or
 * -errno. In all of these cases ret_why says so in words.
 */
int hook_ask(const struct hook_ask *ask, char ret_why[HOOK_WHY_MAX]);

/* The whole answer as text, NUL-terminated; -EMSGSIZE when it is longer than size - 1. As above. */
int hook_ask_text(const struct dump_request *req, const char *request, uint64_t until_usec,
	char *out, size_t size, char ret_why[HOOK_WHY_MAX]);

/*
 * hook_save.c: the answer into the incident's file `name` as it comes; it must be one JSON object.
 * until_usec, first_usec as above. 0: complete, ret->file and ret->bytes are set; or as above.
 */
int hook_save(const struct dump_request *req, const struct hook_ask *ask, const char *name,
	struct dump_result *ret, char ret_why[HOOK_WHY_MAX]);

/* Pure: the number after "key": in a text, wherever it stands. False: none. */
bool hook_find_number(const char *text, const char *key, uint64_t *ret);

/* hook_dir.c: the directory of hook sockets of a process, opened as it sees it. Owned fd or
 * -errno (-ENOENT: its environment names none). */
int hook_open_dir(pid_t pid);

/* Pure: the value of a variable in an environment block (NUL-separated), or NULL. */
const char *hook_find_variable(const char *block, size_t len, const char *name);

#endif
