/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/hotspot.h"
#include "dump/kinds.h"
#include "dump/recognise.h"

static void versions_are_read(void **state)
{
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{ "OpenJDK 64-Bit Server VM version 17.0.15+6\nJDK 17.0.15\n", 17 },
		{ "OpenJDK 64-Bit Server VM version 25.402-b06\nJDK 8.0_402\n", 8 },
		{ "x\nJDK 22.0.1\n", 22 },
		{ "", 0 },
		{ "x\nJDK ", 0 },
		{ "nothing of that kind", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(hotspot_parse_version(cases[i].text), cases[i].expected);
}

/* Whatever it is called: nothing is sent to what is no HotSpot. */
static void other_programs_are_left_alone(void **state)
{
	static struct conf conf;
	struct dump_result res;
	struct dump_request req = { .conf = &conf,
		.pid = getpid(),
		.comm = "java",
		.incident_dirfd = -1,
		.deadline_usec = clock_now_usec() + USEC_PER_SEC };

	(void)state;
	assert_int_equal(recognise_runtime(getpid()), DUMP_CORE);
	assert_int_equal(dump_hotspot(&req, &res), -ENOEXEC);
	assert_int_equal(profile_hotspot(&req, &res), -ENOEXEC);
	assert_int_equal(relieve_hotspot(&req, &res), -ENOEXEC);
	assert_int_equal(hotspot_prearm(getpid(), clock_now_usec() + USEC_PER_SEC), -EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_read),
		cmocka_unit_test(other_programs_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
