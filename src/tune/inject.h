/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `dump.inject` puts into the application's environment: hooks that let a runtime tell of its
 * heap when it is asked. One row per hook in src/hooks.c; how a hook speaks is in dump/hook.h.
 *
 * A row says which runtime it is for, which variable gets what text, and which file that text
 * names. The rules that every row and hook must keep:
 * - The application starts in any case, with a hook file that has vanished too where the runtime
 *   allows it, and behaves as before: nothing on stdout or stderr, no open port, no exit handler
 *   that waits, errors of the hook swallowed.
 * - Every process of that runtime in the container gets the hook, short-lived tools too: it must
 *   cost next to nothing until it is asked (INJECT_CHEAP); what samples from the start says
 *   INJECT_FULL alone.
 * - The hook makes its socket at the start: $OOMGUARD_HOOK_DIR/<pid>.sock, with the pid as the
 *   process itself sees it. The directory may be writable for others (see inject_open): a socket
 *   is believed only when its peer is the process asked for (SO_PEERCRED).
 */
#ifndef OOMGUARD_TUNE_INJECT_H
#define OOMGUARD_TUNE_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "tune/environ.h"

#define INJECT_PATH_MAX	    256
#define INJECT_DIR_VARIABLE "OOMGUARD_HOOK_DIR"

enum {
	INJECT_CHEAP = 1 << 0, /* dump.inject = cheap */
	INJECT_FULL = 1 << 1,  /* dump.inject = full */
	INJECT_BOTH = INJECT_CHEAP | INJECT_FULL,
};

struct inject_row {
	enum conf_dump_kind runtime;
	unsigned modes; /* INJECT_* in which it is put in */

	const char *variable;
	enum environ_how how; /* ENVIRON_ALONE: only where the user has not set the variable */
	char separator;	      /* between our text and what is there */
	/* The text that is added; "%s" stands for the path of the file, or of the directory of the
	 * files where `file` is NULL; no other '%'. */
	const char *text;

	/* Written before every start: a name such as "node.cjs", and what is in it (text). Rows may
	 * share one. NULL: no file. */
	const char *file;
	const char *content;

	/* Words in the command line or in the environment with which the row is left out, as in
	 * tune/rules.def; NULL: none. NULL-terminated. */
	const char *const *unless;
	const char *words; /* what it gives, for log and `check` */
};

/* Where the files are. */
struct inject_place {
	int dirfd;		    /* -1: none */
	char path[INJECT_PATH_MAX]; /* of the files: no blanks or other characters that variables
				     * would need quoted */
	char sockets[INJECT_PATH_MAX + 8]; /* of the sockets: OOMGUARD_HOOK_DIR */
	bool is_temporary;		   /* not in the state directory */
};

/*
 * Makes the place of files and sockets: STATE_DIR/hooks, 0700, where the application runs as we do.
 * A guard that is root cannot know whether the application will give its rights up (gosu, su-exec,
 * its own setuid): then the directory is 0711 with files 0644, and that of the sockets is 01733:
 * anybody may make one, nobody may list them. What is above must let others through and must not be
 * theirs to write; where that is not so, or there is no state directory (NULL), a directory of our
 * own is made in /dev/shm, /run or /tmp. Sockets of a life before are removed. 0 or -errno.
 */
int inject_open(const char *state_dir, struct inject_place *ret);
/* Removes all of it. */
void inject_close(struct inject_place *place);

/* What a row would do, and why not. */
struct inject_choice {
	const struct inject_row *row;
	const char *theirs; /* the user's word that stands against it; NULL: it is put in */
};

/* The rows for this mode ("no", "cheap", "full") and these runtimes (bits, 0: unknown, all).
 * Returns how many of `max`. Pure. */
unsigned inject_choose(const struct inject_row *rows, unsigned n, const char *mode,
	uint32_t runtimes, char *const *argv, char *const *envp, struct inject_choice *ret,
	unsigned max);

/* The text that a row adds to its variable, with the files in `path`. */
void inject_print(const struct inject_row *row, const char *path, char *out, size_t size);

/* A file into the place, readable for the application. 0 or -errno. */
int inject_write(const struct inject_place *place, const char *name, const char *content);

/* Writes the chosen rows' files and adds to the environment, OOMGUARD_HOOK_DIR included when any
 * row is put in. A row whose file cannot be written is left out: it would keep the application from
 * starting. 0, or the -errno of the last failure (the rest is done). */
int inject_apply(const struct inject_choice *choices, unsigned n, const struct inject_place *place,
	struct environ_copy *env);

#endif
