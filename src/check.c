/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/helper.h"
#include "base/json.h"
#include "base/log.h"
#include "base/units.h"
#include "proc/proc.h"

#define AT_START_MAX_S 5u

static const char *const status_names[] = {
	[CHECK_OK] = "ok",
	[CHECK_INFO] = "info",
	[CHECK_WARN] = "warning",
	[CHECK_FAIL] = "fail",
};

struct check_row *check_add(
	struct check *c, const char *name, enum check_status status, const char *format, ...)
{
	struct check_row *row = &c->rows[c->n_rows];
	va_list args;

	if (c->n_rows + 1 < CHECK_ROWS_MAX)
		c->n_rows++;
	row->name = name;
	row->status = status;
	row->remedy[0] = row->pod[0] = '\0';
	va_start(args, format);
	vsnprintf(row->text, sizeof(row->text), format, args);
	va_end(args);
	return row;
}

void check_remedy(struct check_row *row, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(row->remedy, sizeof(row->remedy), format, args);
	va_end(args);
}

void check_remedy_variable(struct check_row *row, const char *name, const char *value)
{
	check_remedy(row, "ENV %s=\"%s\"", name, value);
	snprintf(row->pod, sizeof(row->pod), "env: [{name: %s, value: \"%s\"}]", name, value);
}

void check_remedy_limit(struct check_row *row, uint64_t bytes)
{
	uint64_t mib = (bytes + 16 * MIB - 1) / (16 * MIB) * 16;

	check_remedy(row, "resources: {limits: {memory: %lluMi}}", (unsigned long long)mib);
}

static void print_text(const struct check *c)
{
	for (unsigned i = 0; i < c->n_rows; i++) {
		const struct check_row *row = &c->rows[i];

		printf("%-8s %-14s %s\n", status_names[row->status], row->name, row->text);
		if (row->remedy[0])
			printf("%-8s %-14s -> %s\n", "", "", row->remedy);
		if (row->pod[0])
			printf("%-8s %-14s -> %s\n", "", "", row->pod);
	}
}

static int print_json(const struct check *c, enum check_status worst)
{
	static char text[CHECK_ROWS_MAX * (4 * CHECK_TEXT_MAX + 128)];
	struct buf b = BUF_ON(text);
	struct json j = { .out = &b };

	buf_reset(&b);
	json_open_object(&j, NULL);
	json_string(&j, "status", status_names[worst]);
	json_open_array(&j, "checks");
	for (unsigned i = 0; i < c->n_rows; i++) {
		const struct check_row *row = &c->rows[i];

		json_open_object(&j, NULL);
		json_string(&j, "name", row->name);
		json_string(&j, "status", status_names[row->status]);
		json_string(&j, "text", row->text);
		if (row->remedy[0])
			json_string(&j, "remedy", row->remedy);
		if (row->pod[0])
			json_string(&j, "remedy_pod", row->pod);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	buf_puts(&b, "\n");
	return file_write_all(STDOUT_FILENO, b.data, b.len);
}

static enum check_status worst_of(const struct check *c)
{
	enum check_status worst = CHECK_OK;

	for (unsigned i = 0; i < c->n_rows; i++)
		if (c->rows[i].status > worst && c->rows[i].status != CHECK_INFO)
			worst = c->rows[i].status;
	return worst;
}

/* Not on the stack, and not touched where nobody asks. */
static struct check the_check;

struct at_start {
	const struct conf *conf;
	char *const *argv, *const *envp;
};

/*
 * In a helper: it tries what may be refused, and forks. The place is left out: what is wrong with
 * it the guard has said when it opened it.
 */
static int look_at_start(void *arg, int result_fd)
{
	const struct at_start *of = arg;
	struct check *c = &the_check;

	(void)result_fd;
	alarm(AT_START_MAX_S);
	c->conf = of->conf;
	c->argv = of->argv;
	c->envp = c->own_envp = of->envp;
	c->procfd = proc_open_root();
	check_memory(c);
	check_kernel(c);
	check_app(c);
	for (unsigned i = 0; i < c->n_rows; i++)
		if (c->rows[i].status >= CHECK_WARN)
			log_info("check: %s: %s; %s", c->rows[i].name, c->rows[i].text,
				c->rows[i].remedy);
	return 0;
}

void check_at_start(const struct conf *conf, char *const *argv, char *const *envp)
{
	struct at_start order = { .conf = conf, .argv = argv, .envp = envp };
	struct helper helper;

	if (!log_enabled(LOG_LEVEL_INFO))
		return;
	if (helper_start(look_at_start, &order, NULL, 0, AT_START_MAX_S * USEC_PER_SEC, &helper) ==
		0)
		close(helper.result_fd); /* what it finds it logs; the reaper meets an unknown pid
					  */
}

int check_run(const struct cli *cli, char *const *envp)
{
	static struct conf conf;
	struct check *c = &the_check;
	static struct cli theirs;
	enum check_status worst;
	bool running = check_borrow(cli, &theirs);
	int r;

	cli = running ? &theirs : cli;
	r = cli_load_conf(cli, envp, &conf);
	if (r >= 0)
		return r;
	c->conf = &conf;
	c->argv = cli->argv;
	c->envp = c->own_envp = envp;
	c->procfd = proc_open_root();
	check_add(c, "configuration", CHECK_OK, "%u levels; %s%s", conf.n_levels,
		running ? "that of the running guard, PID 1; " : "",
		cli->file ? cli->file
			  : "defaults, /etc/oomguard/oomguard.ini if it exists, environment");
	check_memory(c);
	check_kernel(c);
	check_place(c);
	check_app(c);
	worst = worst_of(c);
	if (!cli->json)
		print_text(c);
	else if (print_json(c, worst) < 0)
		return 1;
	return worst == CHECK_FAIL ? 2 : worst == CHECK_WARN ? 1 : 0;
}
