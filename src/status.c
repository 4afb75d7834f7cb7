/* SPDX-License-Identifier: Apache-2.0 */
/* `oomguard status` for people: what is shown of it. */
#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

#define PAGE_MAX   4096
#define STALE_USEC (4 * USEC_PER_SEC)

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

unsigned status_levels(const json_t *status, struct buf *out)
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

static void print_memory(const json_t *status, struct buf *out)
{
	const json_t *memory = json_object_get(status, "memory");
	long long peak = number_of(memory, "peak_bytes");

	if (json_is_true(json_object_get(status, "watching")))
		buf_printf(out, "memory    %s\nlimit     %s\n", text_of(status, "summary"),
			text_of(memory, "limit_source"));
	else
		buf_puts(out, "memory    UNGUARDED: it cannot be read, or has no limit\n");
	if (peak > 0)
		buf_printf(out, "peak      %s\n", units_human_bytes((uint64_t)peak).s);
}

void status_print_page(const struct status *s, struct buf *out)
{
	const json_t *status = s->json, *kills = json_object_get(status, "oom_kills");
	char line[256], names[CONF_LEVELS_MAX * (CONF_NAME_MAX + 2)];
	struct buf dumps = BUF_ON(line), levels = BUF_ON(names);

	buf_reset(&dumps);
	buf_reset(&levels);
	print_dumps(status, &dumps);
	status_levels(status, &levels);
	buf_printf(out, "guard     pid %lld, version %s\n", number_of(status, "pid"),
		text_of(status, "version"));
	buf_printf(out, "program   pid %lld, %s%s\n", number_of(status, "application_pid"),
		text_of(status, "state"),
		json_is_true(json_object_get(status, "draining")) ? ", draining" : "");
	print_memory(status, out);
	buf_printf(out, "active    %s\n", names);
	buf_printf(out, "dumps     %s\n", line);
	buf_printf(out, "restarts  %lld, %lld more allowed\n",
		sum_of(json_object_get(status, "restarts")), number_of(status, "restarts_left"));
	buf_printf(out, "killed    %lld times by the kernel\n",
		sum_of(kills) - number_of(kills, "external"));
	if (s->age_usec > STALE_USEC)
		buf_printf(out,
			"as of     %s ago: the guard is stopped, or cannot write its recorder\n",
			units_human_duration(s->age_usec).s);
}

void status_print_line(const struct status *s, struct buf *out)
{
	bool watching = json_is_true(json_object_get(s->json, "watching"));

	buf_printf(out, "%s; active: ",
		watching ? text_of(s->json, "summary")
			 : "UNGUARDED: no limit, or it cannot be read");
	status_levels(s->json, out);
	if (s->age_usec > STALE_USEC)
		buf_printf(out, "; as of %s ago", units_human_duration(s->age_usec).s);
}

char *status_print_json(const struct status *s)
{
	return json_dumps(s->json, JSON_COMPACT | JSON_REAL_PRECISION(10));
}

static int show(const struct cli *cli, const struct status *s)
{
	char text[PAGE_MAX], names[CONF_LEVELS_MAX * (CONF_NAME_MAX + 2)];
	struct buf page = BUF_ON(text), levels = BUF_ON(names);
	auto_free char *json = cli->json ? status_print_json(s) : NULL;

	buf_reset(&page);
	buf_reset(&levels);
	if (cli->json)
		puts(json ? json : "null");
	else
		status_print_page(s, &page);
	fputs(text, stdout);
	return status_levels(s->json, &levels) ? 1 : 0;
}

int status_run(const struct cli *cli, char *const *envp)
{
	static struct status status;
	static struct conf conf;
	int r = cli_load_conf(cli, envp, &conf);

	if (r >= 0)
		return r;
	if (cli->watch)
		return status_watch(cli, &conf);
	if (status_find(&conf, &status) < 0)
		return EXIT_NO_GUARD;
	r = show(cli, &status);
	json_decref(status.json);
	return r;
}
