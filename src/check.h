/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doctor: `oomguard check`. Each row is found out by trying, says what it means, and how to get
 * it where it is missing. check.c prints; check_kernel.c, check_place.c and check_app.c find out.
 */
#ifndef OOMGUARD_CHECK_H
#define OOMGUARD_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "cgroup/cgroup.h"
#include "cli.h"
#include "conf/conf.h"

#define CHECK_TEXT_MAX 400
#define CHECK_ROWS_MAX 96

enum check_status {
	CHECK_OK,
	CHECK_INFO, /* nothing to do, but good to know */
	CHECK_WARN, /* works less well: exit 1 */
	CHECK_FAIL, /* would not protect: exit 2 */
};

struct check_row {
	const char *name;
	enum check_status status;
	char text[CHECK_TEXT_MAX];
	char remedy[CHECK_TEXT_MAX]; /* the line to add to Dockerfile, Pod or command; "" none */
	char pod[CHECK_TEXT_MAX];    /* the same for a Pod where remedy is for a Dockerfile; "" */
};

struct check {
	const struct conf *conf;
	char *const *argv; /* the command, or NULL */
	char *const *envp; /* that the command would get: with what [tune] adds */
	char *const *own_envp;
	char php_limit[64]; /* memory_limit that [tune] would set; "" none */
	int procfd;	    /* -1: none */
	struct cgroup cgroup;
	struct cgroup_sample sample;
	bool looked; /* sample is valid */
	struct check_row rows[CHECK_ROWS_MAX];
	unsigned n_rows;
};

/* A new row; NULL never: the last one is written over when there are too many. */
struct check_row *check_add(struct check *c, const char *name, enum check_status status,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
void check_remedy(struct check_row *row, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A variable with this value: as a line of a Dockerfile, and of a container in a Pod. */
void check_remedy_variable(struct check_row *row, const char *name, const char *value);
/* A limit of at least so much. */
void check_remedy_limit(struct check_row *row, uint64_t bytes);

/* The groups of rows, in the order of printing. */
void check_memory(struct check *c); /* limits and what counts; opens c->cgroup */
void check_kernel(struct check *c); /* notifications, freezing, ptrace, kmsg ... */
void check_place(struct check *c);  /* state-dir, termination log */
void check_app(struct check *c);    /* the command's runtime and its memory settings */

/*
 * check_running.c: where nothing was asked for in particular and PID 1 is a running guard, its
 * options and its command. False: there is none.
 */
bool check_borrow(const struct cli *cli, struct cli *ret_cli);

/*
 * At the start, for the log (-v): what is missing or does not fit, with its remedy. A helper of its
 * own finds it out and logs it, in five seconds at the most; nobody waits for it.
 */
void check_at_start(const struct conf *conf, char *const *argv, char *const *envp);

/* The subcommand: 0 well, 1 warnings, 2 would not protect, 78 bad configuration. */
int check_run(const struct cli *cli, char *const *envp);

#endif
