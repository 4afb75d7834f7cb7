/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plaincopy PID FILE: the readable private memory of a process to a file, with the cache discipline
 * of the core writer (2 MiB on the way to the disk, 2 MiB being filled) and nothing else: nobody is
 * stopped, holes are not looked for below 1 MiB. Prints the seconds it took.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WINDOW ((off_t)2 << 20)
#define CHUNK  (256u << 10)
#define LARGE  (16u << 20)

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void move_window(int fd, off_t done)
{
	sync_file_range(fd, done - WINDOW, WINDOW, SYNC_FILE_RANGE_WRITE);
	if (done < 2 * WINDOW)
		return;
	sync_file_range(fd, done - 2 * WINDOW, WINDOW,
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
	posix_fadvise(fd, done - 2 * WINDOW, WINDOW, POSIX_FADV_DONTNEED);
}

int main(int argc, char **argv)
{
	static char data[CHUNK];
	char path[64], line[512];
	unsigned long long start, end;
	off_t done = 0;
	double begun;
	int mem, out;
	FILE *maps;

	if (argc != 3)
		return 64;
	snprintf(path, sizeof(path), "/proc/%s/mem", argv[1]);
	mem = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/maps", argv[1]);
	maps = fopen(path, "r");
	out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (mem < 0 || !maps || out < 0)
		return 1;
	begun = now_s();
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%llx-%llx rw-p", &start, &end) != 2 || !strstr(line, "rw-p") ||
			end - start < LARGE)
			continue;
		for (; start < end; start += CHUNK) {
			size_t len = end - start < CHUNK ? (size_t)(end - start) : CHUNK;
			ssize_t n = pread(mem, data, len, (off_t)start);

			if (n <= 0 || write(out, data, (size_t)n) != n)
				break;
			done += n;
			if (done % WINDOW == 0)
				move_window(out, done);
		}
	}
	printf("%.3f\n", now_s() - begun);
	return 0;
}
