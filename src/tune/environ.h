/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application's environment as we change it: a copy, on the heap, made before a start and given
 * back before the next one. What is not named stays as it was, order and oddities included.
 */
#ifndef OOMGUARD_TUNE_ENVIRON_H
#define OOMGUARD_TUNE_ENVIRON_H

#include <stdbool.h>

struct environ_copy {
	char **vars; /* NULL-terminated; every string is owned */
	unsigned n;
};

enum environ_how {
	ENVIRON_ALONE, /* the variable is ours, or not touched at all */
	ENVIRON_FIRST, /* before what is there: what is there wins where the later word wins */
	ENVIRON_LAST,
	ENVIRON_INSTEAD, /* what is there goes: for variables that are ours */
};

/* 0 or -ENOMEM; *ret is empty then. */
int environ_copy(char *const *envp, struct environ_copy *ret);
void environ_free(struct environ_copy *env);

/* The value of the first variable of that name; NULL: not set. */
const char *environ_get(char *const *envp, const char *name);

/*
 * Adds `text` to a variable, set apart by `separator` from what is there. ENVIRON_ALONE: -EEXIST
 * where it is set, be it to nothing. 0 or -ENOMEM.
 */
int environ_add(struct environ_copy *env, const char *name, const char *text, enum environ_how how,
	char separator);

/*
 * The first of these words that stands in the command line or in the environment: at the beginning
 * of an argument, of a "NAME=value", or of a word inside of one. NULL: none does. NULL-terminated
 * lists; argv may be NULL.
 */
const char *environ_find_word(char *const *argv, char *const *envp, const char *const *words);

#define auto_environ __attribute__((cleanup(environ_free)))

#endif
