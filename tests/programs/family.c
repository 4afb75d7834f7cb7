/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family FILE MS AFTER KIND...: a main process with descendants, one of each KIND:
 *   same     in the main process's group
 *   group    in a process group of its own
 *   session  in a session of its own
 * Every one of them appends lines to FILE: "KIND ready", "KIND SIGNAL-NUMBER" for each TERM or
 * USR1, and, MS milliseconds after a TERM, "KIND done", and ends. The main process ("main") writes
 * "all ready" when they are, and ends with status AFTER at once if that is a number. If it is
 * "wait" it lives until a TERM, and then ends with 5 at once. If it is "setsid" it waits too, but
 * as the leader of a new session: it forks first, and its parent waits for it and passes its status
 * on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int out;

static void say(const char *who, const char *what)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "%s %s\n", who, what);

	if (write(out, line, (size_t)len) != len)
		_exit(9);
}

/* Waits for signals; returns after a TERM. */
static void live(const char *who, const sigset_t *set)
{
	int sig;

	do {
		char text[16];

		while (sigwait(set, &sig) != 0)
			;
		snprintf(text, sizeof(text), "%d", sig);
		say(who, text);
	} while (sig != SIGTERM);
}

static void be_descendant(const char *kind, const sigset_t *set, int delay_ms, int ready_fd)
{
	if (strcmp(kind, "group") == 0)
		setpgid(0, 0);
	if (strcmp(kind, "session") == 0)
		setsid();
	say(kind, "ready");
	close(ready_fd);
	live(kind, set);
	poll(NULL, 0, delay_ms);
	say(kind, "done");
	_exit(0);
}

static int in_new_session(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		return setsid() < 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	int ready[2];
	sigset_t set;
	char byte;

	if (argc < 4)
		return 64;
	out = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (out < 0)
		return 65;
	if (strcmp(argv[3], "setsid") == 0 && in_new_session())
		return 66;
	if (pipe(ready) < 0)
		return 67;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 4; i < argc; i++) {
		if (fork() == 0) {
			close(ready[0]);
			be_descendant(argv[i], &set, atoi(argv[2]), ready[1]);
		}
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 0) /* all have closed it */
		return 68;
	say("all", "ready");
	if (argv[3][0] >= '0' && argv[3][0] <= '9')
		return atoi(argv[3]);
	live("main", &set);
	return 5;
}
