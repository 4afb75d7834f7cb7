/* SPDX-License-Identifier: Apache-2.0 */
/* memory_limit is of one request: what counts is that of all workers together. */
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"
#include "check_runtime.h"

#define PHP_BESIDE  (32 * MIB)	/* the master, shared memory of opcache is not even counted */
#define PHP_DEFAULT (128 * MIB) /* main.c */
#define UNLIMITED   UINT64_MAX
#define FILE_MAX    (256u << 10) /* a php.ini with all of its comments has 75 KB */

/* Where distributions and the official image have them; those of the command line come first. */
static const char *const pool_files[] = { "/usr/local/etc/php-fpm.d/*.conf",
	"/etc/php/*/fpm/pool.d/*.conf", "/etc/php-fpm.d/*.conf", "/etc/php*/php-fpm.d/*.conf" };
static const char *const cli_files[] = { "/usr/local/etc/php/php.ini",
	"/usr/local/etc/php/conf.d/*.ini", "/etc/php/*/cli/php.ini", "/etc/php.ini",
	"/etc/php[0-9]*/php.ini" };
static const char *const fpm_files[] = { "/usr/local/etc/php/php.ini",
	"/usr/local/etc/php/conf.d/*.ini", "/etc/php/*/fpm/php.ini", "/etc/php.ini",
	"/etc/php[0-9]*/php.ini" };

struct php {
	uint64_t limit;	   /* memory_limit */
	uint64_t children; /* of all pools */
	unsigned pools;
	struct flag flag; /* of the command; text "" none */
	char told[128];	  /* where memory_limit is set */
	char pool[128];	  /* the last file of a pool */
};

typedef void (*line_fn)(struct php *p, const char *file, const char *key, const char *value);

/* "key = value ; comment" of every line. */
static void each_line(struct php *p, const char *file, line_fn fn)
{
	auto_free char *text = malloc(FILE_MAX);
	char *line, *rest = text;

	if (!text || file_read_text(AT_FDCWD, file, text, FILE_MAX) < 0)
		return;
	while ((line = strsep(&rest, "\n"))) {
		char key[64], value[64];

		if (sscanf(line, " %63[^ \t=;#] = %63[^ \t;\r\n]", key, value) == 2)
			fn(p, file, key, value);
	}
}

/* Not glob(): it asks the name service, which a static binary does not have. */
static void each_file(struct php *p, const char *pattern, line_fn fn)
{
	size_t fixed = strcspn(pattern, "*["), len;
	char path[256], part[64];
	auto_closedir DIR *dir = NULL;
	struct dirent *entry;

	if (!pattern[fixed]) {
		each_line(p, pattern, fn);
		return;
	}
	while (pattern[fixed - 1] != '/')
		fixed--;
	len = strcspn(pattern + fixed, "/");
	snprintf(part, sizeof(part), "%.*s", (int)len, pattern + fixed);
	snprintf(path, sizeof(path), "%.*s", (int)fixed, pattern);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || fnmatch(part, entry->d_name, 0) != 0)
			continue;
		snprintf(path, sizeof(path), "%.*s%.100s%s", (int)fixed, pattern, entry->d_name,
			pattern + fixed + len);
		each_file(p, path, fn);
	}
}

static void set_limit(struct php *p, const char *where, const char *value)
{
	if (value[0] == '-')
		p->limit = UNLIMITED;
	else if (!flag_size(value, 1, &p->limit))
		return;
	snprintf(p->told, sizeof(p->told), "%s", where);
}

static void read_ini(struct php *p, const char *file, const char *key, const char *value)
{
	if (!strcmp(key, "memory_limit"))
		set_limit(p, file, value);
}

static void read_pool(struct php *p, const char *file, const char *key, const char *value)
{
	if (!strcmp(key, "pm.max_children")) {
		p->children += strtoul(value, NULL, 10);
		p->pools++;
		snprintf(p->pool, sizeof(p->pool), "%s", file);
	} else if (!strcmp(key, "php_admin_value[memory_limit]") ||
		   !strcmp(key, "php_value[memory_limit]")) {
		set_limit(p, file, value);
	}
}

/* "-y FILE", "--fpm-config FILE" or with '='; NULL. */
static const char *argument_of(const struct check *c, const char *brief, const char *lengthy)
{
	size_t len = strlen(lengthy);

	for (char *const *a = c->argv + 1; c->argv[0] && *a; a++) {
		if ((!strcmp(*a, brief) || !strcmp(*a, lengthy)) && a[1])
			return a[1];
		if (!strncmp(*a, lengthy, len) && (*a)[len] == '=')
			return *a + len + 1;
	}
	return NULL;
}

static void read_php(const struct check *c, bool is_fpm, struct php *p)
{
	const char *const *files = is_fpm ? fpm_files : cli_files;
	size_t n = is_fpm ? ARRAY_LEN(fpm_files) : ARRAY_LEN(cli_files);
	const char *ini = argument_of(c, "-c", "--php-ini");
	const char *pool = argument_of(c, "-y", "--fpm-config");
	static const char *const places[] = { FLAG_COMMAND, NULL };
	static const char *const spellings[] = { "memory_limit=", "-dmemory_limit=", NULL };

	for (size_t i = 0; !ini && i < n; i++)
		each_file(p, files[i], read_ini);
	if (ini)
		each_line(p, ini, read_ini);
	if (is_fpm && pool)
		each_line(p, pool, read_pool);
	for (size_t i = 0; is_fpm && !pool && i < ARRAY_LEN(pool_files); i++)
		each_file(p, pool_files[i], read_pool);
	if (flag_find(c, places, spellings, &p->flag))
		set_limit(p, "the command", p->flag.value);
}

static void remedy(struct check *c, struct check_row *row, const struct php *p, bool is_fpm)
{
	uint64_t limit = c->sample.limit_bytes;
	uint64_t room = limit > 2 * PHP_BESIDE ? limit - PHP_BESIDE : 0;
	uint64_t each = room / MAX_OF(p->children, UINT64_C(1)) / MIB;

	if (!is_fpm && room && p->flag.text[0])
		check_remedy(row, "in the command: memory_limit=%lluM in place of memory_limit=%s",
			(unsigned long long)each, p->flag.value);
	else if (!is_fpm && room)
		check_remedy(row, "memory_limit = %lluM ; in %s", (unsigned long long)each,
			p->told[0] ? p->told : "php.ini");
	else if (p->pools == 1 && p->limit <= room)
		check_remedy(row, "pm.max_children = %llu ; in %s",
			(unsigned long long)(room / p->limit), p->pool);
	else if (each >= 16)
		check_remedy(row, "php_admin_value[memory_limit] = %lluM ; in %s",
			(unsigned long long)each, p->pool);
	else
		check_remedy_limit(row, PHP_BESIDE + 32 * MIB * MAX_OF(p->children, UINT64_C(1)));
}

void check_php(struct check *c, bool sure)
{
	const char *slash = strrchr(c->argv[0], '/');
	bool is_fpm = !strncmp(slash ? slash + 1 : c->argv[0], "php-fpm", 7);
	struct php p = { .limit = PHP_DEFAULT };
	uint64_t limit = c->sample.limit_bytes, workers;
	struct check_row *row;
	bool fits;

	(void)sure;
	read_php(c, is_fpm, &p);
	workers = MAX_OF(p.children, UINT64_C(1));
	fits = p.limit <= (limit > PHP_BESIDE ? limit - PHP_BESIDE : 0) / workers;
	if (p.limit == UNLIMITED)
		row = check_add(c, "runtime", CHECK_WARN,
			"memory_limit=-1 (%s): a request may take all of the limit of %s",
			p.told[0] ? p.told : "the default", units_human_bytes(limit).s);
	else
		row = check_add(c, "runtime", fits ? CHECK_OK : CHECK_WARN,
			"memory_limit=%s (%s) x %llu workers + %s beside them %s the limit of %s",
			units_human_bytes(p.limit).s, p.told[0] ? p.told : "the default",
			(unsigned long long)workers, units_human_bytes(PHP_BESIDE).s,
			fits ? "fit into" : "do not fit into", units_human_bytes(limit).s);
	if (!fits)
		remedy(c, row, &p, is_fpm);
}
