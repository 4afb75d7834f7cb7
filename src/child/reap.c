/* SPDX-License-Identifier: Apache-2.0 */
#include "child/reap.h"

#include <errno.h>
#include <sys/wait.h>

unsigned reap_all(reap_told told, void *arg)
{
	unsigned n = 0;

	for (;;) {
		int status;
		/* __WALL: also what was cloned with another exit signal than SIGCHLD */
		pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			return n; /* none has ended, or ECHILD: none is left */
		n++;
		if (told)
			told(arg, pid, status);
	}
}
