/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hog RATE_MIB THREADS FROM_MIB TERM_MSEC [page|huge|shm|populate [MARK_MIB]]: takes FROM_MIB at
 * once, waits until that is settled, then grows by RATE_MIB a second in all (0: flat out) until it
 * is stopped: page by page, by huge pages, by writes of 1 MiB to a file in /dev/shm, or by one
 * mmap(MAP_POPULATE) of 4 GiB. On TERM it needs TERM_MSEC to end, and goes on allocating meanwhile.
 *
 * With MARK_MIB it tells at its end, on standard error, when (CLOCK_MONOTONIC, microseconds)
 *   mark  it held so much     stop  it was first stopped for longer than 300 us after that, or 0
 *   term  TERM arrived
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE	 4096
#define HUGE	 ((size_t)2 << 20)
#define MIB	 ((size_t)1 << 20)
#define BLOCK	 ((size_t)64 << 20)
#define GAP_USEC 300

static volatile sig_atomic_t got_term;
static double rate_per_thread; /* bytes per second; 0: flat out */
static size_t mark_bytes;
static _Atomic uint64_t held_bytes, mark_usec, stop_usec, term_usec;
static int shm_fd = -1;

static uint64_t now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static double now_s(void)
{
	return (double)now_usec() / 1e6;
}

static void on_term(int sig)
{
	(void)sig;
	if (!got_term)
		term_usec = now_usec();
	got_term = 1;
}

static char *map_block(int advice)
{
	/* Aligned, so that huge pages fit. */
	char *p = mmap(
		NULL, BLOCK + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(3);
	p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	madvise(p, BLOCK, advice);
	return p;
}

static void touch_page(size_t at)
{
	static _Thread_local char *block;

	if (!block || at % BLOCK == 0)
		block = map_block(MADV_NOHUGEPAGE);
	block[at % BLOCK] = 1;
}

static void touch_huge(size_t at)
{
	static _Thread_local char *block;

	if (!block || at % BLOCK == 0)
		block = map_block(MADV_HUGEPAGE);
	for (size_t i = 0; i < HUGE; i += PAGE) /* small pages where no huge one was free */
		block[at % BLOCK + i] = 1;
}

static void touch_shm(size_t at)
{
	static char data[MIB];

	(void)at;
	if (write(shm_fd, data, sizeof(data)) < 0)
		pause();
}

static void touch_all_at_once(size_t at)
{
	(void)at;
	mmap(NULL, (size_t)4 << 30, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	pause();
}

static const struct touch {
	const char *name;
	size_t step;
	void (*touch)(size_t at);
} touches[] = {
	{ "page", PAGE, touch_page },
	{ "huge", HUGE, touch_huge },
	{ "shm", MIB, touch_shm },
	{ "populate", (size_t)4 << 30, touch_all_at_once },
};
static const struct touch *how = &touches[0];

/* Where the next step may come: a rate that does not catch up on what it missed while it was
 * stopped. */
static double next_begin(double begun, double bytes)
{
	double behind = now_s() - begun - bytes / rate_per_thread;

	return behind > 0.005 ? begun + behind - 0.005 : begun;
}

/* Only while it is watched: two clock readings are a tenth of a page fault. */
static void note(size_t step)
{
	static _Thread_local uint64_t last;
	uint64_t held, now;

	if (!mark_bytes)
		return;
	now = now_usec();
	held = atomic_fetch_add(&held_bytes, step) + step;
	if (held >= mark_bytes && !mark_usec)
		mark_usec = now;
	if (mark_usec && !stop_usec && last && rate_per_thread <= 0 && now - last > GAP_USEC)
		stop_usec = last;
	last = now;
}

static void *grow(void *arg)
{
	double begun = now_s(), bytes = 0;

	(void)arg;
	for (size_t at = 0;; at += how->step) {
		if (rate_per_thread > 0)
			begun = next_begin(begun, bytes);
		while (rate_per_thread > 0 && bytes > (now_s() - begun) * rate_per_thread)
			usleep(1000);
		how->touch(at);
		bytes += (double)how->step;
		note(how->step);
	}
	return NULL;
}

static void set_touch(const char *name)
{
	for (size_t i = 0; i < sizeof(touches) / sizeof(touches[0]); i++)
		if (!strcmp(touches[i].name, name))
			how = &touches[i];
	if (!strcmp(name, "shm")) {
		char path[] = "/dev/shm/hog.XXXXXX";

		shm_fd = mkstemp(path);
		unlink(path);
		if (shm_fd < 0)
			exit(3);
	}
}

int main(int argc, char **argv)
{
	if (argc < 5 || argc > 7)
		return 64;
	long threads = atol(argv[2]), term_msec = atol(argv[4]);
	size_t from = (size_t)atol(argv[3]) << 20;
	pthread_t thread;

	rate_per_thread = atof(argv[1]) * 1048576 / (double)threads;
	if (argc > 5)
		set_touch(argv[5]);
	if (argc > 6)
		mark_bytes = (size_t)(atof(argv[6]) * 1048576);
	signal(SIGTERM, on_term);
	for (size_t done = 0; done < from; done += BLOCK) {
		size_t n = from - done < BLOCK ? from - done : BLOCK;

		memset(map_block(MADV_NOHUGEPAGE), 1, n);
	}
	held_bytes = from;
	usleep(500 * 1000);
	for (long i = 0; i < threads; i++)
		pthread_create(&thread, NULL, grow, NULL);
	while (!got_term)
		pause();
	usleep((useconds_t)term_msec * 1000);
	if (mark_bytes)
		fprintf(stderr, "hog: mark %llu stop %llu term %llu\n",
			(unsigned long long)mark_usec, (unsigned long long)stop_usec,
			(unsigned long long)term_usec);
	_exit(0);
}
