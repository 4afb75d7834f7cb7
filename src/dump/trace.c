/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/trace.h"

#include <elf.h>
#include <fcntl.h>
#include <libunwind.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/stacks.h"
#include "proc/proc.h"

#define ROUNDS_MAX     16 /* of looking for threads that were started meanwhile */
#define STOP_WAIT_USEC (200 * USEC_PER_MSEC)
#define RED_ZONE       128 /* x86-64 psABI 3.2.2: a leaf may use it below its stack pointer */

#if defined(__x86_64__)
static const uint16_t reg_offsets[] = {
	[UNW_X86_64_RAX] = offsetof(struct user_regs_struct, rax),
	[UNW_X86_64_RDX] = offsetof(struct user_regs_struct, rdx),
	[UNW_X86_64_RCX] = offsetof(struct user_regs_struct, rcx),
	[UNW_X86_64_RBX] = offsetof(struct user_regs_struct, rbx),
	[UNW_X86_64_RSI] = offsetof(struct user_regs_struct, rsi),
	[UNW_X86_64_RDI] = offsetof(struct user_regs_struct, rdi),
	[UNW_X86_64_RBP] = offsetof(struct user_regs_struct, rbp),
	[UNW_X86_64_RSP] = offsetof(struct user_regs_struct, rsp),
	[UNW_X86_64_R8] = offsetof(struct user_regs_struct, r8),
	[UNW_X86_64_R9] = offsetof(struct user_regs_struct, r9),
	[UNW_X86_64_R10] = offsetof(struct user_regs_struct, r10),
	[UNW_X86_64_R11] = offsetof(struct user_regs_struct, r11),
	[UNW_X86_64_R12] = offsetof(struct user_regs_struct, r12),
	[UNW_X86_64_R13] = offsetof(struct user_regs_struct, r13),
	[UNW_X86_64_R14] = offsetof(struct user_regs_struct, r14),
	[UNW_X86_64_R15] = offsetof(struct user_regs_struct, r15),
	[UNW_X86_64_RIP] = offsetof(struct user_regs_struct, rip),
};
#define REG_COUNT	((int)ARRAY_LEN(reg_offsets))
#define REG_OFFSET(reg) reg_offsets[reg]
#elif defined(__aarch64__)
/* x0..x30, sp, pc in the kernel's order, which is libunwind's, too. */
#define REG_COUNT	(UNW_AARCH64_PC + 1)
#define REG_OFFSET(reg) ((size_t)(reg)*8)
#else
/* No table yet: no frames. */
#define REG_COUNT	0
#define REG_OFFSET(reg) ((size_t)(reg))
#endif

int trace_get_reg(const struct trace_thread *t, int reg, uint64_t *ret)
{
	if (reg < 0 || reg >= REG_COUNT)
		return -EINVAL;
	memcpy(ret, (const char *)&t->regs + REG_OFFSET(reg), sizeof(*ret));
	return 0;
}

static long do_ptrace(long request, pid_t tid, uintptr_t addr, const void *data)
{
	return ptrace((enum __ptrace_request)request, tid, (void *)addr, (void *)(uintptr_t)data);
}

static bool is_known(const struct trace *trace, pid_t tid)
{
	for (unsigned i = 0; i < trace->n; i++)
		if (trace->threads[i].tid == tid)
			return true;
	return false;
}

static bool is_zombie(pid_t tid)
{
	auto_close int procfd = proc_open_root();
	struct proc_stat stat;

	return procfd >= 0 && proc_read_stat(procfd, tid, &stat) == 0 &&
	       (stat.state == 'Z' || stat.state == 'X');
}

/* 0, or -errno when nothing more can be listed. */
static int seize(struct trace *trace, pid_t tid)
{
	struct trace_thread *t;

	if (trace->n == trace->room) {
		unsigned room = trace->room ? trace->room * 2 : 64;
		void *more = realloc(trace->threads, room * sizeof(*trace->threads));

		if (!more)
			return -ENOMEM;
		trace->threads = more;
		trace->room = room;
	}
	t = &trace->threads[trace->n++];
	*t = (struct trace_thread){ .tid = tid };
	if (do_ptrace(PTRACE_SEIZE, tid, 0, NULL) < 0) {
		if (errno == ESRCH || is_zombie(tid))
			trace->gone++;
		else
			trace->denied++;
		return 0;
	}
	t->held = true;
	do_ptrace(PTRACE_INTERRUPT, tid, 0, NULL);
	return 0;
}

/* Seizes the threads that are not known yet: how many, or -errno. */
static int seize_new(pid_t pid, struct trace *trace)
{
	auto_closedir DIR *d = NULL;
	unsigned before = trace->n;
	struct dirent *e;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	if (!d)
		return errno == ENOENT ? -ESRCH : -errno;
	trace->more = 0;
	while ((e = readdir(d))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid <= 0 || is_known(trace, tid))
			continue;
		if (trace->n >= STACKS_THREADS_MAX) {
			trace->more++;
			continue;
		}
		r = seize(trace, tid);
		if (r < 0)
			return r;
	}
	return (int)(trace->n - before);
}

/* True when it has stopped or has gone; `held` says which. */
static bool has_stopped(struct trace *trace, struct trace_thread *t)
{
	int status;
	pid_t r = waitpid(t->tid, &status, WNOHANG | __WALL);

	if (r == 0 || (r < 0 && errno == EINTR))
		return false;
	if (r < 0 || !WIFSTOPPED(status)) {
		t->held = false;
		trace->gone++;
		return true;
	}
	/*
	 * PTRACE_EVENT_STOP is our interrupt, or a group stop that was there before (the kernel
	 * keeps that over the detach). Anything else is a signal on its way, which detach must pass
	 * on.
	 */
	t->inject = status >> 16 ? 0 : WSTOPSIG(status);
	t->copied = true;
	return true;
}

static void wait_for_stops(struct trace *trace, uint64_t until_usec)
{
	for (unsigned i = 0; i < trace->n; i++) {
		struct trace_thread *t = &trace->threads[i];

		if (!t->held || t->copied)
			continue;
		/* A thread in state D stops when its disk answers, perhaps never. */
		while (!has_stopped(trace, t) && clock_now_usec() < until_usec)
			usleep(50);
	}
}

static void copy_thread(pid_t pid, struct trace_thread *t, const struct modules *maps, size_t max)
{
	struct iovec regs = { .iov_base = &t->regs, .iov_len = sizeof(t->regs) };
	const struct module_map *map;
	struct iovec local, remote;
	uint64_t sp, len = max;
	ssize_t n;

	/* A 32-bit process has a smaller set: no frames. */
	t->copied = do_ptrace(PTRACE_GETREGSET, t->tid, NT_PRSTATUS, &regs) == 0 &&
		    regs.iov_len == sizeof(t->regs) && trace_get_reg(t, UNW_REG_SP, &sp) == 0;
	if (!t->copied || sp < RED_ZONE)
		return;
	sp = (sp - RED_ZONE) & ~UINT64_C(7);
	map = modules_find(maps, sp);
	if (map)
		len = MIN_OF(len, map->end - sp);
	t->stack = malloc(len);
	if (!t->stack)
		return;
	local = (struct iovec){ .iov_base = t->stack, .iov_len = len };
	remote = (struct iovec){ .iov_base = (void *)(uintptr_t)sp, .iov_len = len };
	n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	t->stack_addr = sp;
	t->stack_len = n > 0 ? (size_t)n : 0;
}

static void let_go(struct trace_thread *t)
{
	if (t->held && do_ptrace(PTRACE_DETACH, t->tid, 0, (void *)(uintptr_t)t->inject) == 0)
		t->held = false;
}

int trace_hold(pid_t pid, struct trace *ret)
{
	int r = 0;

	*ret = (struct trace){ .started_usec = clock_now_usec() };
	for (unsigned i = 0; i < ROUNDS_MAX; i++) {
		r = seize_new(pid, ret);
		if (r <= 0)
			break;
		wait_for_stops(ret, ret->started_usec + STOP_WAIT_USEC);
	}
	return r < 0 ? r : 0;
}

void trace_release(struct trace *trace)
{
	trace->stuck = 0;
	for (unsigned i = 0; i < trace->n; i++)
		let_go(&trace->threads[i]);
	trace->stopped_usec = clock_now_usec() - trace->started_usec;
	for (unsigned i = 0; i < trace->n; i++)
		trace->stuck += trace->threads[i].held;
}

int trace_copy(pid_t pid, const struct modules *maps, struct trace *ret)
{
	int r = trace_hold(pid, ret);
	size_t max = MIN_OF((size_t)TRACE_STACK_MAX, TRACE_COPY_MAX / MAX_OF(ret->n, 1u));

	max = MAX_OF(max, (size_t)TRACE_STACK_MIN);
	for (unsigned i = 0; i < ret->n; i++)
		if (ret->threads[i].copied)
			copy_thread(pid, &ret->threads[i], maps, max);
	trace_release(ret);
	return r;
}

void trace_free(struct trace *trace)
{
	for (unsigned i = 0; i < trace->n; i++) {
		struct trace_thread *t = &trace->threads[i];

		/* Those that were late; what is still in state D goes free when we exit. */
		if (t->held && has_stopped(trace, t))
			let_go(t);
		free(t->stack);
	}
	free(trace->threads);
	*trace = (struct trace){ .n = 0 };
}
