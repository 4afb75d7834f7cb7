/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cgroup/qos.h"

static void a_score_tells_the_class_and_the_request(void **state)
{
	static const struct {
		int score;
		const char *qos;
		uint64_t request_of_1000_mib; /* in MiB */
	} cases[] = {
		{ -997, "Guaranteed", 0 },
		{ 1000, "BestEffort", 0 },
		{ 2, "Burstable", 0 },
		{ 3, "Burstable", 997 },
		{ 750, "Burstable", 250 },
		{ 998, "Burstable", 2 },
		{ 999, "Burstable", 0 },
		{ 0, "unknown", 0 },
		{ 1, "unknown", 0 },
		{ -1000, "unknown", 0 },
		{ -998, "unknown", 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(qos_name(cases[i].score), cases[i].qos);
		assert_int_equal(qos_request_bytes(cases[i].score, 1000 * MIB),
			cases[i].request_of_1000_mib * MIB);
	}
	assert_int_equal(qos_request_bytes(750, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_score_tells_the_class_and_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
