/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes memory at a steady pace and touches every page of it.
 *
 * leak [--from SIZE] [--to SIZE] [--rate SIZE]   at once SIZE, then SIZE per second up to SIZE
 *      [--hold SECONDS] [--exit CODE]            stay there so long (default: for ever), exit with
 * CODE
 *      [--threads N] [--shm]                     idle threads beside it; shared memory instead of
 * anonymous
 *      [--dump FILE]                             on SIGUSR1 writes "dump of N bytes" to FILE
 *      [--term-exit CODE] [--term-delay SECONDS] [--ignore-term]
 *      [--started FILE]                          appends "PID START ARGV... ENV" to FILE at start
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define STEP_MSEC 10

static struct {
	size_t from, to, rate;
	double hold, term_delay;
	int exit_code, term_exit, threads;
	bool shm, ignore_term;
	const char *dump, *started;
} opt = { .to = SIZE_MAX, .rate = 10 << 20, .hold = -1, .term_exit = 0 };

static volatile sig_atomic_t got_term, got_usr1;

static void on_signal(int sig)
{
	if (sig == SIGTERM)
		got_term = 1;
	else
		got_usr1 = 1;
}

static size_t parse_size(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	switch (*end) {
	case 'G':
		n *= 1024;
		/* fall through */
	case 'M':
		n *= 1024;
		/* fall through */
	case 'K':
		n *= 1024;
	}
	return (size_t)n;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void nap(double seconds)
{
	struct timespec ts = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

	nanosleep(&ts, NULL);
}

static void write_dump(size_t held)
{
	FILE *f = fopen(opt.dump, "w");

	if (!f)
		return;
	fprintf(f, "dump of %zu bytes\n", held);
	fclose(f);
}

static void look_at_signals(size_t held)
{
	if (got_usr1) {
		got_usr1 = 0;
		if (opt.dump)
			write_dump(held);
	}
	if (got_term && !opt.ignore_term) {
		nap(opt.term_delay);
		exit(opt.term_exit);
	}
}

__attribute__((noinline)) static void *leaking_worker_waits(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

/* Random-looking contents, so that nothing can merge or compress the pages. */
__attribute__((noinline)) static void leak_some_pages(size_t n)
{
	static uint64_t seed = 88172645463325252ULL;
	int flags = MAP_ANONYMOUS | (opt.shm ? MAP_SHARED : MAP_PRIVATE);
	char *p;

	if (!n)
		return;
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED) {
		fprintf(stderr, "leak: mmap: %s\n", strerror(errno));
		exit(9);
	}
	for (size_t i = 0; i < n; i += 4096) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		memcpy(p + i, &seed, sizeof(seed));
	}
}

static void tell_start(int argc, char **argv)
{
	const char *env = getenv("STORY_ENV");
	FILE *f = fopen(opt.started, "a");

	if (!f)
		exit(8);
	fprintf(f, "pid=%d at=%.3f argv=", getpid(), now());
	for (int i = 1; i < argc; i++)
		fprintf(f, "%s ", argv[i]);
	fprintf(f, "env=%s\n", env ? env : "");
	fclose(f);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "from", 1, NULL, 'f' },
		{ "to", 1, NULL, 't' },
		{ "rate", 1, NULL, 'r' },
		{ "hold", 1, NULL, 'h' },
		{ "exit", 1, NULL, 'e' },
		{ "threads", 1, NULL, 'n' },
		{ "shm", 0, NULL, 's' },
		{ "dump", 1, NULL, 'd' },
		{ "term-exit", 1, NULL, 'x' },
		{ "term-delay", 1, NULL, 'y' },
		{ "ignore-term", 0, NULL, 'i' },
		{ "started", 1, NULL, 'S' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			opt.from = parse_size(optarg);
			break;
		case 't':
			opt.to = parse_size(optarg);
			break;
		case 'r':
			opt.rate = parse_size(optarg);
			break;
		case 'h':
			opt.hold = atof(optarg);
			break;
		case 'e':
			opt.exit_code = atoi(optarg);
			break;
		case 'n':
			opt.threads = atoi(optarg);
			break;
		case 's':
			opt.shm = true;
			break;
		case 'd':
			opt.dump = optarg;
			break;
		case 'x':
			opt.term_exit = atoi(optarg);
			break;
		case 'y':
			opt.term_delay = atof(optarg);
			break;
		case 'i':
			opt.ignore_term = true;
			break;
		case 'S':
			opt.started = optarg;
			break;
		default:
			exit(64);
		}
	}
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	double start, reached = 0;
	size_t held;

	parse(argc, argv);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* what is asked for is what is taken */
	sigaction(SIGTERM, &sa, NULL);
	if (opt.dump)
		sigaction(SIGUSR1, &sa, NULL);
	if (opt.started)
		tell_start(argc, argv);
	for (int i = 0; i < opt.threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, leaking_worker_waits, NULL))
			exit(7);
	}
	held = opt.from;
	leak_some_pages(held);
	for (start = now();;) {
		size_t want = opt.from + (size_t)((now() - start) * (double)opt.rate);

		look_at_signals(held);
		want = (want < opt.to ? want : opt.to) & ~(size_t)4095;
		if (want > held) {
			leak_some_pages(want - held);
			held = want;
		}
		if (held >= (opt.to & ~(size_t)4095) && !reached)
			reached = now();
		if (reached && opt.hold >= 0 && now() - reached >= opt.hold)
			return opt.exit_code;
		nap(STEP_MSEC / 1e3);
	}
}
