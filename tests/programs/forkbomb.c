/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forkbomb FILE: everyone forks as long as it is allowed to, and then waits; TERM ends only the
 * first, with 3. FILE is written when the first fork has failed.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static void end(int sig)
{
	(void)sig;
	_exit(3);
}

int main(int argc, char **argv)
{
	pid_t first = getpid();
	int fd;

	signal(SIGTERM, end);
	for (;;) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0)
			signal(SIGTERM, SIG_IGN);
	}
	if (argc > 1) {
		fd = open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd >= 0)
			close(fd);
	}
	for (;;) { /* it tries again, for as long as it lives; 100 times a second is enough */
		if (usleep(10000) == 0 && fork() == 0 && getpid() != first)
			signal(SIGTERM, SIG_IGN);
	}
}
