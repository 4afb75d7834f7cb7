/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onpty [-n] [-t SECONDS] ACTION... -- COMMAND...: runs COMMAND on a pty of 24x80, as the leader of
 * a session of its own with the pty as its controlling terminal (-n: without one, for setsid -c),
 * and does one ACTION after the other: expect=TEXT   waits until the terminal has shown TEXT (after
 * what was expected last) type=TEXT     types it; \n \r \t \\ and \xHH as in C resize=RxC resizes
 * the terminal hangup        closes the terminal sh=COMMAND    runs a shell command, $PTY_PID is
 * COMMAND's process Then waits for the end. What the terminal showed is copied to stdout. The exit
 * status is COMMAND's, 128+N for a signal, 99 when the time (20 s) is over: COMMAND is killed then,
 * and stderr says at which action.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char shown[1 << 20];
static size_t shown_len, matched;
static int master = -1;
static pid_t command;
static double deadline;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	fprintf(stderr, "onpty: %s\n", what);
	fwrite(shown, 1, shown_len, stdout);
	fflush(stdout);
	if (command > 1)
		kill(command, SIGKILL);
	_exit(99);
}

/* Reads what is there, waits for 10 ms at most. */
static void look(void)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	ssize_t n;

	if (master < 0 || shown_len + 1 >= sizeof(shown)) {
		poll(NULL, 0, 10);
		return;
	}
	if (poll(&p, 1, 10) <= 0)
		return;
	n = read(master, shown + shown_len, sizeof(shown) - 1 - shown_len);
	if (n > 0)
		shown_len += (size_t)n;
	else if (n < 0 && errno == EIO)
		poll(NULL, 0, 10); /* nobody has it open any more */
}

static void expect(const char *text)
{
	for (;;) {
		char *at;

		shown[shown_len] = '\0';
		at = memmem(shown + matched, shown_len - matched, text, strlen(text));
		if (at) {
			matched = (size_t)(at - shown) + strlen(text);
			return;
		}
		if (now_s() > deadline)
			fail(text);
		look();
	}
}

static void type(const char *text)
{
	for (; *text; text++) {
		char c = *text;

		if (c == '\\' && text[1]) {
			text++;
			c = *text == 'n' ? '\n' : *text == 'r' ? '\r' : *text == 't' ? '\t' : *text;
			if (c == 'x' && text[1] && text[2]) {
				char hex[3] = { text[1], text[2], '\0' };

				c = (char)strtol(hex, NULL, 16);
				text += 2;
			}
		}
		if (write(master, &c, 1) != 1)
			fail("cannot type");
	}
}

static void resize(const char *text)
{
	struct winsize size = { 0 };

	if (sscanf(text, "%hux%hu", &size.ws_row, &size.ws_col) != 2 ||
		ioctl(master, TIOCSWINSZ, &size) < 0)
		fail("cannot resize");
}

static void act(const char *action)
{
	if (strncmp(action, "expect=", 7) == 0) {
		expect(action + 7);
	} else if (strncmp(action, "type=", 5) == 0) {
		type(action + 5);
	} else if (strncmp(action, "resize=", 7) == 0) {
		resize(action + 7);
	} else if (strcmp(action, "hangup") == 0) {
		close(master);
		master = -1;
	} else if (strncmp(action, "sh=", 3) == 0) {
		if (system(action + 3) != 0)
			fail(action);
	} else {
		fail("no such action");
	}
}

static void start(char **argv, int controlling)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	char pid_text[16];
	int slave;

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		fail("no pty");
	ioctl(master, TIOCSWINSZ, &size);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		fail("no pty");
	command = fork();
	if (command == 0) {
		setsid();
		if (controlling)
			ioctl(slave, TIOCSCTTY, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(slave);
	snprintf(pid_text, sizeof(pid_text), "%d", (int)command);
	setenv("PTY_PID", pid_text, 1);
}

int main(int argc, char **argv)
{
	int controlling = 1, opt, status, first, last;
	double seconds = 20;

	while ((opt = getopt(argc, argv, "+nt:")) != -1) {
		if (opt == 'n')
			controlling = 0;
		else if (opt == 't')
			seconds = atof(optarg);
		else
			return 64;
	}
	/* getopt takes a "--" that comes before any action */
	first = last = optind;
	if (strcmp(argv[optind - 1], "--") != 0)
		while (last < argc && strcmp(argv[last], "--") != 0)
			last++;
	else
		last = optind - 1;
	if (last + 1 >= argc)
		return 64;
	deadline = now_s() + seconds;
	start(argv + last + 1, controlling);
	for (int i = first; i < last; i++)
		act(argv[i]);
	while (waitpid(command, &status, WNOHANG) == 0) {
		if (now_s() > deadline)
			fail("it does not end");
		look();
	}
	look();
	fwrite(shown, 1, shown_len, stdout);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
