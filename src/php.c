/* SPDX-License-Identifier: Apache-2.0 */
#include "php.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"

#define PHP_DEFAULT (128 * MIB)	 /* main.c */
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

/* 128M, 1g, bytes (zend_atol) */
static bool parse_size(const char *value, uint64_t *ret_bytes)
{
	char *end;
	uint64_t n = strtoull(value, &end, 10);
	unsigned shift = (*end | 0x20) == 'k'	? 10
			 : (*end | 0x20) == 'm' ? 20
			 : (*end | 0x20) == 'g' ? 30
						: 0;

	if (end == value || n > UINT64_MAX >> 31)
		return false;
	*ret_bytes = n << shift;
	return true;
}

void php_set_limit(struct php *p, const char *where, const char *value)
{
	if (value[0] == '-')
		p->limit = PHP_UNLIMITED;
	else if (!parse_size(value, &p->limit))
		return;
	snprintf(p->told, sizeof(p->told), "%s", where);
}

static void read_ini(struct php *p, const char *file, const char *key, const char *value)
{
	if (!strcmp(key, "memory_limit"))
		php_set_limit(p, file, value);
}

static void read_pool(struct php *p, const char *file, const char *key, const char *value)
{
	if (!strcmp(key, "pm.max_children")) {
		p->children += strtoul(value, NULL, 10);
		p->pools++;
		snprintf(p->pool, sizeof(p->pool), "%s", file);
	} else if (!strcmp(key, "php_admin_value[memory_limit]") ||
		   !strcmp(key, "php_value[memory_limit]")) {
		php_set_limit(p, file, value);
	}
}

/* "-y FILE", "--fpm-config FILE" or with '='; NULL. */
static const char *argument_of(char *const *argv, const char *brief, const char *lengthy)
{
	size_t len = strlen(lengthy);

	for (char *const *a = argv + 1; argv[0] && *a; a++) {
		if ((!strcmp(*a, brief) || !strcmp(*a, lengthy)) && a[1])
			return a[1];
		if (!strncmp(*a, lengthy, len) && (*a)[len] == '=')
			return *a + len + 1;
	}
	return NULL;
}

bool php_is_fpm(char *const *argv)
{
	const char *slash = strrchr(argv[0], '/');

	return !strncmp(slash ? slash + 1 : argv[0], "php-fpm", 7);
}

void php_read(char *const *argv, struct php *ret)
{
	bool is_fpm = php_is_fpm(argv);
	const char *const *files = is_fpm ? fpm_files : cli_files;
	size_t n = is_fpm ? ARRAY_LEN(fpm_files) : ARRAY_LEN(cli_files);
	const char *ini = argument_of(argv, "-c", "--php-ini");
	const char *pool = is_fpm ? argument_of(argv, "-y", "--fpm-config") : NULL;

	*ret = (struct php){ .limit = PHP_DEFAULT };
	for (size_t i = 0; !ini && i < n; i++)
		each_file(ret, files[i], read_ini);
	if (ini)
		each_line(ret, ini, read_ini);
	if (pool)
		each_line(ret, pool, read_pool);
	for (size_t i = 0; is_fpm && !pool && i < ARRAY_LEN(pool_files); i++)
		each_file(ret, pool_files[i], read_pool);
}
