/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sawtooth LOW HIGH PERIOD_SECONDS SECONDS: grows from LOW to HIGH MiB in a period, gives the
 * difference back at once, and so on: what a garbage collector looks like from outside.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	size_t low, high, held;
	double period, start;
	char *p;

	if (argc != 5)
		return 64;
	low = (size_t)atoi(argv[1]) * MIB;
	high = (size_t)atoi(argv[2]) * MIB;
	period = atof(argv[3]);
	p = mmap(NULL, high, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return 1;
	madvise(p, high, MADV_NOHUGEPAGE);
	held = 0;
	for (start = now(); now() - start < atof(argv[4]);) {
		double tooth = (now() - start) / period;
		double share = tooth - (double)(long)tooth;
		size_t want = (low + (size_t)(share * (double)(high - low))) & ~(size_t)4095;

		if (want > held)
			memset(p + held, 0x5a, want - held);
		else if (want < held)
			madvise(p + want, held - want, MADV_DONTNEED);
		held = want;
		usleep(5000);
	}
	return 0;
}
