/* SPDX-License-Identifier: Apache-2.0 */
/* What php-fpm has in its files: where its pools tell their status. */
#ifndef OOMGUARD_DUMP_FPM_H
#define OOMGUARD_DUMP_FPM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FPM_PATHS_MAX 8
#define FPM_PATH_MAX  128

struct fpm_paths {
	char list[FPM_PATHS_MAX][FPM_PATH_MAX];
	unsigned n;
};

/* pm.status_path of all pools of the master process, whose title names its file. How many, or
 * -errno (-ENOENT: it is no master). */
int fpm_find_status(pid_t master, struct fpm_paths *ret);

/* Pure: "php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)" -> the path. False: no such
 * title. */
bool fpm_parse_title(const char *title, char *out, size_t size);

/* Pure: the value of "key = value" in a line; false: another line. */
bool fpm_parse_line(const char *line, const char *key, char *out, size_t size);

#endif
