/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "dump/modules.h"

int find_me_in_the_symbols(int x);

__attribute__((noinline)) int find_me_in_the_symbols(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x * 3;
}

static void reads_lines_of_maps(void **state)
{
	static const char text[] =
		"00400000-00401000 r--p 00000000 fe:00 12   /usr/bin/a b (deleted)\n"
		"00401000-00402000 r-xp 00001000 fe:00 12   /usr/bin/a b (deleted)\n"
		"garbage\n"
		"00402000-00401000 r-xp 00001000 fe:00 12   /backwards\n"
		"00500000-00600000 rwxp 00000000 00:00 0 \n"
		"7ffc0000-7ffd0000 rw-p 00000000 00:00 0    [stack]\n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n";
	static const struct {
		uint64_t address;
		const char *name; /* NULL: no map */
		bool executable;
	} cases[] = {
		{ 0x3fffff, NULL, false },
		{ 0x400000, "a?b", false },
		{ 0x401fff, "a?b", true },
		{ 0x402000, NULL, false },
		{ 0x500000, "[anon]", true },
		{ 0x7ffc8000, "[stack]", false },
		{ 0xffffffffff600000, "[vsyscall]", true },
		{ UINT64_MAX, NULL, false },
	};
	struct modules m;
	char name[32];

	(void)state;
	assert_int_equal(modules_parse(strdup(text), &m), 0);
	assert_int_equal(m.n, 5);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct module_map *map = modules_find(&m, cases[i].address);

		if ((map != NULL) != (cases[i].name != NULL))
			fail_msg("%#llx: %s", (unsigned long long)cases[i].address,
				map ? "found" : "not found");
		if (!map)
			continue;
		modules_print_name(map, name, sizeof(name));
		assert_string_equal(name, cases[i].name);
		assert_int_equal(map->executable, cases[i].executable);
	}
	modules_print_name(modules_find(&m, 0x7ffc8000), name, 4);
	assert_string_equal(name, "[st");
	modules_free(&m);
	assert_int_equal(modules_parse(strdup(""), &m), 0);
	assert_int_equal(m.n, 0);
	assert_null(modules_find(&m, 1));
	modules_free(&m);
	assert_int_equal(modules_load(0x3fffffff, &m), -ESRCH);
}

static int compare(const void *a, const void *b)
{
	const struct module_symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void names_own_functions_and_those_of_libc(void **state)
{
	struct module_symbol wants[2] = { { .address = (uintptr_t)find_me_in_the_symbols + 1 },
		{ .address = (uintptr_t)dlsym(RTLD_DEFAULT, "hcreate") } };
	struct modules m;

	(void)state;
	qsort(wants, 2, sizeof(wants[0]), compare);
	assert_int_equal(modules_load(getpid(), &m), 0);
	modules_resolve(&m, wants, 2);
	for (unsigned i = 0; i < 2; i++) {
		bool own = wants[i].address == (uintptr_t)find_me_in_the_symbols + 1;

		assert_string_equal(wants[i].name, own ? "find_me_in_the_symbols" : "hcreate");
		assert_int_equal(wants[i].address - wants[i].start, own ? 1 : 0);
	}
	modules_free(&m);
}

/* The name of our function by a damaged copy of our own file; "" when none is found. */
static int resolve_copy(
	const struct modules *m, const uint8_t *data, size_t len, struct module_symbol *want)
{
	auto_close int fd = memfd_create("copy", MFD_CLOEXEC);

	want->address = (uintptr_t)find_me_in_the_symbols;
	want->start = 0;
	want->name[0] = '\0';
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	return modules_resolve_elf(fd, modules_find(m, want->address), want, 1);
}

static void damaged_files_are_survived(void **state)
{
	auto_close int fd = open("/proc/self/exe", O_RDONLY);
	auto_free uint8_t *data = NULL, *copy = NULL;
	struct module_symbol want = { .address = 0 };
	uint32_t random = 12345;
	struct modules m;
	struct stat st;
	size_t size;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	size = (size_t)st.st_size;
	data = malloc(size);
	copy = malloc(size);
	assert_int_equal(read(fd, data, size), st.st_size);
	assert_int_equal(modules_load(getpid(), &m), 0);
	assert_int_equal(resolve_copy(&m, data, size, &want), 0);
	assert_string_equal(want.name, "find_me_in_the_symbols");
	/* Cut short: section headers are at the end. */
	for (size_t len = 0; len < size; len += size / 37 + 1) {
		assert_true(resolve_copy(&m, data, len, &want) < 0);
		assert_string_equal(want.name, "");
	}
	/* Header, program headers and section headers with wild values. */
	for (unsigned round = 0; round < 300; round++) {
		memcpy(copy, data, size);
		for (unsigned i = 0; i < 8; i++) {
			size_t span = round % 2 ? 1024 : size;

			random = random * 1664525u + 1013904223u;
			copy[round % 3 == 2 ? size - 1 - random % MIN_OF(size, (size_t)3072)
					    : random % span] = (uint8_t)(random >> 24);
		}
		resolve_copy(&m, copy, size, &want);
		assert_true(strnlen(want.name, sizeof(want.name)) < sizeof(want.name));
	}
	modules_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines_of_maps),
		cmocka_unit_test(names_own_functions_and_those_of_libc),
		cmocka_unit_test(damaged_files_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
