/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "conf/env.h"

static struct conf conf;
static char reason[CONF_ERROR_MAX];
static char warned[4][256];
static unsigned n_warned;

static void warn(const char *message)
{
	if (n_warned < ARRAY_LEN(warned))
		strncpy(warned[n_warned], message, sizeof(warned[0]) - 1);
	n_warned++;
}

static int load(char *const *environment)
{
	struct buf error = BUF_ON(reason);

	conf_defaults(&conf);
	memset(warned, 0, sizeof(warned));
	n_warned = 0;
	return env_load(environment, warn, &conf, &error);
}

#define ENVIRONMENT(...) ((char *const[]){ __VA_ARGS__, NULL })
#define VARIABLE(text)	 ((char[]){ text })

static void known_names_are_taken(void **state)
{
	(void)state;
	assert_int_equal(
		load(ENVIRONMENT(VARIABLE("PATH=/bin"), VARIABLE("OOMGUARD_GUARD_STATE_DIR=/s"),
			VARIABLE("OOMGUARD_LEVEL_DUMP_AT=80%"),
			VARIABLE("OOMGUARD_LEVEL_DUMP_REARM_AFTER=5s"),
			VARIABLE("OOMGUARD_LEVEL_NEW1_AT=1G"),
			VARIABLE("OOMGUARD_RESTART_PRE_STOP=sh -c 'x=1'"),
			VARIABLE("OOMGUARD_EVENT_LEVEL=dump"))),
		0);
	assert_int_equal(n_warned, 0);
	assert_string_equal(conf.guard.state_dir, "/s");
	assert_string_equal(conf.restart.pre_stop, "sh -c 'x=1'");
	assert_int_equal(conf_find_level(&conf, "dump")->at.share_bp, 8000);
	assert_int_equal(conf_find_level(&conf, "dump")->rearm_after_usec, 5 * USEC_PER_SEC);
	assert_int_equal(conf_find_level(&conf, "new1")->at.bytes, GIB);
}

static void unknown_names_are_a_warning(void **state)
{
	static struct conf defaults;

	(void)state;
	conf_defaults(&defaults);
	assert_int_equal(load(ENVIRONMENT(VARIABLE("OOMGUARD_PORT=tcp://10.0.0.1:9464"),
				 VARIABLE("OOMGUARD_GUARD_BASSIS=anon"),
				 VARIABLE("OOMGUARD_LEVEL_DUMP_ATT=80%"), VARIABLE("OOMGUARD_=x"))),
		0);
	assert_int_equal(n_warned, 4);
	assert_string_equal(warned[0], "environment OOMGUARD_PORT: no such setting, ignored");
	assert_string_equal(warned[1],
		"environment OOMGUARD_GUARD_BASSIS: no such setting, ignored "
		"(did you mean OOMGUARD_GUARD_BASIS?)");
	assert_string_equal(warned[2],
		"environment OOMGUARD_LEVEL_DUMP_ATT: no such setting, ignored "
		"(did you mean OOMGUARD_LEVEL_DUMP_AT?)");
	assert_string_equal(warned[3], "environment OOMGUARD_: no such setting, ignored");
	assert_memory_equal(&conf, &defaults, sizeof(conf));
}

static void what_the_service_of_our_name_injects_is_harmless(void **state)
{
	(void)state;
	assert_int_equal(load(ENVIRONMENT(VARIABLE("OOMGUARD_SERVICE_HOST=10.0.0.1"),
				 VARIABLE("OOMGUARD_PORT_9464_TCP_ADDR=10.0.0.1"),
				 VARIABLE("OOMGUARD_LEVEL_=x"), VARIABLE("OOMGUARD_LEVEL_DUMP=x"),
				 VARIABLE("OOMGUARD_NO_EQUALS"), VARIABLE("OOMGUARD"))),
		0);
	assert_int_equal(n_warned, 4);
}

static void a_bad_value_of_a_known_name_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(load(ENVIRONMENT(VARIABLE("OOMGUARD_LEVEL_DUMP_AT=much"))), -EINVAL);
	assert_string_equal(reason,
		"environment OOMGUARD_LEVEL_DUMP_AT: level.dump.at: not a percentage or a size "
		"(allowed: 75% | BYTES such as 200MiB | empty: not a condition)");
	assert_int_equal(load(ENVIRONMENT(VARIABLE("OOMGUARD_GUARD_BASIS="))), -EINVAL);
	assert_string_equal(reason,
		"environment OOMGUARD_GUARD_BASIS: guard.basis: no value (allowed: nonreclaimable "
		"| working-set | usage | anon)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_names_are_taken),
		cmocka_unit_test(unknown_names_are_a_warning),
		cmocka_unit_test(what_the_service_of_our_name_injects_is_harmless),
		cmocka_unit_test(a_bad_value_of_a_known_name_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
