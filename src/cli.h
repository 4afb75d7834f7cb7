/* SPDX-License-Identifier: Apache-2.0 */
/* Options, usage, subcommands. */
#ifndef OOMGUARD_CLI_H
#define OOMGUARD_CLI_H

#include <stdbool.h>

#include "conf/conf.h"

#define EXIT_USAGE  64 /* EX_USAGE of sysexits.h */
#define EXIT_INPUT  65 /* EX_DATAERR */
#define EXIT_CONFIG 78 /* EX_CONFIG */

#define CLI_SETS_MAX 256

/* What a subcommand takes beside -c, -s, -q, -v. */
enum {
	TAKES_DEFAULTS = 1 << 0, /* --defaults */
	TAKES_JSON = 1 << 1,	 /* --json */
	TAKES_WATCH = 1 << 2,	 /* --watch */
	TAKES_FORMAT = 1 << 3,	 /* --format WORD */
	TAKES_OPERANDS = 1 << 4, /* any number of words */
	TAKES_ONE = 1 << 5,	 /* at most one word */
	TAKES_COMMAND = 1 << 6,	 /* -- COMMAND... */
};

struct cli {
	const char *file;		/* -c */
	const char *sets[CLI_SETS_MAX]; /* -s, and what -q and -v stand for */
	unsigned n_sets;
	const char *command;   /* subcommand, NULL for run mode */
	char *const *argv;     /* the command after "--", NULL-terminated; NULL: none */
	bool defaults;	       /* config --defaults */
	bool json;	       /* --json */
	bool watch;	       /* status --watch */
	const char *format;    /* report --format; NULL: not given */
	char *const *operands; /* words after a subcommand, e.g. files */
	unsigned n_operands;
};

/*
 * Reads the command line. -1: go on with *ret_cli; else the exit status (0 after --help and
 * --version, 64 after a usage error, which has been written to stderr).
 */
int cli_parse(int argc, char *const *argv, struct cli *ret_cli);

/* Loads the configuration that the command line asks for; -1, or 78 after saying what is wrong. */
int cli_load_conf(const struct cli *cli, char *const *envp, struct conf *ret_conf);

/* The same without a word; -errno, and error says what is wrong. */
int cli_read_conf(const struct cli *cli, char *const *envp, struct conf *ret_conf,
	char error[CONF_ERROR_MAX]);

/* Runs the subcommand; its exit status. */
int cli_run_command(const struct cli *cli, char *const *envp);

#endif
