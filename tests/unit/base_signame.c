/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/signame.h"

static void names_and_numbers_are_read(void **state)
{
	const struct {
		const char *text;
		int r;
		int sig;
	} cases[] = {
		{ "TERM", 0, SIGTERM },
		{ "SIGTERM", 0, SIGTERM },
		{ "sigterm", 0, SIGTERM },
		{ "15", 0, 15 },
		{ "1", 0, 1 },
		{ "64", 0, 64 },
		{ "32", 0, 32 },
		{ "USR1", 0, SIGUSR1 },
		{ "CLD", 0, SIGCHLD },
		{ "RTMIN", 0, SIGRTMIN },
		{ "RTMIN+3", 0, SIGRTMIN + 3 },
		{ "SIGRTMIN+3", 0, SIGRTMIN + 3 },
		{ "RTMAX", 0, SIGRTMAX },
		{ "RTMAX-1", 0, SIGRTMAX - 1 },
		{ "RTMIN+30", 0, SIGRTMAX },
		{ "RTMIN+31", -ERANGE, 0 },
		{ "RTMIN+9999", -ERANGE, 0 },
		{ "RTMIN-1", -EINVAL, 0 },
		{ "RTMIN+", -EINVAL, 0 },
		{ "RTMIN3", -EINVAL, 0 },
		{ "0", -ERANGE, 0 },
		{ "65", -ERANGE, 0 },
		{ "99999999999", -ERANGE, 0 },
		{ "-1", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "SIG", -EINVAL, 0 },
		{ "TERMX", -EINVAL, 0 },
		{ "15x", -EINVAL, 0 },
		{ " TERM", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int sig = 777;

		if (signame_parse(cases[i].text, &sig) != cases[i].r)
			print_error("\"%s\"\n", cases[i].text);
		assert_int_equal(signame_parse(cases[i].text, &sig), cases[i].r);
		assert_int_equal(sig, cases[i].r ? 777 : cases[i].sig);
	}
}

static void every_signal_is_read_back(void **state)
{
	char text[SIGNAME_TEXT_MAX];

	(void)state;
	for (int sig = 1; sig <= 64; sig++) {
		int back = 0;

		assert_int_equal(signame_parse(signame_print(sig, text), &back), 0);
		assert_int_equal(back, sig);
	}
	assert_string_equal(signame_print(SIGTERM, text), "TERM");
	assert_string_equal(signame_print(SIGABRT, text), "ABRT");
	assert_string_equal(signame_print(SIGRTMIN + 3, text), "RTMIN+3");
	assert_string_equal(signame_print(33, text), "33");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_are_read),
		cmocka_unit_test(every_signal_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
