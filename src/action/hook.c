/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"

#define SHELL	    "/bin/sh"
#define SHELL_CHARS "|&;<>()$`\\\"'*?[]#~{}!\n"
#define ARGS_MAX    64
#define PREFIX	    "OOMGUARD_EVENT_"

/* The helper itself is killed at the deadline; before that it must tell what happened. */
#define MARGIN_USEC (100 * USEC_PER_MSEC)

static bool wants_shell(const char *command)
{
	/* VAR=value before the command is the shell's too. */
	return command[strcspn(command, SHELL_CHARS)] ||
	       strcspn(command, "=") < strcspn(command, " \t");
}

/* argv points into *copy, which is cut up. */
static void split_command(const char *command, char *copy, char *argv[ARGS_MAX + 1])
{
	char *save = NULL;
	unsigned n = 0;

	if (wants_shell(command) && !access(SHELL, X_OK)) {
		argv[0] = (char *)SHELL;
		argv[1] = (char *)"-c";
		argv[2] = (char *)command;
		argv[3] = NULL;
		return;
	}
	for (char *arg = strtok_r(copy, " \t", &save); arg && n < ARGS_MAX;
		arg = strtok_r(NULL, " \t", &save))
		argv[n++] = arg;
	argv[n] = NULL;
}

static void __attribute__((noreturn)) exec_hook(char *const *argv, char *const *env)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null > 0)
		dup2(null, 0);
	/* The application's stdout is data; what a hook says belongs to the log. */
	dup2(2, 1);
	if (null > 2)
		close(null);
	execvpe(argv[0], argv, env);
	_exit(errno == ENOENT || errno == ENOTDIR ? 127 : 126);
}

/* Until it has ended or the time is up; without a pidfd (before Linux 5.3) by looking often. */
static void wait_until(pid_t pid, uint64_t until_usec)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	uint64_t now;

	while ((now = clock_now_usec()) < until_usec) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		uint64_t left_ms = (until_usec - now) / USEC_PER_MSEC + 1;
		siginfo_t info = { .si_pid = 0 };

		poll(&p, 1, (int)MIN_OF(left_ms, pidfd < 0 ? 10u : 1000u));
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
			return;
	}
}

int hook_run(const struct action_job *job, const char *command, char *const *env)
{
	char *argv[ARGS_MAX + 1];
	auto_free char *copy = strdup(command);
	siginfo_t info = { .si_pid = 0 };
	int status;
	pid_t pid;

	if (!copy)
		return -ENOMEM;
	split_command(command, copy, argv);
	if (!argv[0])
		return -EINVAL;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		exec_hook(argv, env);
	setpgid(pid, pid); /* on both sides: whoever comes first */
	wait_until(pid, job->deadline_usec - MIN_OF(job->deadline_usec, MARGIN_USEC));
	/* Before it is reaped, so that the number of the group cannot belong to another one. */
	if (!waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

static char *print_bytes(const char *name, uint64_t bytes)
{
	char *text = NULL;
	int n = bytes == UINT64_MAX
			? asprintf(&text, PREFIX "%s=", name)
			: asprintf(&text, PREFIX "%s=%llu", name, (unsigned long long)bytes);

	return n < 0 ? NULL : text;
}

static char *print_text(const char *name, const char *a, const char *slash, const char *b)
{
	char *text = NULL;

	return asprintf(&text, PREFIX "%s=%s%s%s", name, a, slash, b) < 0 ? NULL : text;
}

char **hook_environment(const struct action_job *job, pid_t target)
{
	bool placed = job->incident[0] && job->store->dirfd >= 0;
	char pid[16], **env;
	unsigned n = 0, old = 0;

	while (environ[old])
		old++;
	env = calloc(old + 8, sizeof(*env));
	if (!env)
		return NULL;
	for (unsigned i = 0; i < old; i++)
		if (strncmp(environ[i], PREFIX, strlen(PREFIX)))
			env[n++] = environ[i];
	snprintf(pid, sizeof(pid), "%d", (int)target);
	env[n++] = print_text("LEVEL", job->level, "", "");
	env[n++] = print_text("REASON", job->reason, "", "");
	env[n++] = placed ? print_text("INCIDENT", job->store->path, "/", job->incident)
			  : print_text("INCIDENT", "", "", "");
	env[n++] = print_text("PID", target > 0 ? pid : "", "", "");
	env[n++] = print_bytes("USE_BYTES", job->sample.use_bytes);
	env[n++] = print_bytes("LIMIT_BYTES", job->sample.limit_bytes);
	env[n++] = print_bytes("HEADROOM_BYTES", job->sample.headroom_bytes);
	return env;
}

/* No variable of that prefix is inherited, so those that have it are ours. */
void hook_free_environment(char ***env)
{
	for (char **each = *env; each && *each; each++)
		if (!strncmp(*each, PREFIX, strlen(PREFIX)))
			free(*each);
	free(*env);
}

static int tell_status(const char *command, int status, bool late, struct buf *line)
{
	int len = (int)strcspn(command, " \t");

	if (status < 0)
		buf_printf(line, "command %.*s could not run: %s", len, command, strerror(-status));
	else if (WIFSIGNALED(status) && late)
		buf_printf(line, "command %.*s was killed at its deadline", len, command);
	else if (WIFSIGNALED(status))
		buf_printf(line, "command %.*s died of signal %d", len, command, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		buf_printf(line, "command %.*s failed with status %d", len, command,
			WEXITSTATUS(status));
	else
		buf_printf(line, "command %.*s done", len, command);
	return status ? 1 : 0;
}

int work_command(struct action_job *job, struct buf *line)
{
	const char *command = job->conf->dump.command;
	auto_hook_env char **env = NULL;
	auto_close int dirfd = -1;
	pid_t target = job->child;
	bool late;
	int status;

	if (!command[0]) {
		buf_puts(line, "no command run: dump.command is not set");
		return 1;
	}
	dirfd = work_open_incident(job); /* without one it runs all the same */
	target_choose(job, &target, 1);
	env = hook_environment(job, target);
	status = hook_run(job, command, env);
	late = clock_now_usec() + MARGIN_USEC >= job->deadline_usec;
	work_drop_incident(job);
	return tell_status(command, status, late, line);
}
