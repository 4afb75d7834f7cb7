/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "child/child.h"

#define OUTPUT_MAX 4096

static char scratch[] = "/tmp/oomguard-child.XXXXXX";

static int make_scratch(void **state)
{
	(void)state;
	return mkdtemp(scratch) ? 0 : -1;
}

static int remove_scratch(void **state)
{
	(void)state;
	return rmdir(scratch);
}

static void exec_statuses(void **state)
{
	static const struct {
		int neg_errno, want;
	} cases[] = {
		{ -ENOENT, 127 },
		{ -ENOTDIR, 127 },
		{ -ENAMETOOLONG, 127 },
		{ -EACCES, 126 },
		{ -ENOEXEC, 126 },
		{ -EISDIR, 126 },
		{ -E2BIG, 126 },
		{ -EAGAIN, 126 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(child_exec_status(cases[i].neg_errno), cases[i].want);
}

static void exit_codes(void **state)
{
	static const struct {
		int wait_status, want;
	} cases[] = {
		{ 0 << 8, 0 },
		{ 1 << 8, 1 },
		{ 42 << 8, 42 },
		{ 255 << 8, 255 },
		{ SIGKILL, 137 },
		{ SIGSEGV | 0x80, 139 },
		{ 64, 192 },
		{ SIGTERM, 0 },
		{ 143 << 8, 0 },
		{ 3 << 8, 200 },
		{ SIGINT, 130 },
	};
	struct conf conf = { 0 };

	(void)state;
	conf.child.exit_remap[0] = (struct conf_remap){ 143, 0 };
	conf.child.exit_remap[1] = (struct conf_remap){ 3, 200 };
	conf.child.exit_remap[2] = (struct conf_remap){ 3, 4 };
	conf.child.n_exit_remap = 3;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(child_exit_code(&conf, cases[i].wait_status), cases[i].want);
}

static void signals_never_go_to_everybody(void **state)
{
	(void)state;
	for (pid_t pid = -1; pid <= 1; pid++) {
		assert_int_equal(child_signal(pid, true, 0), -ESRCH);
		assert_int_equal(child_signal(pid, false, 0), -ESRCH);
	}
}

/* Start without touching this process's signals. */
static struct signal_state untouched_signals(void)
{
	struct signal_state st = { .fd = -1 };

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &st.old_mask, sizeof(st.old_mask));
	return st;
}

static int start(char *const *argv, char *const *envp, pid_t *ret_pid)
{
	struct signal_state signals = untouched_signals();
	struct child_spec spec = { .argv = argv, .envp = envp, .signals = &signals };

	return child_start(&spec, ret_pid);
}

static int status_of(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Runs /bin/sh -c SCRIPT and returns what it wrote to fd 9. */
static void run_script(const char *script, char *const *envp, char out[OUTPUT_MAX])
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL };
	size_t len = 0;
	int fds[2];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(dup2(fds[1], 9), 9);
	assert_int_equal(start(argv, envp, &pid), 0);
	close(9);
	close(fds[1]);
	while ((n = read(fds[0], out + len, OUTPUT_MAX - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fds[0]);
	assert_int_equal(status_of(pid), 0);
}

static void a_command_in_path_runs_in_its_own_group(void **state)
{
	char *argv[] = { (char *)"sleep", (char *)"1000", NULL };
	pid_t pid = 0;

	(void)state;
	assert_int_equal(start(argv, environ, &pid), 0);
	assert_true(pid > 1);
	assert_int_equal(getpgid(pid), pid);
	assert_int_equal(child_signal(pid, true, SIGTERM), 0);
	assert_int_equal(status_of(pid), SIGTERM);
	assert_int_equal(child_signal(pid, true, SIGTERM), -ESRCH);
}

static void failures_of_exec_are_told_and_reaped(void **state)
{
	char dir[128], plain[128], below[256];
	const struct {
		const char *command;
		int want;
	} cases[] = {
		{ "no-such-command-anywhere", -ENOENT },
		{ "/no/such/file", -ENOENT },
		{ plain, -EACCES },
		{ dir, -EACCES },
		{ below, -ENOTDIR },
		{ "", -ENOENT },
	};
	int fd;

	(void)state;
	snprintf(dir, sizeof(dir), "%s", scratch);
	snprintf(plain, sizeof(plain), "%s/plain", scratch);
	snprintf(below, sizeof(below), "%s/below", plain);
	fd = open(plain, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		char *argv[] = { (char *)(uintptr_t)cases[i].command, NULL };
		pid_t pid = -7;

		assert_int_equal(start(argv, environ, &pid), cases[i].want);
		assert_int_equal(pid, -7);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	unlink(plain);
}

static void a_script_without_a_shebang_runs(void **state)
{
	char path[128];
	char *argv[] = { path, NULL };
	pid_t pid;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/script", scratch);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_equal(write(fd, "exit 42\n", 8), 8);
	close(fd);
	assert_int_equal(start(argv, environ, &pid), 0);
	assert_int_equal(status_of(pid), 42 << 8);
	unlink(path);
}

static void listen_pid_is_the_childs_only_if_it_was_ours(void **state)
{
	char ours[64], out[OUTPUT_MAX], want[64];
	char *with_ours[] = { (char *)"A=1", ours, (char *)"PATH=/usr/bin:/bin", NULL };
	char *with_other[] = { (char *)"LISTEN_PID=99999999", (char *)"PATH=/usr/bin:/bin", NULL };

	(void)state;
	snprintf(ours, sizeof(ours), "LISTEN_PID=%d", (int)getpid());
	run_script("test $LISTEN_PID = $$ && echo same >&9", with_ours, out);
	assert_string_equal(out, "same\n");
	snprintf(want, sizeof(want), "LISTEN_PID=%d", (int)getpid());
	assert_string_equal(with_ours[1], want); /* the parent's array is as it was */
	run_script("echo $LISTEN_PID >&9", with_other, out);
	assert_string_equal(out, "99999999\n");
}

static void mask_and_ignored_signals_are_restored(void **state)
{
	struct signal_state signals = {
		.old_mask = UINT64_C(1) << (SIGUSR1 - 1),
		.ignored = UINT64_C(1) << (SIGCHLD - 1),
		.fd = -1,
	};
	char *argv[] = { (char *)"grep", (char *)"-Eq", (char *)"^SigBlk:.0000000000000200$",
		(char *)"/proc/self/status", NULL };
	struct child_spec spec = { .argv = argv, .envp = environ, .signals = &signals };
	pid_t pid;

	(void)state;
	assert_int_equal(child_start(&spec, &pid), 0);
	assert_int_equal(status_of(pid), 0);
	/* bit 16: SIGCHLD; whoever runs the tests may ignore others */
	argv[2] = (char *)"^SigIgn:.[0-9a-f]{11}[13579bdf][0-9a-f]{4}$";
	assert_int_equal(child_start(&spec, &pid), 0);
	assert_int_equal(status_of(pid), 0);
}

static void the_oom_score_is_put_back(void **state)
{
	struct signal_state signals = untouched_signals();
	char *argv[] = { (char *)"grep", (char *)"-qx", (char *)"777",
		(char *)"/proc/self/oom_score_adj", NULL };
	struct child_spec spec = { .argv = argv,
		.envp = environ,
		.signals = &signals,
		.reset_oom_score = true,
		.oom_score_adj = 777 };
	pid_t pid;

	(void)state;
	assert_int_equal(child_start(&spec, &pid), 0);
	assert_int_equal(status_of(pid), 0);
}

/* Runs `body` in a process of its own; its exit status is the number of the check that failed. */
static void in_process(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(body());
	status = status_of(pid);
	if (status)
		print_error("wait status %#x: check %d failed\n", (unsigned)status, status >> 8);
	assert_int_equal(status, 0);
}

#define NEED(nth, cond)                                                                            \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return nth;                                                                \
	} while (0)

static int fix_closed_stdio(void)
{
	close(0);
	close(2);
	NEED(1, child_fix_stdio() == 0);
	NEED(2, fcntl(0, F_GETFD) == FD_CLOEXEC);
	NEED(3, fcntl(2, F_GETFD) == FD_CLOEXEC);
	NEED(4, fcntl(1, F_GETFD) == 0); /* what was there is left alone */
	NEED(5, child_fix_stdio() == 0);
	return 0;
}

static void closed_stdio_gets_placeholders(void **state)
{
	(void)state;
	in_process(fix_closed_stdio);
}

static int release_inherited(void)
{
	int inherited = dup2(0, 100), ours = fcntl(0, F_DUPFD_CLOEXEC, 101);
	char cwd[64];

	NEED(1, inherited == 100 && ours >= 101);
	NEED(2, child_release_inherited() >= 1);
	NEED(3, fcntl(inherited, F_GETFD) < 0);
	NEED(4, fcntl(ours, F_GETFD) == FD_CLOEXEC);
	NEED(5, fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0);
	NEED(6, child_release_inherited() == 0);
	NEED(7, getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/") == 0);
	return 0;
}

static void inherited_fds_are_released_ours_are_kept(void **state)
{
	(void)state;
	in_process(release_inherited);
}

static int without_a_terminal(void)
{
	char *argv[] = { (char *)"true", NULL };
	pid_t pid;

	NEED(1, setsid() > 0); /* no controlling terminal any more */
	close(0);
	NEED(2, start(argv, environ, &pid) == 0);
	NEED(3, status_of(pid) == 0);
	child_take_terminal(pid);
	return 0;
}

static void no_terminal_is_no_error(void **state)
{
	(void)state;
	in_process(without_a_terminal);
}

static int pdeathsig_kills(void)
{
	char *argv[] = { (char *)"sleep", (char *)"1000", NULL };
	struct signal_state signals = untouched_signals();
	struct child_spec spec = {
		.argv = argv, .envp = environ, .signals = &signals, .pdeathsig = SIGTERM
	};
	int status = 0;
	pid_t pid, middle;

	NEED(1, prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	middle = fork();
	if (middle == 0)
		_exit(child_start(&spec, &pid) < 0);
	NEED(2, status_of(middle) == 0);
	/* the orphan comes to us and must be dying of the signal */
	NEED(3, wait(&status) > 0);
	NEED(4, status == SIGTERM);
	return 0;
}

static void pdeathsig_ends_the_child_with_us(void **state)
{
	(void)state;
	in_process(pdeathsig_kills);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec_statuses),
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(signals_never_go_to_everybody),
		cmocka_unit_test(a_command_in_path_runs_in_its_own_group),
		cmocka_unit_test(failures_of_exec_are_told_and_reaped),
		cmocka_unit_test(a_script_without_a_shebang_runs),
		cmocka_unit_test(listen_pid_is_the_childs_only_if_it_was_ours),
		cmocka_unit_test(mask_and_ignored_signals_are_restored),
		cmocka_unit_test(the_oom_score_is_put_back),
		cmocka_unit_test(closed_stdio_gets_placeholders),
		cmocka_unit_test(inherited_fds_are_released_ours_are_kept),
		cmocka_unit_test(no_terminal_is_no_error),
		cmocka_unit_test(pdeathsig_ends_the_child_with_us),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
