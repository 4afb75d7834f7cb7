/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/stacks.h"
#include "proc/proc.h"

#define TEXT_MAX (1u << 20)

static pid_t child;
static int child_stdin = -1;

static int stop_child(void **state)
{
	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = 0;
	if (child_stdin >= 0)
		close(child_stdin);
	child_stdin = -1;
	return 0;
}

/* Built beside: tests/programs/. True when it runs and is ready. */
static bool start_program(const char *name, const char *n_threads)
{
	const char *dir = getenv("OOMGUARD_TEST_PROGRAMS");
	char path[512], line[16];
	int in[2], out[2];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "tests/programs", name);
	if (access(path, X_OK) < 0)
		return false;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(path, name, n_threads, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	child_stdin = in[1];
	n = read(out[0], line, sizeof(line));
	close(out[0]);
	assert_int_equal(n, strlen("ready\n"));
	return true;
}

static char state_of(pid_t pid)
{
	auto_close int procfd = proc_open_root();
	struct proc_stat stat = { .state = '?' };

	proc_read_stat(procfd, pid, &stat);
	return stat.state;
}

static void wait_for_state(const char *states)
{
	uint64_t until = clock_now_usec() + 10 * USEC_PER_SEC;

	while (!strchr(states, state_of(child)))
		if (clock_now_usec() > until)
			fail_msg("state %c, expected one of %s", state_of(child), states);
}

static int take(char text[TEXT_MAX], struct stacks_count *count)
{
	auto_close int fd = memfd_create("stacks", MFD_CLOEXEC);
	ssize_t n;
	int r;

	*count = (struct stacks_count){ .processes = 0 };
	r = stacks_write(child, fd, count);
	n = pread(fd, text, TEXT_MAX - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	return r;
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		n++;
	return n;
}

static void check_threads(const char *program, const char *n_text, unsigned n)
{
	static char text[TEXT_MAX];
	struct stacks_count count;
	char module[64];
	int r;

	if (!start_program(program, n_text))
		skip();
	r = take(text, &count);
	if (r == -EPERM)
		skip(); /* a container without ptrace */
	assert_int_equal(r, 0);
	assert_int_equal(count.processes, 1);
	assert_int_equal(count.denied, 0);
	if (count.threads != n + 1 || count_of(text, " depth_three+0x") != n ||
		count_of(text, " depth_two+0x") != n || count_of(text, " depth_one+0x") != n ||
		count_of(text, " main+0x") != 1)
		fail_msg("%u threads, expected %u, each in depth_three <- two <- one:\n%s",
			count.threads, n + 1, text);
	snprintf(module, sizeof(module), " (%s)\n", program);
	assert_non_null(strstr(text, module));
	assert_true(strstr(text, " depth_three+0x") < strstr(text, " depth_two+0x"));
	assert_true(strstr(text, " depth_two+0x") < strstr(text, " depth_one+0x"));
	assert_true(count.stopped_usec_max > 0 && count.stopped_usec_max < USEC_PER_SEC);
	/* Let go, all of them. */
	wait_for_state("SR");
	close(child_stdin);
	child_stdin = -1;
	wait_for_state("Z");
}

static void names_functions_of_a_dynamic_program(void **state)
{
	(void)state;
	check_threads("threads", "4", 4);
}

static void names_functions_of_a_static_program(void **state)
{
	(void)state;
	check_threads("threads-static", "4", 4);
}

static void takes_hundreds_of_threads(void **state)
{
	(void)state;
	check_threads("threads", "300", 300);
}

static void stopped_process_stays_stopped(void **state)
{
	static char text[TEXT_MAX];
	struct stacks_count count;
	int r;

	(void)state;
	if (!start_program("threads", "2"))
		skip();
	kill(child, SIGSTOP);
	wait_for_state("T");
	r = take(text, &count);
	if (r == -EPERM)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(count.threads, 3);
	assert_int_equal(count_of(text, " depth_three+0x"), 2);
	wait_for_state("T");
	kill(child, SIGCONT);
	wait_for_state("SR");
}

/* Frames are found only where something is known: the registers of such a thread are anything. */
static void lost_thread_ends_in_words(void **state)
{
	static char text[TEXT_MAX];
	struct stacks_count count;
	char byte;
	int ready[2], r;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		/* Code without a file: jump to itself, as a just-in-time compiler makes it. */
		static const unsigned char loop[] = { 0xeb, 0xfe };
		void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memcpy(code, loop, sizeof(loop));
		if (write(ready[1], "x", 1) == 1)
			((void (*)(void))code)();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	r = take(text, &count);
	if (r == -EPERM)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(count.threads, 1);
	assert_true(count.frames >= 1);
}

static void gone_and_dead_processes(void **state)
{
	static char text[TEXT_MAX];
	struct stacks_count count;
	siginfo_t info;

	(void)state;
	child = fork();
	if (child == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(take(text, &count), -ESRCH);
	assert_int_equal(count.denied, 0);
	assert_string_equal(text, "");
	waitpid(child, NULL, 0);
	assert_int_equal(take(text, &count), -ESRCH);
	child = 0;
}

int main(void)
{
#define CASE(f) cmocka_unit_test_teardown(f, stop_child)
	const struct CMUnitTest tests[] = {
		CASE(names_functions_of_a_dynamic_program),
		CASE(names_functions_of_a_static_program),
		CASE(takes_hundreds_of_threads),
		CASE(stopped_process_stays_stopped),
#if defined(__x86_64__)
		CASE(lost_thread_ends_in_words),
#endif
		CASE(gone_and_dead_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
