/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curve [-XmxSIZEm] MIB:SECONDS...: takes or gives back memory evenly until it holds so much after
 * so long, then the next; 0 seconds is at once. Never more than -Xmx allows, as a heap. Ends with
 * 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define MIB	((size_t)1 << 20)
#define MAX_MIB ((size_t)4096)

static char *area;
static size_t held;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void hold(size_t bytes)
{
	bytes = bytes / 4096 * 4096;
	if (bytes > held)
		memset(area + held, 1, bytes - held);
	else if (bytes < held)
		madvise(area + bytes, held - bytes, MADV_DONTNEED);
	held = bytes;
}

static void go_to(size_t bytes, double seconds)
{
	double begin = now(), part = 0;
	size_t from = held;

	while (seconds > 0 && (part = (now() - begin) / seconds) < 1) {
		hold((size_t)((double)from + ((double)bytes - (double)from) * part));
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	hold(bytes);
}

int main(int argc, char **argv)
{
	size_t ceiling = MAX_MIB, mib;
	double seconds;

	area = mmap(NULL, MAX_MIB * MIB, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return 1;
	madvise(area, MAX_MIB * MIB, MADV_NOHUGEPAGE);
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "-Xmx", 4))
			ceiling = (size_t)atol(argv[i] + 4);
		else if (sscanf(argv[i], "%zu:%lf", &mib, &seconds) == 2 && mib <= MAX_MIB)
			go_to((mib < ceiling ? mib : ceiling) * MIB, seconds);
		else
			return 64;
	}
	return 0;
}
