/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hog RATE_MIB THREADS FROM_MIB TERM_MSEC: takes FROM_MIB at once, waits until that is settled,
 * then grows by RATE_MIB a second in all (0: flat out), page by page, until it is stopped. On TERM
 * it needs TERM_MSEC to end, and goes on allocating meanwhile.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE  4096
#define BLOCK ((size_t)64 << 20)

static volatile sig_atomic_t got_term;
static double rate_per_thread; /* bytes per second; 0: flat out */

static void on_term(int sig)
{
	(void)sig;
	got_term = 1;
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static char *map_block(void)
{
	char *p = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(3);
	madvise(p, BLOCK, MADV_NOHUGEPAGE);
	return p;
}

/* Where the next page may come: a rate that does not catch up on what it missed while it was
 * stopped. */
static double next_begin(double begun, double bytes)
{
	double behind = now_s() - begun - bytes / rate_per_thread;

	return behind > 0.005 ? begun + behind - 0.005 : begun;
}

static void *grow(void *arg)
{
	double begun = now_s(), bytes = 0;

	(void)arg;
	for (;;) {
		char *block = map_block();

		for (size_t at = 0; at < BLOCK; at += PAGE) {
			if (rate_per_thread > 0)
				begun = next_begin(begun, bytes);
			while (rate_per_thread > 0 && bytes > (now_s() - begun) * rate_per_thread)
				usleep(1000);
			block[at] = 1;
			bytes += PAGE;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 64;
	long threads = atol(argv[2]), term_msec = atol(argv[4]);
	size_t from = (size_t)atol(argv[3]) << 20;
	pthread_t thread;

	rate_per_thread = atof(argv[1]) * 1048576 / (double)threads;
	signal(SIGTERM, on_term);
	for (size_t done = 0; done < from; done += BLOCK) {
		size_t n = from - done < BLOCK ? from - done : BLOCK;

		memset(map_block(), 1, n);
	}
	usleep(500 * 1000);
	for (long i = 0; i < threads; i++)
		pthread_create(&thread, NULL, grow, NULL);
	while (!got_term)
		pause();
	usleep((useconds_t)term_msec * 1000);
	_exit(0);
}
