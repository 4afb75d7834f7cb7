/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poller USAGE_FILE LIMIT_BYTES SHARE_PCT PERIOD_MSEC -- COMMAND...: what a guard with a fixed
 * period does. Every period it reads the usage; at the share it sends TERM, after 5 s KILL, and
 * ends with
 * 75. Else the command's own status, or 128+N.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned long long read_usage(int fd)
{
	char text[32] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtoull(text, NULL, 10) : 0;
}

static void sleep_msec(long msec)
{
	struct timespec ts = { msec / 1000, msec % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int stop(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	for (int i = 0; i < 500; i++, sleep_msec(10))
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? 75 : status_of(status);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 75;
}

int main(int argc, char **argv)
{
	int fd, status;
	unsigned long long threshold;
	pid_t pid;

	if (argc < 7)
		return 64;
	fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		return 66;
	threshold = (unsigned long long)(atof(argv[2]) * atof(argv[3]) / 100);
	pid = fork();
	if (!pid) {
		execvp(argv[6], argv + 6);
		_exit(127);
	}
	for (;; sleep_msec(atol(argv[4]))) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status_of(status);
		if (read_usage(fd) >= threshold)
			return stop(pid);
	}
}
