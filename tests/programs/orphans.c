/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orphans N [together|wait FILE]: makes N orphans, 100 alive at a time at most, each of which ends
 * by itself.
 * together: all N are alive first and end in the same instant as this process (exit status 42).
 * wait FILE: writes "done" to FILE when the last is made, and goes on living.
 * Otherwise exit status 42 when the last is made.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* An orphan that ends when the pipe is closed. */
static int make_orphan(const int pipe_fds[2])
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		char byte;

		pid = fork();
		if (pid)
			_exit(pid < 0);
		close(pipe_fds[1]);
		_exit(read(pipe_fds[0], &byte, 1) != 0);
	}
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int make_batch(int n, int pipe_fds[2])
{
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (make_orphan(pipe_fds) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0;
	int pipe_fds[2], fd;

	if (argc > 2 && strcmp(argv[2], "together") == 0)
		return make_batch(n, pipe_fds) < 0 ? 1 : 42;
	for (; n > 0; n -= 100) {
		if (make_batch(n < 100 ? n : 100, pipe_fds) < 0)
			return 1;
		close(pipe_fds[0]);
		close(pipe_fds[1]);
	}
	if (argc < 4)
		return 42;
	fd = open(argv[3], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, "done\n", 5) != 5)
		return 1;
	for (;;)
		pause();
}
