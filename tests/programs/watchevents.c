/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchevents FILE SECONDS: waits for a change of a cgroup file as the guard may, by poll(POLLPRI)
 * and by inotify at once, and says which of them told: "poll", "inotify". Exit 0 when both did.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct pollfd fds[2];
	char text[512];
	int told = 0;

	if (argc != 3)
		return 64;
	fds[0] = (struct pollfd){ .fd = open(argv[1], O_RDONLY | O_CLOEXEC), .events = POLLPRI };
	fds[1] = (struct pollfd){ .fd = inotify_init1(IN_CLOEXEC), .events = POLLIN };
	if (fds[0].fd < 0 || fds[1].fd < 0 ||
		inotify_add_watch(fds[1].fd, argv[1], IN_MODIFY) < 0) {
		perror(argv[1]);
		return 1;
	}
	/* A poll before the first read tells at once. */
	if (pread(fds[0].fd, text, sizeof(text), 0) < 0)
		return 1;
	puts("watching");
	fflush(stdout);
	while (told != 3 && poll(fds, 2, atoi(argv[2]) * 1000) > 0) {
		if (fds[0].revents & POLLPRI) {
			told |= 1;
			puts("poll");
			fds[0].fd = -1;
		}
		if (fds[1].revents & POLLIN) {
			told |= 2;
			puts("inotify");
			fds[1].fd = -1;
		}
		fflush(stdout);
	}
	return told == 3 ? 0 : 1;
}
