/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads [N]: N threads (4) that wait in depth_three <- depth_two <- depth_one; says "ready" when
 * all of them are there, and ends when its stdin does.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 1000

int depth_one(int number);
int depth_two(int number);
int depth_three(int number);

static pthread_barrier_t all_here;
static int never[2];
static volatile int one = 1; /* or a clone with another name is made */

__attribute__((noinline)) int depth_three(int number)
{
	char byte = 0;

	pthread_barrier_wait(&all_here);
	while (read(never[0], &byte, 1) < 0)
		;
	return number + byte;
}

__attribute__((noinline)) int depth_two(int number)
{
	return depth_three(number + one) + 1;
}

__attribute__((noinline)) int depth_one(int number)
{
	return depth_two(number + one) + 1;
}

static void *run(void *arg)
{
	return depth_one(one) ? arg : NULL;
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 4;
	pthread_t thread;
	char byte;

	if (n > THREADS_MAX || pipe(never) < 0 || pthread_barrier_init(&all_here, NULL, n + 1) != 0)
		return 1;
	for (unsigned i = 0; i < n; i++)
		if (pthread_create(&thread, NULL, run, NULL) != 0)
			return 1;
	pthread_barrier_wait(&all_here);
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
