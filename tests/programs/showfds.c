/* SPDX-License-Identifier: Apache-2.0 */
/* showfds FILE: the open file descriptors it started with, "0 1 2" say; then exit status 42. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char open_fds[1024];
	const char *blank = "";
	FILE *f;

	for (int fd = 0; fd < 1024; fd++)
		open_fds[fd] = fcntl(fd, F_GETFD) >= 0;
	f = fopen(argc > 1 ? argv[1] : "/dev/stdout", "w");
	if (!f)
		return 65;
	for (int fd = 0; fd < 1024; fd++) {
		if (open_fds[fd]) {
			fprintf(f, "%s%d", blank, fd);
			blank = " ";
		}
	}
	fprintf(f, "\n");
	return fclose(f) ? 66 : 42;
}
