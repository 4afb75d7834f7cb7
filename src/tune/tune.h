/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtimes' own ceilings from the container's limit: pure. A table (rules.def) of variables,
 * each with its formula. What the user has set, in the variable, in another one that the runtime
 * reads, or on the command line, is never touched.
 */
#ifndef OOMGUARD_TUNE_TUNE_H
#define OOMGUARD_TUNE_TUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "tune/environ.h"

#define TUNE_SETTINGS_MAX 24
#define TUNE_VALUE_MAX	  64
#define TUNE_WORDS_MAX	  200

/* Which runtimes: bits. None is set where it is unknown (a shell script): rows of all apply. */
#define TUNE_RUNTIME(kind) (UINT32_C(1) << (kind))

struct tune_input {
	uint64_t limit_bytes;
	unsigned cpus;		  /* that may be used; 0: unknown */
	uint32_t runtimes;	  /* TUNE_RUNTIME(DUMP_HOTSPOT) | ...; 0: unknown */
	uint64_t php_limit_bytes; /* memory_limit if nobody chose it; 0: not to be set */
	bool dotnet_has_limit;	  /* in runtimeconfig.json, which a variable would override */
	bool limit_is_hidden;	  /* guard.limit, or an ancestor's: the runtime does not see it */
	char *const *argv;	  /* the command; may be NULL */
	char *const *envp;
};

struct tune_setting {
	enum conf_dump_kind runtime; /* DUMP_CORE: whatever allocates by glibc */
	const char *variable;
	bool by_file;	  /* flag and value are a line of a file that the variable leads to */
	const char *flag; /* within the variable; NULL: the variable is one value */
	char value[TUNE_VALUE_MAX];
	char words[TUNE_WORDS_MAX]; /* the arithmetic */
	const char *theirs;	    /* the user's own word that holds instead; NULL: ours is set */
};

struct tune_plan {
	struct tune_setting settings[TUNE_SETTINGS_MAX];
	unsigned n;
};

/* What would be set, and what is left alone because the user has set it. Allocates nothing. */
void tune_plan(const struct tune_input *in, struct tune_plan *ret_plan);

/* Carries it out on a copy of the environment, but for what is by_file. 0 or -ENOMEM. */
int tune_apply(const struct tune_plan *plan, struct environ_copy *env);

/* The row that is set by a file (PHP), if the user has not set it; NULL. */
const struct tune_setting *tune_by_file(const struct tune_plan *plan);

/* "JAVA_TOOL_OPTIONS=-XX:MaxRAMPercentage=50.0", as it is added. */
void tune_print(const struct tune_setting *s, char *out, size_t size);

#endif
