/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel, this container and this user allow, each proved on a child of our own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/parachute.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/notify.h"
#include "check.h"
#include "proc/proc.h"

static volatile int marker = 0x5eed;

/* A child that waits for its end; it dies with us. */
static pid_t start_subject(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static void end_subject(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool wait_stopped(const struct check *c, pid_t pid)
{
	struct proc_stat stat;

	for (unsigned i = 0; i < 200; i++) {
		if (proc_read_stat(c->procfd, pid, &stat) == 0 && stat.state == 'T')
			return true;
		poll(NULL, 0, 5);
	}
	return false;
}

static void check_freezing(struct check *c, pid_t pid)
{
	struct check_row *row;

	if (kill(pid, SIGSTOP) == 0 && c->procfd >= 0 && wait_stopped(c, pid)) {
		check_add(c, "freezing", CHECK_OK, "SIGSTOP and SIGCONT work on a child");
	} else {
		row = check_add(c, "freezing", CHECK_WARN,
			"a child cannot be stopped and seen stopped: no freeze, no brake");
		check_remedy(row, "mount /proc in the container");
	}
	kill(pid, SIGCONT);
}

static int yama_scope(void)
{
	char text[16];

	if (file_read_text(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) < 0)
		return -1;
	return atoi(text);
}

static const char *scope_words(int scope)
{
	static const char *const words[] = { "0: whoever has the same user",
		"1: ancestors only, which the guard is as entrypoint",
		"2: only with CAP_SYS_PTRACE", "3: nobody" };

	return scope >= 0 && scope < (int)ARRAY_LEN(words) ? words[scope] : "not built in";
}

static void check_ptrace(struct check *c, pid_t pid)
{
	int scope = yama_scope();
	struct check_row *row;
	long r = ptrace(PTRACE_SEIZE, pid, NULL, NULL);
	int error = errno;

	if (r == 0) {
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
		check_add(c, "ptrace", CHECK_OK, "works on a child: stacks, core (yama scope %s)",
			scope_words(scope));
		return;
	}
	row = check_add(c, "ptrace", CHECK_WARN, "denied: %s (yama scope %s): no stacks, no core",
		strerror(error), scope_words(scope));
	check_remedy(row, scope == 2 ? "securityContext.capabilities.add: [SYS_PTRACE], or "
				       "kernel.yama.ptrace_scope 1 on the node"
			  : scope == 3
				  ? "kernel.yama.ptrace_scope 1 on the node"
				  : "a seccomp profile that allows ptrace (the runtime's default "
				    "does)");
}

static void check_memory_of_child(struct check *c, pid_t pid)
{
	auto_close int fd = -1;
	char path[32];
	int seen = 0;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 &&
		pread(fd, &seen, sizeof(seen), (off_t)(uintptr_t)&marker) ==
			(ssize_t)sizeof(seen) &&
		seen == marker)
		check_add(c, "proc-mem", CHECK_OK, "/proc/PID/mem of a child can be read");
	else
		check_remedy(check_add(c, "proc-mem", CHECK_WARN,
				     "/proc/PID/mem of a child cannot be read (%s): no core",
				     strerror(errno)),
			"the same user for guard and application, and a mount of /proc");
}

/* Kept by nobody: closing it gives it back. */
static void check_notification(struct check *c)
{
	struct notify notify;
	char words[128];
	int r = notify_open(&notify, &c->cgroup, c->looked ? c->sample.use_bytes : 0);

	notify_describe(notify.sources, words, sizeof(words));
	if (r == 0)
		check_add(c, "notification", CHECK_OK,
			"%s: looked at as soon as the kernel tells, beside the pace of looks",
			words);
	else
		check_add(c, "notification", CHECK_INFO,
			"the kernel tells nothing here (%s): the pace of looks suffices",
			c->cgroup.version == CGROUP_V1 ? "cgroup.event_control cannot be written"
						       : "memory.events cannot be watched");
	notify_close(&notify);
}

static void check_kmsg(struct check *c)
{
	auto_close int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		check_add(c, "kernel-log", CHECK_OK, "/dev/kmsg can be read");
	else
		check_add(c, "kernel-log", CHECK_INFO,
			"/dev/kmsg cannot be read (%s): usual in a container", strerror(errno));
}

static void check_writable(struct check *c)
{
	if (c->cgroup.writable)
		check_add(c, "writable", CHECK_OK,
			c->cgroup.version == CGROUP_V2 && parachute_kernel_is_new()
				? "limits of our own cgroup can be written: memory.high holds "
				  "growth while a dump runs"
				: "limits of our own cgroup could be written");
	else
		check_add(c, "writable", CHECK_INFO,
			"the cgroup is read-only: usual; growth is held by stopping the processes");
}

static void check_survival(struct check *c)
{
	bool wanted = c->conf->guard.survive_oom;
	struct check_row *row;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		auto_close int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

		_exit(fd >= 0 && write(fd, "-1000", 5) == 5 ? 0 : 1);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status == 0) {
		check_add(c, "survive-oom", CHECK_OK, "possible%s",
			wanted ? ", and on"
			       : "; guard.survive-oom = yes makes the guard outlive a "
				 "group kill");
		return;
	}
	row = check_add(c, "survive-oom", wanted ? CHECK_WARN : CHECK_INFO,
		"oom_score_adj -1000 needs CAP_SYS_RESOURCE: with memory.oom.group=1 the guard "
		"dies "
		"with the application (what is on disk stays)");
	if (wanted)
		check_remedy(row, "securityContext.capabilities.add: [SYS_RESOURCE]");
}

static void check_pressure(struct check *c)
{
	struct cgroup_pressure p;

	cgroup_read_pressure(&c->cgroup, &p);
	check_add(c, "pressure", CHECK_INFO,
		p.known ? "pressure stall information of the cgroup is there"
			: "no pressure stall information (psi=1 on the kernel's command line)");
}

void check_kernel(struct check *c)
{
	pid_t pid = start_subject();

	if (pid < 0) {
		struct check_row *row = check_add(c, "processes", CHECK_FAIL,
			"no process can be started: %s", strerror(errno));

		check_remedy(row, "a higher pids limit");
		return;
	}
	check_ptrace(c, pid);
	check_memory_of_child(c, pid);
	check_freezing(c, pid);
	end_subject(pid);
	check_survival(c);
	check_kmsg(c);
	if (!c->cgroup.n_levels)
		return;
	check_notification(c);
	check_writable(c);
	check_pressure(c);
}
