/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill_speed: how fast one CPU fills fresh memory, by small pages and by huge ones, in MiB/s; the
 * best of five times 256 MiB. What src/trigger/pace.h takes for the bound is held against this.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#define MIB   ((size_t)1 << 20)
#define BYTES (256 * MIB)
#define PAGE  4096

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* MiB/s, or 0 where there is no memory for it. */
static double fill_once(int advice)
{
	size_t align = 2 * MIB;
	char *map = mmap(
		NULL, BYTES + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = (char *)(((uintptr_t)map + align - 1) & ~(align - 1));
	double begun, took;

	if (map == MAP_FAILED)
		return 0;
	madvise(p, BYTES, advice);
	begun = now_s();
	for (size_t at = 0; at < BYTES; at += PAGE)
		p[at] = 1;
	took = now_s() - begun;
	munmap(map, BYTES + align);
	return (double)(BYTES / MIB) / took;
}

static double best_of_five(int advice)
{
	double best = 0;

	for (int i = 0; i < 5; i++) {
		double speed = fill_once(advice);

		best = speed > best ? speed : best;
	}
	return best;
}

int main(void)
{
	printf("small pages %.0f MiB/s, huge pages %.0f MiB/s\n", best_of_five(MADV_NOHUGEPAGE),
		best_of_five(MADV_HUGEPAGE));
	return 0;
}
