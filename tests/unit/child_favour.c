/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "child/favour.h"

static int my_nice(void)
{
	errno = 0;
	return getpriority(PRIO_PROCESS, 0);
}

static void what_was_taken_is_given_back(void **state)
{
	struct favour before;
	int nice_before, huge_before, slack_before;

	(void)state;
	setpriority(PRIO_PROCESS, 0, 3); /* somebody started us so */
	nice_before = my_nice();
	huge_before = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
	slack_before = prctl(PR_GET_TIMERSLACK);
	favour_take(&before);
	assert_int_equal(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
	assert_int_equal(prctl(PR_GET_TIMERSLACK), 1000);
	assert_true(my_nice() <= nice_before);
	favour_return(&before);
	assert_int_equal(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), huge_before);
	assert_int_equal(prctl(PR_GET_TIMERSLACK), slack_before);
	assert_int_equal(my_nice(), nice_before);
}

static void what_was_never_taken_is_left_alone(void **state)
{
	const struct favour none = { 0 };
	int slack_before = prctl(PR_GET_TIMERSLACK);

	(void)state;
	favour_return(&none);
	favour_return(NULL);
	assert_int_equal(prctl(PR_GET_TIMERSLACK), slack_before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_taken_is_given_back),
		cmocka_unit_test(what_was_never_taken_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
