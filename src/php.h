/* SPDX-License-Identifier: Apache-2.0 */
/* What PHP's own files say of memory: php.ini and the pools of php-fpm. */
#ifndef OOMGUARD_PHP_H
#define OOMGUARD_PHP_H

#include <stdbool.h>
#include <stdint.h>

#define PHP_UNLIMITED UINT64_MAX

struct php {
	uint64_t limit;	   /* memory_limit, of one request; PHP_UNLIMITED */
	uint64_t children; /* of all pools */
	unsigned pools;
	char told[128]; /* where memory_limit is set; "" nowhere: the default */
	char pool[128]; /* the last file of a pool */
};

/* Is it php-fpm, by the name of the command? */
bool php_is_fpm(char *const *argv);

/* Reads the files that this command line would have it read. */
void php_read(char *const *argv, struct php *ret);

/* "128M", "-1" of memory_limit; unchanged when it is neither. */
void php_set_limit(struct php *p, const char *where, const char *value);

#endif
