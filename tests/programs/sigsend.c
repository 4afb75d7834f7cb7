/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigsend [-b] [-w MS] PID FIFO COUNT SIG[=EXPECTED]...|all: sends each signal COUNT times to PID
 * and reads the answer of sigecho, one before the next; with -b all of one signal first and then
 * their answers. "all": every one that can be caught, but CHLD. =0: no answer may come. At the end
 * nothing may be left over: no signal arrives twice. Prints what was wrong; exit status 1 then.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int wait_ms = 10000;

/* The number, 0 when nothing came in time. */
static int get_answer(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned char byte;

	if (poll(&p, 1, timeout_ms) <= 0 || read(fd, &byte, 1) != 1)
		return 0;
	return byte;
}

static int send_one(pid_t pid, int sig)
{
	union sigval value = { .sival_int = 0 };
	int r;

	/* sigqueue says when the queue is full, kill drops silently */
	do
		r = sig >= 32 ? sigqueue(pid, sig, value) : kill(pid, sig);
	while (r < 0 && errno == EAGAIN && usleep(100) == 0);
	if (r < 0)
		printf("cannot send %d: %s\n", sig, strerror(errno));
	return r;
}

static int answer_is(int fd, int sig, int expected, int nth)
{
	int got = get_answer(fd, expected ? wait_ms : 100);

	if (got == expected)
		return 0;
	printf("signal %d, the %d-th: expected %d, got %d\n", sig, nth, expected, got);
	return -1;
}

static int drive(pid_t pid, int fd, int count, int burst, int sig, int expected)
{
	for (int i = 1; i <= count; i++) {
		if (send_one(pid, sig) < 0)
			return -1;
		if (!burst && answer_is(fd, sig, expected, i) < 0)
			return -1;
	}
	for (int i = 1; burst && i <= count; i++)
		if (answer_is(fd, sig, expected, i) < 0)
			return -1;
	return 0;
}

static int drive_all(pid_t pid, int fd, int count, int burst)
{
	for (int sig = 1; sig <= 64; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP || sig == SIGCHLD)
			continue;
		if (drive(pid, fd, count, burst, sig, sig) < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int burst = 0, opt, fd, count, extra, failed = 0;
	pid_t pid;

	while ((opt = getopt(argc, argv, "+bw:")) != -1) {
		burst |= opt == 'b';
		if (opt == 'w')
			wait_ms = atoi(optarg);
	}
	if (argc - optind < 4)
		return 64;
	pid = atoi(argv[optind]);
	fd = open(argv[optind + 1], O_RDWR | O_CLOEXEC); /* RDWR: no end of file between writers */
	count = atoi(argv[optind + 2]);
	if (pid < 2 || fd < 0)
		return 65;
	/* the first byte says that sigecho is ready; it may have been read by an earlier run */
	for (int i = optind + 3; i < argc && !failed; i++) {
		char *equals = strchr(argv[i], '=');
		int sig = atoi(argv[i]);

		if (strcmp(argv[i], "all") == 0)
			failed = drive_all(pid, fd, count, burst) < 0;
		else
			failed = drive(pid, fd, count, burst, sig,
					 equals ? atoi(equals + 1) : sig) < 0;
	}
	extra = failed ? 0 : get_answer(fd, 50);
	if (extra)
		printf("one too many: %d\n", extra);
	return failed || extra;
}
