/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/signame.h"
#include "proc/proc.h"

#define TARGETS_MAX 16

/*
 * The pidfd is opened before the process is looked at, so that the signal cannot reach another one
 * that got the same pid meanwhile. Before Linux 5.3 there is none and the pid must do.
 */
static int send_to(int pidfd, pid_t pid, int sig)
{
	if (pidfd >= 0 && !syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0))
		return 0;
	if (pidfd >= 0 && errno != ENOSYS && errno != EPERM)
		return -errno;
	return kill(pid, sig) ? -errno : 0;
}

/* Sends only to a process that handles the signal: USR1 ends the others. 0 when sent. */
static int signal_one(int procfd, pid_t pid, int sig, struct buf *line)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	char name[SIGNAME_TEXT_MAX];
	struct proc_stat stat;
	int err = proc_read_stat(procfd, pid, &stat);

	work_separate(line);
	signame_print(sig, name);
	if (err < 0) {
		buf_printf(line, "pid %d has gone", (int)pid);
		return err;
	}
	if (!proc_catches_signal(procfd, pid, sig)) {
		buf_printf(line, "%s not sent: pid %d (%s) does not handle it", name, (int)pid,
			stat.comm);
		return -EPERM;
	}
	err = send_to(pidfd, pid, sig);
	if (err < 0)
		buf_printf(line, "%s not sent to pid %d (%s): %s", name, (int)pid, stat.comm,
			strerror(-err));
	else
		buf_printf(line, "%s sent to pid %d (%s)", name, (int)pid, stat.comm);
	return err;
}

int work_signal(struct action_job *job, struct buf *line)
{
	auto_close int procfd = proc_open_root();
	int sig = job->conf->dump.signal, status = 1;
	pid_t pids[TARGETS_MAX];
	unsigned n;

	if (!sig) {
		buf_puts(line, "no signal sent: dump.signal is not set");
		return 1;
	}
	n = target_choose(job, pids, TARGETS_MAX);
	if (!n)
		buf_puts(line, "no signal sent: no process is the target (dump.target)");
	for (unsigned i = 0; i < n; i++)
		if (!signal_one(procfd, pids[i], sig, line))
			status = 0;
	return status;
}
