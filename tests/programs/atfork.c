/* SPDX-License-Identifier: Apache-2.0 */
/*
 * atfork N DEPTH COMMAND...: runs COMMAND N times and sends SIGTERM to the guard in it the moment
 * it has a child: the n-th time n * 100 microseconds later. DEPTH 1: COMMAND is the guard; 2: it is
 * its parent (unshare). Prints one line "STATUS TIMES" for each exit status as a shell has it;
 * "hung" when one did not end within 10 s (it is killed then).
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HUNG 256

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The first child of a process, or 0. */
static pid_t child_of(pid_t pid)
{
	char path[64], text[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return atoi(text);
}

static pid_t wait_for_child(pid_t pid)
{
	double end = now_s() + 10;
	pid_t child;

	while (!(child = child_of(pid)) && now_s() < end)
		;
	return child;
}

/* Exit status, or -1. */
static int wait_for_end(pid_t pid)
{
	double end = now_s() + 10;
	int status;

	while (now_s() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		poll(NULL, 0, 1);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

int main(int argc, char **argv)
{
	int times[HUNG + 1] = { 0 }, n, depth;

	if (argc < 4)
		return 64;
	n = atoi(argv[1]);
	depth = atoi(argv[2]);
	for (int i = 0; i < n; i++) {
		pid_t pid = fork(), guard = pid;

		if (pid == 0) {
			execvp(argv[3], argv + 3);
			_exit(127);
		}
		if (depth == 2)
			guard = wait_for_child(pid);
		if (guard > 0 && wait_for_child(guard) > 0) {
			usleep((useconds_t)i * 100);
			kill(guard, SIGTERM);
		}
		int status = wait_for_end(pid);

		times[status < 0 ? HUNG : status]++;
	}
	for (int i = 0; i < HUNG; i++)
		if (times[i])
			printf("%d %d\n", i, times[i]);
	if (times[HUNG])
		printf("hung %d\n", times[HUNG]);
	return 0;
}
