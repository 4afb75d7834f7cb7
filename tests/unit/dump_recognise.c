/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dump/elf.h"
#include "dump/recognise.h"

/* A file with a note, a table of dynamic symbols and its strings; all of it may be damaged. */
struct tiny {
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	Elf64_Shdr sh[3];
	struct {
		Elf64_Nhdr head;
		char owner[4], desc[8];
	} note;
	char strings[64];
};

static struct tiny make_tiny(void)
{
	struct tiny t = {
		.eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
				__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB
									  : ELFDATA2MSB,
				EV_CURRENT },
			.e_phoff = offsetof(struct tiny, ph),
			.e_phnum = 1,
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_shoff = offsetof(struct tiny, sh),
			.e_shnum = 3,
			.e_shentsize = sizeof(Elf64_Shdr) },
		.ph = { .p_type = PT_NOTE,
			.p_offset = offsetof(struct tiny, note),
			.p_filesz = sizeof(t.note) },
		.note = { .head = { .n_namesz = 3, .n_descsz = 8, .n_type = 4 }, .owner = "Go" },
	};

	t.sh[1] = (Elf64_Shdr){ .sh_type = SHT_DYNSYM, .sh_link = 2 };
	t.sh[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
		.sh_offset = offsetof(struct tiny, strings),
		.sh_size = sizeof(t.strings) };
	memcpy(t.strings, "\0malloc\0gHotSpotVMStructs\0free\0", 32);
	return t;
}

static int file_of(const void *data, size_t len)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_int_equal(write(fd, data, len), len);
	return fd;
}

static void names_and_notes_are_found(void **state)
{
	const char *names[] = { "gHotSpotVMStructs", NULL, "free", "gHotSpot", "nothing" };
	struct tiny t = make_tiny();
	int fd = file_of(&t, sizeof(t));
	uint32_t found = 0;

	(void)state;
	assert_int_equal(elf_find_names(fd, names, ARRAY_LEN(names), &found), 0);
	assert_int_equal(found, 1 | 4);
	assert_true(elf_has_note(fd, "Go", 4));
	assert_false(elf_has_note(fd, "Go", 3));
	assert_false(elf_has_note(fd, "GNU", 4));
	close(fd);
}

/* A name that lies across two reads. */
static void long_tables_are_read_to_their_end(void **state)
{
	const char *names[] = { "gHotSpotVMStructs" };
	static char data[sizeof(struct tiny) + 200000];

	(void)state;
	for (size_t at = 32750; at < 32790; at++) {
		struct tiny t = make_tiny();
		uint32_t found = 0;
		int fd;

		t.sh[2].sh_offset = sizeof(t);
		t.sh[2].sh_size = sizeof(data) - sizeof(t);
		memset(data, 'x', sizeof(data));
		memcpy(data, &t, sizeof(t));
		memcpy(data + sizeof(t) + at, "\0gHotSpotVMStructs", 19);
		fd = file_of(data, sizeof(data));
		assert_int_equal(elf_find_names(fd, names, 1, &found), 0);
		assert_int_equal(found, 1);
		close(fd);
	}
}

static void damaged_files_are_survived(void **state)
{
	const char *names[] = { "gHotSpotVMStructs" };
	uint32_t seed = 7, found;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct tiny t = make_tiny();
		int fd;

		for (int k = 0; k < 4; k++) {
			seed = seed * 1664525 + 1013904223;
			((uint8_t *)&t)[EI_NIDENT + (seed >> 8) % (sizeof(t) - EI_NIDENT)] =
				(uint8_t)(seed >> 24);
		}
		fd = file_of(&t, sizeof(t) - (size_t)i % 7);
		found = 0;
		elf_find_names(fd, names, 1, &found);
		elf_has_note(fd, "Go", 4);
		close(fd);
	}
}

/* Any program may be called so. */
static void name_alone_is_nothing(void **state)
{
	static const char *const called[] = { "java", "node", "python3", "ruby", "dotnet" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(called); i++) {
		int pair[2], status;
		pid_t pid;
		char byte;

		assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
		pid = fork();
		if (!pid) {
			execl("/bin/sleep", called[i], "60", (char *)NULL);
			_exit(127);
		}
		/* Closed by exec. */
		close(pair[1]);
		assert_int_equal(read(pair[0], &byte, 1), 0);
		close(pair[0]);
		assert_int_equal(recognise_runtime(pid), DUMP_CORE);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	assert_int_equal(recognise_runtime(0x3ffffffe), DUMP_CORE);
}

/* Those that are installed here. */
static void runtimes_are_recognised(void **state)
{
	static const struct {
		const char *command;
		enum conf_dump_kind expected;
	} cases[] = {
		{ "exec node -e 'setInterval(() => 0, 1000); console.log(1)'", DUMP_NODE },
		{ "exec /usr/bin/python3 -c 'import time; print(1, flush=True); time.sleep(60)'",
			DUMP_PYTHON },
		{ "exec ruby -e 'STDOUT.sync = true; puts 1; sleep'", DUMP_RUBY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int pair[2];
		char byte;
		pid_t pid;

		assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			dup2(pair[1], 1);
			close(2);
			execl("/bin/sh", "sh", "-c", cases[i].command, (char *)NULL);
			_exit(127);
		}
		close(pair[1]);
		if (read(pair[0], &byte, 1) == 1)
			assert_int_equal(recognise_runtime(pid), cases[i].expected);
		close(pair[0]);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_true(strcmp(recognise_name(cases[i].expected), "native") != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_notes_are_found),
		cmocka_unit_test(long_tables_are_read_to_their_end),
		cmocka_unit_test(damaged_files_are_survived),
		cmocka_unit_test(name_alone_is_nothing),
		cmocka_unit_test(runtimes_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
