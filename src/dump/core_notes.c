/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/core_notes.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"
#include "dump/core_pages.h"
#include "dump/nspath.h"
#include "proc/proc.h"

#define XSTATE_MAX    (16u << 10) /* with AMX 11 KiB */
#define AUXV_MAX      4096
#define FILE_NOTE_MAX (4 * MIB) /* the kernel's own limit, kernel.core_file_note_size_limit */
#define ALIGN4(n)     (((n) + 3) & ~(size_t)3)

/* Many small pieces, few writes: the process is stopped meanwhile. */
struct sink {
	struct outfile *out;
	size_t len;
	int err; /* the first one */
	uint8_t data[16384];
};

static void sink_flush(struct sink *s)
{
	if (!s->err && s->len)
		s->err = outfile_write(s->out, s->data, s->len);
	s->len = 0;
}

static void sink_add(struct sink *s, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len) {
		size_t part = MIN_OF(len, sizeof(s->data) - s->len);

		memcpy(s->data + s->len, from, part);
		s->len += part;
		from += part;
		len -= part;
		if (s->len == sizeof(s->data))
			sink_flush(s);
	}
}

static void sink_pad(struct sink *s, size_t len)
{
	static const uint8_t zeroes[64];

	for (; len > sizeof(zeroes); len -= sizeof(zeroes))
		sink_add(s, zeroes, sizeof(zeroes));
	sink_add(s, zeroes, len);
}

static void begin_note(struct sink *s, uint32_t type, size_t len)
{
	/* What is not of System V is Linux's. */
	const char *name = type == NT_X86_XSTATE ? "LINUX" : "CORE";
	Elf64_Nhdr head = {
		.n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = (uint32_t)len, .n_type = type
	};

	sink_add(s, &head, sizeof(head));
	sink_add(s, name, head.n_namesz);
	sink_pad(s, ALIGN4(head.n_namesz) - head.n_namesz);
}

static void add_note(struct sink *s, uint32_t type, const void *data, size_t len)
{
	begin_note(s, type, len);
	sink_add(s, data, len);
	sink_pad(s, ALIGN4(len) - len);
}

/* How much of it there is; 0: this machine or this process has no such registers. */
static size_t read_registers(pid_t tid, int type, void *out, size_t size)
{
	struct iovec v = { .iov_base = out, .iov_len = size };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)type, &v) < 0)
		return 0;
	return v.iov_len;
}

static bool add_status(struct sink *s, const struct trace_thread *t, const struct proc_stat *stat)
{
	struct elf_prstatus status = { .pr_cursig = (short)t->inject };
	struct user_regs_struct regs;
	pid_t nstid = t->tid;

	if (read_registers(t->tid, NT_PRSTATUS, &regs, sizeof(regs)) != sizeof(regs))
		return false;
	memcpy(&status.pr_reg, &regs, MIN_OF(sizeof(status.pr_reg), sizeof(regs)));
	/* Runtimes know their threads by the numbers of their own namespace. */
	nspath_read_tid((pid_t)stat->pid, t->tid, &nstid);
	status.pr_info.si_signo = t->inject;
	status.pr_pid = nstid;
	status.pr_ppid = stat->ppid;
	status.pr_pgrp = stat->pgrp;
	status.pr_sid = stat->session;
	status.pr_fpvalid = 1;
	add_note(s, NT_PRSTATUS, &status, sizeof(status));
	return true;
}

static void add_other_registers(struct sink *s, const struct trace_thread *t)
{
	static uint8_t data[XSTATE_MAX];
	static const int types[] = {
		NT_PRFPREG,
#if defined(__x86_64__)
		NT_X86_XSTATE,
#endif
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		size_t len = read_registers(t->tid, types[i], data, sizeof(data));

		if (len)
			add_note(s, (uint32_t)types[i], data, len);
	}
}

static void add_info(struct sink *s, int procfd, const struct proc_stat *stat)
{
	static const char states[] = "RSDTZW";
	struct elf_prpsinfo info = { .pr_sname = stat->state };
	const char *state = strchr(states, stat->state);
	uid_t uid = 0;
	gid_t gid = 0;
	ssize_t n;

	proc_read_ids(procfd, stat->pid, &uid, &gid);
	info.pr_state = (char)(state ? state - states : 0);
	info.pr_zomb = stat->state == 'Z';
	info.pr_uid = uid;
	info.pr_gid = gid;
	info.pr_pid = stat->pid;
	nspath_read_pid(stat->pid, &info.pr_pid);
	info.pr_ppid = stat->ppid;
	info.pr_pgrp = stat->pgrp;
	info.pr_sid = stat->session;
	buf_copy(info.pr_fname, sizeof(info.pr_fname), stat->comm);
	n = proc_read_cmdline(procfd, stat->pid, info.pr_psargs, sizeof(info.pr_psargs));
	for (ssize_t i = 0; i + 1 < n; i++)
		if (!info.pr_psargs[i])
			info.pr_psargs[i] = ' ';
	add_note(s, NT_PRPSINFO, &info, sizeof(info));
}

static void add_auxv(struct sink *s, pid_t pid)
{
	char path[32], data[AUXV_MAX];
	auto_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/auxv", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, data, sizeof(data));
	if (n > 0)
		add_note(s, NT_AUXV, data, (size_t)n);
}

/* Three passes over the maps: counted, the addresses, the names. */
struct files {
	struct sink *sink;
	uint64_t count, done;
	size_t len, left; /* of the note */
	uint64_t page_size;
};

static bool is_file(const struct core_map *map)
{
	return map->path[0] == '/' && core_classify(map) != CORE_SKIP;
}

static size_t need_of(const struct core_map *map)
{
	return 3 * sizeof(uint64_t) + strlen(map->path) + 1;
}

static int count_file(void *arg, const struct core_map *map)
{
	struct files *f = arg;

	if (!is_file(map))
		return 0;
	if (f->len + need_of(map) > FILE_NOTE_MAX)
		return 1;
	f->len += need_of(map);
	f->count++;
	return 0;
}

static int add_file_address(void *arg, const struct core_map *map)
{
	struct files *f = arg;
	uint64_t entry[3] = { map->start, map->end, map->offset / f->page_size };

	if (!is_file(map))
		return 0;
	if (f->done++ == f->count)
		return 1;
	sink_add(f->sink, entry, sizeof(entry));
	f->left -= sizeof(entry);
	return 0;
}

static int add_file_name(void *arg, const struct core_map *map)
{
	struct files *f = arg;
	size_t len = strlen(map->path) + 1;

	if (!is_file(map))
		return 0;
	if (f->done++ == f->count || len > f->left)
		return 1;
	sink_add(f->sink, map->path, len);
	f->left -= len;
	return 0;
}

static void add_files(struct sink *s, pid_t pid)
{
	struct files f = { .sink = s, .len = 2 * sizeof(uint64_t) };
	uint64_t head[2];

	f.page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	if (core_each_map(pid, count_file, &f) < 0)
		return;
	f.left = f.len - sizeof(head);
	head[0] = f.count;
	head[1] = f.page_size;
	begin_note(s, NT_FILE, f.len);
	sink_add(s, head, sizeof(head));
	core_each_map(pid, add_file_address, &f);
	f.done = 0;
	core_each_map(pid, add_file_name, &f);
	/* Another process that shares this memory may have unmapped something meanwhile. */
	sink_pad(s, f.left + ALIGN4(f.len) - f.len);
}

int core_write_notes(
	pid_t pid, const struct trace *trace, struct outfile *out, unsigned *ret_threads)
{
	static struct sink sink;
	auto_close int procfd = proc_open_root();
	unsigned stopped = 0, n = 0;
	struct proc_stat stat;
	int r = procfd < 0 ? procfd : proc_read_stat(procfd, pid, &stat);

	if (r < 0)
		return r;
	sink = (struct sink){ .out = out };
	for (unsigned i = 0; i < trace->n; i++) {
		const struct trace_thread *t = &trace->threads[i];

		if (!t->held || !t->copied)
			continue;
		stopped++;
		if (!add_status(&sink, t, &stat))
			continue;
		if (n++ == 0) {
			add_info(&sink, procfd, &stat);
			add_auxv(&sink, pid);
			add_files(&sink, pid);
		}
		add_other_registers(&sink, t);
	}
	sink_flush(&sink);
	*ret_threads = n;
	if (n == 0)
		return stopped ? -ENOEXEC : trace->gone == trace->n ? -ESRCH : -EBUSY;
	return sink.err;
}
