/* SPDX-License-Identifier: Apache-2.0 */
#include "child/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FD_PROBE_MAX 65536u /* where /proc is not there to list them */

int child_fix_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		int got;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is `fd`: those below are open by now. */
		got = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (got < 0) /* an image without /dev: anything that holds the number will do */
			got = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (got < 0)
			return -errno;
	}
	return 0;
}

static bool close_if_inherited(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (fd <= 2 || flags < 0 || (flags & FD_CLOEXEC))
		return false;
	close(fd);
	return true;
}

unsigned child_release_inherited(void)
{
	auto_closedir DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	unsigned n = 0;

	if (dir) {
		while ((entry = readdir(dir)))
			n += close_if_inherited(atoi(entry->d_name));
	} else {
		struct rlimit limit = { 0 };

		getrlimit(RLIMIT_NOFILE, &limit);
		for (unsigned fd = 3; fd < MIN_OF(limit.rlim_cur, FD_PROBE_MAX); fd++)
			n += close_if_inherited((int)fd);
	}
	if (chdir("/") < 0)
		return n; /* a start directory that stays busy is no reason to fail */
	return n;
}

/* The controlling terminal: stdin where it is one, else /dev/tty (*ret_opened is then to be
 * closed). */
static int find_terminal(int *ret_opened)
{
	if (tcgetpgrp(STDIN_FILENO) >= 0)
		return STDIN_FILENO;
	*ret_opened = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	return *ret_opened;
}

/* kill(-1, ...) would be everybody. */
static bool group_is_gone(pid_t pgrp)
{
	return pgrp > 1 && kill(-pgrp, 0) < 0 && errno == ESRCH;
}

/*
 * In the child, all signals blocked: SIGTTOU cannot stop it. In the background of a shell's
 * terminal it stays in the background. A foreground group that is gone was the last child's.
 * ENOTTY, ENXIO, EBADF, EPERM, EIO: there is no terminal, or it is not ours; both are well.
 */
static void take_foreground(pid_t parent_pgrp)
{
	auto_close int opened = -1;
	int fd = find_terminal(&opened);
	pid_t front;

	if (fd < 0)
		return;
	front = tcgetpgrp(fd);
	if (front == parent_pgrp || group_is_gone(front))
		tcsetpgrp(fd, getpid());
}

void child_take_terminal(pid_t child)
{
	auto_close int opened = -1;
	int fd = find_terminal(&opened);
	pid_t front;

	if (fd < 0)
		return;
	front = tcgetpgrp(fd);
	/* SIGTTOU is blocked by signals_begin(); a group outside our pid namespace reads as 0 */
	if ((front == child || group_is_gone(front)) && getpgrp() > 0)
		tcsetpgrp(fd, getpgrp());
}

/* LISTEN_PID names the process that sockets were passed to (sd_listen_fds(3)); now it is the child.
 */
static void rewrite_listen_pid(char **envp, pid_t parent)
{
	static char own[32];
	char old[32];

	snprintf(old, sizeof(old), "LISTEN_PID=%d", (int)parent);
	snprintf(own, sizeof(own), "LISTEN_PID=%d", (int)getpid());
	for (; *envp; envp++)
		if (strcmp(*envp, old) == 0)
			*envp = own;
}

static void write_oom_score(int score)
{
	auto_close int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", score);

	/* Without /proc the guard could not have changed it either. */
	if (fd >= 0 && write(fd, text, (size_t)len) < 0)
		return;
}

/* Returns only when exec has failed: errno. */
static int become_command(const struct child_spec *spec, pid_t parent, pid_t parent_pgrp)
{
	setpgid(0, 0);
	take_foreground(parent_pgrp);
	/* Our copy of the array: the parent's is untouched. */
	rewrite_listen_pid((char **)(uintptr_t)spec->envp, parent);
	if (spec->reset_oom_score)
		write_oom_score(spec->oom_score_adj);
	/* Where yama's ptrace_scope is 1 only ancestors may look: our helpers are none, but this
	 * lets in the guard and what descends from it. Without yama: EINVAL. */
	prctl(PR_SET_PTRACER, parent, 0, 0, 0);
	if (spec->pdeathsig) {
		prctl(PR_SET_PDEATHSIG, spec->pdeathsig);
		if (getppid() != parent) /* it died before the prctl */
			raise(spec->pdeathsig);
	}
	favour_return(spec->favour);
	signals_restore(spec->signals);
	execvpe(spec->argv[0], spec->argv, spec->envp);
	return errno;
}

/* 0 when exec has closed the pipe (or the child was killed before it: that is reaped later). */
static int read_exec_error(int fd)
{
	int error = 0;
	ssize_t n;

	do
		n = read(fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(error) ? error : 0;
}

int child_start(const struct child_spec *spec, pid_t *ret_pid)
{
	auto_close int read_fd = -1;
	auto_close int write_fd = -1;
	pid_t parent = getpid(), parent_pgrp = getpgrp();
	int pipe_fds[2];
	int error;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	read_fd = pipe_fds[0];
	write_fd = pipe_fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		error = become_command(spec, parent, parent_pgrp);
		error = write(write_fd, &error, sizeof(error)) < 0 ? errno : error;
		_exit(child_exec_status(-error));
	}
	setpgid(pid, pid); /* both sides: whoever comes first */
	close(take_fd(&write_fd));
	error = read_exec_error(read_fd);
	if (error) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return -error;
	}
	*ret_pid = pid;
	return 0;
}

int child_exec_status(int neg_errno)
{
	return neg_errno == -ENOENT || neg_errno == -ENOTDIR || neg_errno == -ENAMETOOLONG ? 127
											   : 126;
}

int child_signal(pid_t child, bool whole_group, int sig)
{
	if (child < 2) /* 0, -1 and 1 would be somebody else's processes */
		return -ESRCH;
	if (whole_group && kill(-child, sig) == 0)
		return 0;
	return kill(child, sig) == 0 ? 0 : -errno;
}

int child_exit_code(const struct conf *conf, int wait_status)
{
	int code =
		WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);

	for (unsigned i = 0; i < conf->child.n_exit_remap; i++)
		if (conf->child.exit_remap[i].from == code)
			return conf->child.exit_remap[i].to;
	return code;
}
