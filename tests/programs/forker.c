/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forker N [setsid]: N children that ignore SIGTERM, then waits for ever; with setsid each is in a
 * session of its own. SIGTERM ends only the parent.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid)
			continue;
		signal(SIGTERM, SIG_IGN);
		if (argc > 2)
			setsid();
		for (;;)
			pause();
	}
	for (;;)
		pause();
}
