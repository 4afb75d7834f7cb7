/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/kinds.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/newfile.h"
#include "dump/nspath.h"

#define ARGS_MAX    64
#define COMMAND_MAX (CONF_VALUE_MAX * 6) /* each "%p" may become ten digits */
#define STEP_MSEC   20			 /* without pidfd (before 5.3) */
#define SHELL	    "/bin/sh"
/* Our own helper is killed at the deadline, too; its group must be gone and told before that. */
#define MARGIN_USEC (250 * USEC_PER_MSEC)

static void split_at_blanks(char *command, char *argv[ARGS_MAX + 1])
{
	char *saved = NULL, *word = strtok_r(command, " \t", &saved);
	unsigned n = 0;

	for (; word && n < ARGS_MAX; word = strtok_r(NULL, " \t", &saved))
		argv[n++] = word;
	argv[n] = NULL;
}

/* In the child. */
static void __attribute__((noreturn)) run_command(const struct dump_request *req, char *command)
{
	char *shell[] = { (char *)SHELL, (char *)"-c", command, NULL };
	char *words[ARGS_MAX + 1];
	int null;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null >= 0)
		dup2(null, 0);
	dup2(2, 1);
	if (fchdir(req->incident_dirfd) < 0)
		_exit(126);
	if (req->hook_env)
		environ = (char **)req->hook_env;
	if (access(SHELL, X_OK) == 0) {
		execv(SHELL, shell);
	} else {
		split_at_blanks(command, words);
		if (!words[0])
			_exit(127);
		execvp(words[0], words);
	}
	_exit(errno == ENOENT ? 127 : 126);
}

/* 0 and its wait status, -ETIMEDOUT after SIGKILL to its group, -errno. */
static int wait_until(pid_t pid, uint64_t until_usec, int *ret_status)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status;

	for (;;) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		uint64_t now = clock_now_usec();
		uint64_t left_msec = until_usec > now ? (until_usec - now + 999) / 1000 : 0;
		pid_t r = waitpid(pid, &status, WNOHANG);

		if (r == pid) {
			*ret_status = status;
			return 0;
		}
		if (r < 0 && errno != EINTR)
			return -errno;
		if (left_msec == 0)
			break;
		if (pidfd < 0)
			left_msec = MIN_OF(left_msec, STEP_MSEC);
		poll(&p, 1, (int)MIN_OF(left_msec, 60000));
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL); /* before its setpgid */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return -ETIMEDOUT;
}

static int start_and_wait(const struct dump_request *req, char *command, int *ret_status)
{
	uint64_t now = clock_now_usec();
	uint64_t left = req->deadline_usec > now ? req->deadline_usec - now : 0;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_command(req, command);
	setpgid(pid, pid); /* both sides: whoever comes first */
	return wait_until(pid, now + left - MIN_OF(MARGIN_USEC, left / 4), ret_status);
}

/* What came of it, in words; 0 or -errno. */
static int judge(int r, int status, struct dump_result *ret)
{
	if (r == -ETIMEDOUT)
		snprintf(ret->text, sizeof(ret->text), "command killed at its deadline");
	else if (r < 0)
		snprintf(ret->text, sizeof(ret->text), "command not started: %s", strerror(-r));
	else if (WIFSIGNALED(status))
		snprintf(ret->text, sizeof(ret->text), "command died of signal %d",
			WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(ret->text, sizeof(ret->text), "command failed with status %d%s",
			WEXITSTATUS(status),
			WEXITSTATUS(status) == 127   ? " (not found)"
			: WEXITSTATUS(status) == 126 ? " (not executable)"
						     : "");
	else
		return 0;
	return r < 0 ? r : -EIO;
}

int dump_by_command(const struct dump_request *req, struct dump_result *ret)
{
	struct newfile_marks before = NEWFILE_MARKS_NONE;
	char command[COMMAND_MAX];
	struct newfile file;
	int r, found, status = 0;

	*ret = (struct dump_result){ .bytes = 0 };
	if (!req->conf->dump.command[0]) {
		snprintf(ret->text, sizeof(ret->text), "dump.command is not set");
		return -EINVAL;
	}
	r = nspath_expand(req->conf->dump.command, req->pid, command, sizeof(command));
	if (r == 0)
		r = newfile_remember(req->incident_dirfd, &before);
	if (r < 0) {
		snprintf(ret->text, sizeof(ret->text), "command not started: %s", strerror(-r));
		return r;
	}
	r = start_and_wait(req, command, &status);
	r = judge(r, status, ret);
	newfile_make_private(req->incident_dirfd, &before);
	found = newfile_find(req->incident_dirfd, &before, &file);
	newfile_forget(&before);
	if (found == 1) {
		snprintf(ret->file, sizeof(ret->file), "%s", file.name);
		ret->bytes = (uint64_t)file.mark.size;
	}
	if (r < 0)
		return r;
	if (found == 1)
		snprintf(ret->text, sizeof(ret->text), "command done: %.255s (%s)", ret->file,
			units_human_bytes(ret->bytes).s);
	else
		snprintf(ret->text, sizeof(ret->text), "command done, no file");
	return 0;
}
