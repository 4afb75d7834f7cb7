/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "cgroup/node.h"
#include "fixture.h"

static void a_pressed_node_is_read(void **state)
{
	auto_close int fd = fixture_open("node/pressed");
	struct node node;

	(void)state;
	assert_int_equal(node_read(fd, &node), 0);
	assert_int_equal(node.mem_total_bytes, UINT64_C(65802052) * KIB);
	assert_int_equal(node.mem_available_bytes, UINT64_C(1204816) * KIB);
	assert_int_equal(node.swap_total_bytes, UINT64_C(2097148) * KIB);
	assert_int_equal(node.swap_free_bytes, UINT64_C(1048572) * KIB);
	assert_int_equal(node.oom_kill, 17);
	assert_true(node.pressure.known);
	assert_int_equal(node.pressure.some_avg10_bp, 4107);
	assert_int_equal(node.pressure.full_total_usec, 41123456);
}

static void what_is_missing_is_not_known(void **state)
{
	auto_close int fd = fixture_open("cgroup/unlimited/proc");
	struct node node;

	(void)state;
	assert_int_equal(node_read(fd, &node), 0);
	assert_int_equal(node.mem_total_bytes, 16 * GIB);
	assert_int_equal(node.oom_kill, UINT64_MAX);
	assert_false(node.pressure.known);
}

static void no_meminfo_is_an_error(void **state)
{
	auto_close int fd = fixture_open("cgroup");
	struct node node = { .oom_kill = 5 };

	(void)state;
	assert_int_equal(node_read(fd, &node), -ENOENT);
	assert_int_equal(node.oom_kill, 5);
}

static void hostile_meminfo_is_passed_over(void **state)
{
	struct node node = { 0 };

	(void)state;
	node_parse_meminfo("MemTotal\nMemTotal: x\nXMemAvailable: 4 kB\n"
			   "SwapTotal: 99999999999999999999 kB\nSwapFree:   2 kB",
		&node);
	assert_int_equal(node.mem_total_bytes, 0);
	assert_int_equal(node.mem_available_bytes, 0);
	assert_int_equal(node.swap_total_bytes, 0);
	assert_int_equal(node.swap_free_bytes, 2048);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pressed_node_is_read),
		cmocka_unit_test(what_is_missing_is_not_known),
		cmocka_unit_test(no_meminfo_is_an_error),
		cmocka_unit_test(hostile_meminfo_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
