/* SPDX-License-Identifier: Apache-2.0 */
#include "child/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ALL_SIGNALS (~UINT64_C(0))
#define BIT_OF(sig) (UINT64_C(1) << ((sig)-1))

/* The kernel's mask has 64 bits; glibc's wrappers take 32 and 33 out of it. */
static int set_mask(int how, const uint64_t *mask, uint64_t *ret_old)
{
	return (int)syscall(SYS_rt_sigprocmask, how, mask, ret_old, sizeof(uint64_t));
}

/*
 * Signals 32 and 33 are refused by glibc's sigaction(). Nobody but their users knows them to be
 * ignored, and we never touch their dispositions, so what is inherited simply stays.
 */
static uint64_t read_ignored(void)
{
	uint64_t ignored = 0;

	for (int sig = 1; sig < SIGNAL_COUNT; sig++) {
		struct sigaction sa;

		if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			ignored |= BIT_OF(sig);
	}
	return ignored;
}

int signals_begin(struct signal_state *st)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	uint64_t all = ALL_SIGNALS;
	uint64_t old_mask;
	int fd;

	fd = (int)syscall(SYS_signalfd4, -1, &all, sizeof(all), SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (set_mask(SIG_SETMASK, &all, &old_mask) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	st->old_mask = old_mask;
	st->ignored = read_ignored();
	st->fd = fd;
	/* Only SIGCHLD: any other is queued while blocked, even when ignored (kernel:
	 * sig_ignored()). */
	sigaction(SIGCHLD, &dfl, NULL);
	return 0;
}

void signals_restore(const struct signal_state *st)
{
	struct sigaction ign = { .sa_handler = SIG_IGN };

	if (st->ignored & BIT_OF(SIGCHLD))
		sigaction(SIGCHLD, &ign, NULL);
	set_mask(SIG_SETMASK, &st->old_mask, NULL);
}

int signals_rewrite(const struct conf *conf, int sig)
{
	if (sig < 1 || sig >= SIGNAL_COUNT || sig == SIGCHLD)
		return 0;
	for (unsigned i = 0; i < conf->child.n_rewrite; i++)
		if (conf->child.rewrite[i].from == sig)
			return conf->child.rewrite[i].to;
	return sig;
}

bool signals_is_own(const struct signalfd_siginfo *info, pid_t self)
{
	if (info->ssi_signo != SIGPIPE && info->ssi_signo != SIGXFSZ)
		return false;
	return info->ssi_code == SI_USER && info->ssi_pid == (uint32_t)self;
}
