/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth KIND TO_MIB RATE_MIB HOLD_SECONDS: memory that only the kernel sees grow, then exit 5.
 *   mlock   anonymous memory, locked
 *   pipes   data in pipes: kernel memory that no reclaim can free
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static int grow_mlock(void)
{
	char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED || mlock(p, MIB) ? -1 : 0;
}

static int grow_pipes(void)
{
	static char data[MIB];
	int fd[2];

	if (pipe2(fd, O_NONBLOCK) || fcntl(fd[1], F_SETPIPE_SZ, (int)MIB) < 0)
		return -1;
	return write(fd[1], data, MIB) == (ssize_t)MIB ? 0 : -1;
}

static void nap(double seconds)
{
	struct timespec ts = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

	nanosleep(&ts, NULL);
}

int main(int argc, char **argv)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int (*grow)(void);

	if (argc != 5)
		return 64;
	grow = strcmp(argv[1], "pipes") ? grow_mlock : grow_pipes;
	setrlimit(RLIMIT_MEMLOCK, &all);
	for (int i = 0; i < atoi(argv[2]); i++) {
		if (grow()) {
			perror(argv[1]);
			return 9;
		}
		nap(1 / atof(argv[3]));
	}
	nap(atof(argv[4]));
	return 5;
}
