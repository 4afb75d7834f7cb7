/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigecho FIFO [CODE]: writes one byte, the number, for each signal that it gets; a 0 first, when
 * it is ready. All 62 that can be caught are (32 and 33 too, hence the raw calls). Ends with CODE
 * when the reader has gone; else only SIGKILL ends it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uint64_t all = ~UINT64_C(0);
	unsigned char byte = 0;
	int in, out;

	if (argc < 2)
		return 64;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	in = (int)syscall(SYS_signalfd4, -1, &all, sizeof(all), SFD_CLOEXEC);
	out = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (in < 0 || out < 0)
		return 65;
	for (;;) {
		struct signalfd_siginfo info;

		if (write(out, &byte, 1) != 1)
			return argc > 2 ? atoi(argv[2]) : 0;
		if (read(in, &info, sizeof(info)) != sizeof(info))
			return 66;
		byte = (unsigned char)info.ssi_signo;
	}
}
