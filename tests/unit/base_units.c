/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

#define UNTOUCHED UINT64_C(77)

struct parse_case {
	const char *text;
	int r;
	uint64_t value;
};

static const struct parse_case byte_cases[] = {
	{ "0", 0, 0 },
	{ "4096", 0, 4096 },
	{ "17B", 0, 17 },
	{ "64KiB", 0, 65536 },
	{ "64K", 0, 65536 },
	{ "64Ki", 0, 65536 },
	{ "64k", 0, 65536 },
	{ "128m", 0, 128 * MIB },
	{ "1.5GiB", 0, 1536 * MIB },
	{ "0.5K", 0, 512 },
	{ "2G", 0, 2 * GIB },
	{ "1T", 0, 1024 * GIB },
	{ "512MB", 0, 512000000 },
	{ " \t64M ", 0, 64 * MIB },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "99999999999999999999999999", -ERANGE, 0 },
	{ "16777216T", -ERANGE, 0 },
	{ "16777215T", 0, UINT64_C(16777215) << 40 },
	{ "", -EINVAL, 0 },
	{ " ", -EINVAL, 0 },
	{ "K", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },
	{ "1.5", -EINVAL, 0 },
	{ "1.", -EINVAL, 0 },
	{ ".5G", -EINVAL, 0 },
	{ "1..5G", -EINVAL, 0 },
	{ "1.5.5G", -EINVAL, 0 },
	{ "1.1234567890G", -EINVAL, 0 },
	{ "64 M", -EINVAL, 0 },
	{ "64MM", -EINVAL, 0 },
	{ "64MiBytes", -EINVAL, 0 },
	{ "64M\n", -EINVAL, 0 },
	{ "75%", -EINVAL, 0 },
	{ "10s", -EINVAL, 0 },
};

static const struct parse_case duration_cases[] = {
	{ "0", 0, 0 },
	{ "0s", 0, 0 },
	{ "500us", 0, 500 },
	{ "200ms", 0, 200000 },
	{ "10s", 0, 10 * USEC_PER_SEC },
	{ "1.5s", 0, 1500000 },
	{ "0.0005s", 0, 500 },
	{ "5m", 0, 300 * USEC_PER_SEC },
	{ "1h", 0, 3600 * USEC_PER_SEC },
	{ "2d", 0, 172800 * USEC_PER_SEC },
	{ " 2d ", 0, 172800 * USEC_PER_SEC },
	{ "213503983d", -ERANGE, 0 },
	{ "18446744073709551616us", -ERANGE, 0 },
	{ "10", -EINVAL, 0 },
	{ "0.0", -EINVAL, 0 },
	{ "0.5us", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
	{ "s", -EINVAL, 0 },
	{ "-1s", -EINVAL, 0 },
	{ "10 s", -EINVAL, 0 },
	{ "10sec", -EINVAL, 0 },
	{ "1h30m", -EINVAL, 0 },
};

static const struct parse_case share_cases[] = {
	{ "0%", 0, 0 },
	{ "75%", 0, 7500 },
	{ "0.3%", 0, 30 },
	{ "0.01%", 0, 1 },
	{ "99.99%", 0, 9999 },
	{ "100%", 0, 10000 },
	{ "100.00%", 0, 10000 },
	{ " 5% ", 0, 500 },
	{ "100.01%", -ERANGE, 0 },
	{ "101%", -ERANGE, 0 },
	{ "99999999999999999999%", -ERANGE, 0 },
	{ "0.001%", -EINVAL, 0 },
	{ "75", -EINVAL, 0 },
	{ "%", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
	{ "-5%", -EINVAL, 0 },
	{ "75%%", -EINVAL, 0 },
	{ "75 %", -EINVAL, 0 },
};

static void check(int r, uint64_t value, const struct parse_case *c)
{
	uint64_t wanted = c->r ? UNTOUCHED : c->value;

	if (r != c->r || value != wanted)
		print_error("\"%s\": %d, %" PRIu64 "\n", c->text, r, value);
	assert_int_equal(r, c->r);
	assert_int_equal(value, wanted);
}

static void bytes_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(byte_cases); i++) {
		uint64_t value = UNTOUCHED;
		int r = units_parse_bytes(byte_cases[i].text, &value);

		check(r, value, &byte_cases[i]);
	}
}

static void durations_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(duration_cases); i++) {
		uint64_t value = UNTOUCHED;
		int r = units_parse_duration(duration_cases[i].text, &value);

		check(r, value, &duration_cases[i]);
	}
}

static void shares_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(share_cases); i++) {
		uint32_t value = UNTOUCHED;
		int r = units_parse_share(share_cases[i].text, &value);

		check(r, value, &share_cases[i]);
	}
}

static void exact_form_is_the_largest_unit_that_divides(void **state)
{
	char text[UNITS_TEXT_MAX];

	(void)state;
	units_print_bytes(text, sizeof(text), 0);
	assert_string_equal(text, "0");
	units_print_bytes(text, sizeof(text), 1000);
	assert_string_equal(text, "1000");
	units_print_bytes(text, sizeof(text), 128 * MIB);
	assert_string_equal(text, "128MiB");
	units_print_bytes(text, sizeof(text), UINT64_MAX);
	assert_string_equal(text, "18446744073709551615");
	units_print_share(text, sizeof(text), 30);
	assert_string_equal(text, "0.3%");
	units_print_share(text, sizeof(text), 1);
	assert_string_equal(text, "0.01%");
	units_print_share(text, sizeof(text), 7500);
	assert_string_equal(text, "75%");
	units_print_duration(text, sizeof(text), 0);
	assert_string_equal(text, "0s");
	units_print_duration(text, sizeof(text), 90 * USEC_PER_SEC);
	assert_string_equal(text, "90s");
	units_print_duration(text, sizeof(text), 3600 * USEC_PER_SEC);
	assert_string_equal(text, "1h");
	units_print_duration(text, sizeof(text), 1500);
	assert_string_equal(text, "1500us");
}

static void exact_form_is_read_back(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < 64; shift++) {
		uint64_t value = (UINT64_C(1) << shift) + (shift % 3 ? 0 : shift);
		uint64_t bytes = 0, usec = 0;
		char text[UNITS_TEXT_MAX];

		units_print_bytes(text, sizeof(text), value);
		assert_int_equal(units_parse_bytes(text, &bytes), 0);
		assert_int_equal(bytes, value);
		units_print_duration(text, sizeof(text), value);
		assert_int_equal(units_parse_duration(text, &usec), 0);
		assert_int_equal(usec, value);
	}
	for (uint32_t bp = 0; bp <= BP_WHOLE; bp++) {
		char text[UNITS_TEXT_MAX];
		uint32_t back = UINT32_MAX;

		units_print_share(text, sizeof(text), bp);
		assert_int_equal(units_parse_share(text, &back), 0);
		assert_int_equal(back, bp);
	}
}

static void people_get_rounded_numbers(void **state)
{
	static const struct {
		uint64_t value;
		const char *bytes;
	} bytes[] = {
		{ 0, "0B" },
		{ 612, "612B" },
		{ 1023, "1023B" },
		{ 1024, "1KiB" },
		{ 3 * MIB + 100 * KIB, "3.1MiB" },
		{ 216 * MIB, "216MiB" },
		{ 10 * MIB - 1, "10MiB" },
		{ GIB - 1, "1GiB" },
		{ UINT64_MAX, "16EiB" },
	};
	static const struct {
		uint64_t value;
		const char *duration;
	} durations[] = {
		{ 0, "0s" },
		{ 999, "999us" },
		{ 12000, "12ms" },
		{ 9500000, "9.5s" },
		{ 10 * USEC_PER_SEC, "10s" },
		{ 59999999, "1m" },
		{ 90 * USEC_PER_SEC, "1.5m" },
		{ 180 * USEC_PER_SEC, "3m" },
		{ 7200 * USEC_PER_SEC, "2h" },
		{ 48 * 3600 * USEC_PER_SEC, "2d" },
		{ UINT64_MAX, "213503982d" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++)
		assert_string_equal(units_human_bytes(bytes[i].value).s, bytes[i].bytes);
	for (size_t i = 0; i < ARRAY_LEN(durations); i++)
		assert_string_equal(
			units_human_duration(durations[i].value).s, durations[i].duration);
}

static void shares_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(units_share_bp(1, 0), 0);
	assert_int_equal(units_share_bp(88, 100), 8800);
	assert_int_equal(units_share_bp(UINT64_MAX, UINT64_MAX), BP_WHOLE);
	assert_int_equal(units_share_bp(UINT64_MAX / 2, UINT64_MAX), 4999);
	assert_int_equal(units_share_bp(UINT64_MAX, 1), UINT32_MAX);
	assert_int_equal(units_of_share(1000, 8800), 880);
	assert_int_equal(units_of_share(UINT64_MAX, BP_WHOLE), UINT64_MAX);
	assert_int_equal(units_of_share(UINT64_MAX, UINT32_MAX), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_read),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(shares_are_read),
		cmocka_unit_test(exact_form_is_the_largest_unit_that_divides),
		cmocka_unit_test(exact_form_is_read_back),
		cmocka_unit_test(people_get_rounded_numbers),
		cmocka_unit_test(shares_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
