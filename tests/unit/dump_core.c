/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/core.h"
#include "dump/core_pages.h"
#include "dump/kinds.h"
#include "fixture.h"

#define THREADS	 3
#define HUGE_LEN (UINT64_C(1) << 40)

static char dir[32];
static int dirfd_;
static pid_t target;
static volatile uint64_t planted = 0x1234567890abcdef;
static char *heap, *huge, *secret;

static void *wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void __attribute__((noreturn)) be_target(int ready)
{
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	planted++;
	strcpy(heap, "planted in the heap");
	strcpy(secret, "a pass");
	strcat(secret, "word");
	madvise(secret, 4096, MADV_DONTDUMP);
	strcpy(huge + HUGE_LEN / 2, "in the middle of nowhere");
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, wait_for_ever, NULL);
	(void)!write(ready, "x", 1);
	wait_for_ever(NULL);
	_exit(0);
}

static int set_up(void **state)
{
	int pair[2];
	char byte;

	(void)state;
	strcpy(dir, "/tmp/oomguard-core-XXXXXX");
	if (!mkdtemp(dir) || pipe(pair))
		return -1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	heap = malloc(4096);
	huge = mmap(NULL, HUGE_LEN, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	secret = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (huge == MAP_FAILED || secret == MAP_FAILED)
		return -1;
	target = fork();
	if (!target)
		be_target(pair[1]);
	if (read(pair[0], &byte, 1) != 1)
		return -1;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	munmap(huge, HUGE_LEN);
	munmap(secret, 4096);
	free(heap);
	close(dirfd_);
	fixture_remove(dir);
	return 0;
}

static int take(struct dump_result *res, uint64_t max_pause_usec)
{
	static struct conf conf;
	struct dump_request req = { .conf = &conf,
		.pid = target,
		.comm = "t",
		.incident_dirfd = dirfd_,
		.incident_path = dir,
		.level = "dump",
		.deadline_usec = clock_now_usec() + 60 * USEC_PER_SEC };
	int r;

	conf_defaults(&conf);
	conf.dump.max_pause_usec = max_pause_usec;
	r = dump_core(&req, res);
	if (r == -EPERM)
		skip();
	return r;
}

/* What the core says about an address: how many bytes; -1: nothing is mapped there. */
static ssize_t look_up(int fd, uint64_t address, void *out, size_t size)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	assert_int_equal(pread(fd, &eh, sizeof(eh), 0), sizeof(eh));
	for (unsigned i = 0; i < eh.e_phnum; i++) {
		assert_int_equal(pread(fd, &ph, sizeof(ph), (off_t)(eh.e_phoff + i * sizeof(ph))),
			sizeof(ph));
		if (ph.p_type != PT_LOAD || address < ph.p_vaddr ||
			address >= ph.p_vaddr + ph.p_memsz)
			continue;
		assert_true(ph.p_filesz <= ph.p_memsz);
		assert_int_equal(ph.p_offset % 4096, ph.p_vaddr % 4096);
		if (address - ph.p_vaddr >= ph.p_filesz)
			return 0;
		return pread(fd, out, size, (off_t)(ph.p_offset + (address - ph.p_vaddr)));
	}
	return -1;
}

static unsigned count_notes(int fd, uint32_t type)
{
	static char data[1 << 20];
	unsigned n = 0;
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	size_t at = 0;

	assert_int_equal(pread(fd, &eh, sizeof(eh), 0), sizeof(eh));
	assert_int_equal(pread(fd, &ph, sizeof(ph), (off_t)eh.e_phoff), sizeof(ph));
	assert_int_equal(ph.p_type, PT_NOTE);
	assert_true(ph.p_filesz < sizeof(data));
	assert_int_equal(pread(fd, data, ph.p_filesz, (off_t)ph.p_offset), ph.p_filesz);
	while (at < ph.p_filesz) {
		Elf64_Nhdr head;

		memcpy(&head, data + at, sizeof(head));
		n += head.n_type == type;
		at += sizeof(head) + ((head.n_namesz + 3) & ~3u) + ((head.n_descsz + 3) & ~3u);
	}
	assert_int_equal(at, ph.p_filesz);
	return n;
}

static void core_has_threads_memory_and_files(void **state)
{
	struct dump_result res;
	char text[64] = "";
	uint64_t value = 0;
	struct stat st;
	int fd, r;

	(void)state;
	r = take(&res, 10 * USEC_PER_SEC);
	if (r)
		fail_msg("%d: %s", r, res.text);
	fd = openat(dirfd_, res.file, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(count_notes(fd, NT_PRSTATUS), THREADS + 1);
	assert_int_equal(count_notes(fd, NT_PRFPREG), THREADS + 1);
	assert_int_equal(count_notes(fd, NT_PRPSINFO), 1);
	assert_int_equal(count_notes(fd, NT_AUXV), 1);
	assert_int_equal(count_notes(fd, NT_FILE), 1);
	/* What has been written to in a private file's page, on the heap, in the middle of 1 TiB.
	 */
	assert_int_equal(look_up(fd, (uintptr_t)&planted, &value, sizeof(value)), sizeof(value));
	assert_true(value == planted + 1);
	look_up(fd, (uintptr_t)heap, text, sizeof(text));
	assert_string_equal(text, "planted in the heap");
	look_up(fd, (uintptr_t)(huge + HUGE_LEN / 2), text, sizeof(text));
	assert_string_equal(text, "in the middle of nowhere");
	/* What does not want to be in a core is not. */
	assert_int_equal(look_up(fd, (uintptr_t)secret, text, 1), -1);
	/* Mapped, and nothing there. */
	assert_int_equal(look_up(fd, (uintptr_t)huge, text, 1), 0);
	assert_int_equal(look_up(fd, 16, text, 1), -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true((uint64_t)st.st_blocks * 512 < 64 * MIB && (uint64_t)st.st_size < 256 * MIB);
	close(fd);
	/* And it lives. */
	assert_int_equal(waitpid(target, NULL, WNOHANG), 0);
}

static void core_that_takes_too_long_is_dropped(void **state)
{
	struct dump_result res;

	(void)state;
	assert_int_equal(take(&res, 0), -ETIMEDOUT);
	assert_non_null(strstr(res.text, "not complete within"));
	assert_int_equal(res.file[0], '\0');
	assert_int_equal(unlinkat(AT_FDCWD, dir, AT_REMOVEDIR), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
}

/* Both ways to ask the kernel tell the same, and neither makes a page. */
static void pages_are_found_without_touching_them(void **state)
{
	static struct core_pages pages;
	uint64_t from = (uintptr_t)huge + HUGE_LEN / 2 - 64 * MIB, end = from + 128 * MIB;

	(void)state;
	for (int no_scan = 0; no_scan < 2; no_scan++) {
		uint64_t start, stop, at = from, sum = 0;
		int r;

		r = core_pages_open(target, &pages);
		if (r == -EACCES || r == -EPERM)
			skip();
		assert_int_equal(r, 0);
		pages.no_scan = no_scan;
		core_pages_start(&pages, from);
		while ((r = core_pages_next(&pages, CORE_MEMORY, at, end, &start, &stop)) == 1) {
			assert_true(start >= at && stop > start && stop <= end);
			sum += stop - start;
			at = stop;
		}
		assert_int_equal(r, 0);
		/* One page, or a huge one. */
		assert_true(sum >= 4096 && sum <= 2 * MIB);
		core_pages_close(&pages);
	}
}

static void maps_are_classified(void **state)
{
	static const struct {
		const char *line;
		int expected; /* -1: no line of a map */
	} cases[] = {
		{ "7f00-8f00 rw-p 00000000 00:00 0 ", CORE_MEMORY },
		{ "7f00-8f00 rw-p 00000000 00:00 0          [heap]", CORE_MEMORY },
		{ "7f00-8f00 ---p 00000000 00:00 0          [anon:dalvik]", CORE_MEMORY },
		{ "7f00-8f00 r-xp 00001000 fe:00 12         /usr/lib/libc.so.6", CORE_MODIFIED },
		{ "7f00-8f00 rw-s 00000000 fe:00 12         /var/lib/data file", CORE_HEADER },
		{ "7f00-8f00 rw-s 00000000 00:01 12         /memfd:heap (deleted)", CORE_MEMORY },
		{ "7f00-8f00 rw-s 00000000 00:01 12         /dev/zero (deleted)", CORE_MEMORY },
		{ "7f00-8f00 rw-s 00000000 00:01 12         /SYSV00000000 (deleted)", CORE_MEMORY },
		{ "7f00-8f00 rw-s 00000000 00:05 12         /dev/nvidia0", CORE_HEADER },
		{ "7f00-8f00 r--p 00000000 00:00 0          [vvar]", CORE_SKIP },
		{ "7f00-8f00 r--p 00000000 00:00 0          [vvar_vclock]", CORE_SKIP },
		{ "7f00-8f00 r-xp 00000000 00:00 0          [vdso]", CORE_WHOLE },
		{ "ffff00-ffff80 --xp 00000000 00:00 0      [vsyscall]", CORE_SKIP },
		{ "8f00-7f00 rw-p 00000000 00:00 0 ", -1 },
		{ "7f00-8f00 rw-", -1 },
		{ "hello", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct core_map map;
		int got = core_parse_map(cases[i].line, &map) ? (int)core_classify(&map) : -1;

		if (got != cases[i].expected)
			fail_msg("%s: %d, not %d", cases[i].line, got, cases[i].expected);
	}
}

static void process_that_has_gone_is_told(void **state)
{
	struct dump_result res;

	(void)state;
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	assert_int_equal(take(&res, USEC_PER_SEC), -ESRCH);
	assert_int_equal(res.file[0], '\0');
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(core_has_threads_memory_and_files),
		CASE(core_that_takes_too_long_is_dropped),
		CASE(pages_are_found_without_touching_them),
		CASE(process_that_has_gone_is_told),
		cmocka_unit_test(maps_are_classified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
