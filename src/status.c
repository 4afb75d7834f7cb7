/* SPDX-License-Identifier: Apache-2.0 */
/* `oomguard status`: what the running guard tells, for people. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "base/units.h"

#define WATCH_EVERY_MSEC 1000

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Names of the active levels, "none" when all is quiet. Returns how many. */
static unsigned print_levels(const json_t *status, struct buf *out)
{
	const json_t *level;
	unsigned n = 0;
	size_t i;

	json_array_foreach(json_object_get(status, "levels"), i, level)
	{
		if (!json_is_true(json_object_get(level, "active")))
			continue;
		buf_printf(out, "%s%s", n++ ? ", " : "", text_of(level, "name"));
	}
	if (!n)
		buf_puts(out, "none");
	return n;
}

static void print_dumps(const json_t *status, struct buf *out)
{
	const char *kind;
	json_t *count;

	json_object_foreach(json_object_get(status, "dumps"), kind, count)
	{
		long long ok = number_of(count, "ok"), failed = number_of(count, "failed");

		if (ok || failed)
			buf_printf(out, "%s%s %lld", out->len ? ", " : "", kind, ok);
		if (failed)
			buf_printf(out, " (%lld failed)", failed);
	}
	if (!out->len)
		buf_puts(out, "none");
}

static long long sum_of(const json_t *object)
{
	long long sum = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) sum += json_integer_value(value);
	return sum;
}

static void print_page(const json_t *status, const char *levels)
{
	const json_t *memory = json_object_get(status, "memory");
	long long peak = number_of(memory, "peak_bytes");
	char line[256];
	struct buf dumps = BUF_ON(line);

	buf_reset(&dumps);
	print_dumps(status, &dumps);
	printf("guard     pid %lld, version %s\n", number_of(status, "pid"),
		text_of(status, "version"));
	printf("program   pid %lld, %s%s\n", number_of(status, "application_pid"),
		text_of(status, "state"),
		json_is_true(json_object_get(status, "draining")) ? ", draining" : "");
	if (json_is_true(json_object_get(status, "watching")))
		printf("memory    %s\nlimit     %s\n", text_of(status, "summary"),
			text_of(memory, "limit_source"));
	else
		printf("memory    UNGUARDED: it cannot be read, or has no limit\n");
	if (peak > 0)
		printf("peak      %s\n", units_human_bytes((uint64_t)peak).s);
	printf("active    %s\n", levels);
	printf("dumps     %s\n", line);
	printf("restarts  %lld, %lld more allowed\n", sum_of(json_object_get(status, "restarts")),
		number_of(status, "restarts_left"));
	printf("killed    %lld times by the kernel\n",
		sum_of(json_object_get(status, "oom_kills")));
}

/* One answer, shown. The exit status. */
static int show(const struct cli *cli, const char *reply)
{
	json_t *answer = json_loads(reply, 0, NULL);
	const json_t *status = json_object_get(answer, "status");
	char names[CONF_LEVELS_MAX * (CONF_NAME_MAX + 2)];
	struct buf levels = BUF_ON(names);
	char *json;
	unsigned active;

	buf_reset(&levels);
	if (!json_is_object(status)) {
		fprintf(stderr, "oomguard: status: %s\n",
			answer ? text_of(answer, "text") : "the answer cannot be read");
		json_decref(answer);
		return EXIT_NO_GUARD;
	}
	active = print_levels(status, &levels);
	if (cli->json) {
		json = json_dumps(status, JSON_COMPACT | JSON_REAL_PRECISION(10));
		puts(json ? json : "null");
		free(json);
	} else if (cli->watch) {
		printf("%s; active: %s\n", text_of(status, "summary"), names);
	} else {
		print_page(status, names);
	}
	fflush(stdout);
	json_decref(answer);
	return active ? 1 : 0;
}

int status_run(const struct cli *cli, char *const *envp)
{
	static char reply[WIRE_REPLY_MAX];
	static struct conf conf;
	int r = cli_load_conf(cli, envp, &conf);

	if (r >= 0)
		return r;
	for (;;) {
		if (ask_guard(&conf, WIRE_STATUS, reply) < 0)
			return EXIT_NO_GUARD;
		r = show(cli, reply);
		if (!cli->watch || r == EXIT_NO_GUARD || ferror(stdout))
			return r;
		poll(NULL, 0, WATCH_EVERY_MSEC);
	}
}
