/* SPDX-License-Identifier: Apache-2.0 */
/* memory_limit is of one request: what counts is that of all workers together. */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "check_runtime.h"
#include "php.h"

#define PHP_BESIDE (32 * MIB) /* the master; shared memory of opcache is not even counted */

static void remedy(struct check *c, struct check_row *row, const struct php *p, bool is_fpm,
	const struct flag *flag)
{
	uint64_t limit = c->sample.limit_bytes;
	uint64_t room = limit > 2 * PHP_BESIDE ? limit - PHP_BESIDE : 0;
	uint64_t each = room / MAX_OF(p->children, UINT64_C(1)) / MIB;

	if (!is_fpm && room && flag)
		check_remedy(row, "in the command: memory_limit=%lluM in place of memory_limit=%s",
			(unsigned long long)each, flag->value);
	else if (!is_fpm && room)
		check_remedy(row, "memory_limit = %lluM ; in %s", (unsigned long long)each,
			p->told[0] ? p->told : "php.ini");
	else if (p->pools == 1 && p->limit && p->limit <= room)
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
	static const char *const places[] = { FLAG_COMMAND, NULL };
	static const char *const spellings[] = { "memory_limit=", "-dmemory_limit=", NULL };
	bool is_fpm = php_is_fpm(c->argv), by_flag;
	struct flag flag;
	struct php p;
	uint64_t limit = c->sample.limit_bytes, workers;
	struct check_row *row;
	bool fits;

	(void)sure;
	php_read(c->argv, &p);
	by_flag = flag_find(c, places, spellings, &flag);
	if (by_flag)
		php_set_limit(&p, "the command", flag.value);
	else if (c->php_limit[0])
		php_set_limit(&p, "[tune]", c->php_limit);
	workers = MAX_OF(p.children, UINT64_C(1));
	fits = p.limit <= (limit > PHP_BESIDE ? limit - PHP_BESIDE : 0) / workers;
	if (p.limit == PHP_UNLIMITED)
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
		remedy(c, row, &p, is_fpm, by_flag ? &flag : NULL);
}
