/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/stacks.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "dump/modules.h"
#include "dump/pystack.h"
#include "dump/trace.h"
#include "dump/unwind.h"

#define COMM_MAX	64
#define PYTHON_TEXT_MAX (256u << 10)

struct thread_frames {
	unsigned first, n; /* in frames[] */
};

struct stacks {
	pid_t pid;
	struct modules modules;
	struct trace trace;
	struct thread_frames *threads;
	struct unwind_frame *frames;
	unsigned n_frames, room;
	struct module_symbol *symbols; /* sorted by address */
	unsigned n_symbols;
};

static int keep_frames(struct stacks *s, const struct unwind_frame *frames, unsigned n)
{
	if (s->n_frames + n > s->room) {
		unsigned room = MAX_OF(s->room * 2, s->n_frames + n);
		void *more = realloc(s->frames, room * sizeof(*s->frames));

		if (!more)
			return -ENOMEM;
		s->frames = more;
		s->room = room;
	}
	if (n)
		memcpy(s->frames + s->n_frames, frames, n * sizeof(*frames));
	s->n_frames += n;
	return 0;
}

static int unwind_all(struct stacks *s)
{
	struct unwind_frame frames[STACKS_FRAMES_MAX];
	struct unwind *u;
	int r = unwind_open(s->pid, &s->modules, &u);

	if (r < 0)
		return r;
	for (unsigned i = 0; r == 0 && i < s->trace.n; i++) {
		unsigned n = unwind_thread(u, &s->trace.threads[i], frames, STACKS_FRAMES_MAX);

		s->threads[i] = (struct thread_frames){ .first = s->n_frames, .n = n };
		r = keep_frames(s, frames, n);
	}
	unwind_close(u);
	return r;
}

/* A call may be the last instruction of its function: the return address belongs to the next. */
static uint64_t address_of(const struct unwind_frame *frame)
{
	return frame->exact ? frame->pc : frame->pc - 1;
}

static int compare_symbols(const void *a, const void *b)
{
	const struct module_symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static int compare_addresses(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int name_all(struct stacks *s)
{
	auto_free uint64_t *addresses = calloc(s->n_frames + 1, sizeof(*addresses));
	unsigned n = 0;

	if (!addresses)
		return -ENOMEM;
	for (unsigned i = 0; i < s->n_frames; i++)
		addresses[i] = address_of(&s->frames[i]);
	qsort(addresses, s->n_frames, sizeof(*addresses), compare_addresses);
	for (unsigned i = 0; i < s->n_frames; i++)
		if (n == 0 || addresses[i] != addresses[n - 1])
			addresses[n++] = addresses[i];
	s->symbols = calloc(n + 1, sizeof(*s->symbols));
	if (!s->symbols)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++)
		s->symbols[i].address = addresses[i];
	s->n_symbols = n;
	modules_resolve(&s->modules, s->symbols, n);
	return 0;
}

static void read_comm(pid_t pid, pid_t tid, char out[COMM_MAX])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)pid, (int)tid);
	n = file_read_text(AT_FDCWD, path, out, COMM_MAX);
	if (n <= 0)
		memcpy(out, "?", sizeof("?"));
	out[strcspn(out, "\n")] = '\0';
	for (char *p = out; *p; p++)
		if (*p < ' ' || *p >= 127)
			*p = '?';
}

static void print_frame(
	const struct stacks *s, unsigned number, const struct unwind_frame *frame, struct buf *b)
{
	struct module_symbol key = { .address = address_of(frame) };
	const struct module_map *map = modules_find(&s->modules, key.address);
	const struct module_symbol *symbol =
		bsearch(&key, s->symbols, s->n_symbols, sizeof(key), compare_symbols);
	char module[MODULES_NAME_MAX];

	modules_print_name(map, module, sizeof(module));
	buf_printf(b, "    #%u 0x%016" PRIx64, number, frame->pc);
	if (symbol && symbol->start)
		buf_printf(b, " %s+0x%" PRIx64 " (%s)\n", symbol->name, frame->pc - symbol->start,
			module);
	else if (map && map->path[0] == '/')
		buf_printf(b, " ?? (%s+0x%" PRIx64 ")\n", module,
			frame->pc - map->start + map->offset);
	else
		buf_printf(b, " ?? (%s)\n", module);
}

static int print_thread(const struct stacks *s, unsigned i, int fd, struct stacks_count *count)
{
	static char text[STACKS_FRAMES_MAX * (2 * MODULES_NAME_MAX + 64)];
	const struct trace_thread *t = &s->trace.threads[i];
	struct buf b = BUF_ON(text);
	char comm[COMM_MAX];

	if (!t->copied)
		return 0;
	buf_reset(&b);
	read_comm(s->pid, t->tid, comm);
	buf_printf(&b, "  thread %d %s\n", (int)t->tid, comm);
	for (unsigned k = 0; k < s->threads[i].n; k++)
		print_frame(s, k, &s->frames[s->threads[i].first + k], &b);
	if (s->threads[i].n == STACKS_FRAMES_MAX)
		buf_puts(&b, "    ...\n");
	count->threads++;
	count->frames += s->threads[i].n;
	return file_write_all(fd, text, b.len);
}

static int print_all(const struct stacks *s, int fd, struct stacks_count *count)
{
	char text[256], comm[COMM_MAX];
	struct buf b = BUF_ON(text);
	int r;

	buf_reset(&b);
	read_comm(s->pid, s->pid, comm);
	buf_printf(&b, "process %d %s\n", (int)s->pid, comm);
	if (s->trace.more)
		buf_printf(&b, "  %u more threads left out\n", s->trace.more);
	if (s->trace.denied)
		buf_printf(&b, "  %u threads denied\n", s->trace.denied);
	if (s->trace.stuck)
		buf_printf(&b, "  %u threads did not stop (disk wait?)\n", s->trace.stuck);
	r = file_write_all(fd, text, b.len);
	for (unsigned i = 0; r == 0 && i < s->trace.n; i++)
		r = print_thread(s, i, fd, count);
	return r;
}

/* What the interpreter was at, where it is one. */
static int print_python(const struct stacks *s, int fd)
{
	static char text[PYTHON_TEXT_MAX];
	struct buf b = BUF_ON(text);

	buf_reset(&b);
	pystack_read(s->pid, &s->modules, &b);
	return b.len ? file_write_all(fd, text, b.len) : 0;
}

static int take_stacks(struct stacks *s, struct stacks_count *count)
{
	unsigned copied = 0;
	int r = modules_load(s->pid, &s->modules);

	/* Without maps there will be no names; ptrace itself may still say why. */
	if (r < 0 && r != -EACCES && r != -EPERM)
		return r;
	r = trace_copy(s->pid, &s->modules, &s->trace);
	count->denied += s->trace.denied;
	count->gone += s->trace.gone;
	count->stopped_usec_max = MAX_OF(count->stopped_usec_max, s->trace.stopped_usec);
	for (unsigned i = 0; i < s->trace.n; i++)
		copied += s->trace.threads[i].copied;
	if (copied == 0)
		return s->trace.denied ? -EPERM : r < 0 ? r : -ESRCH;
	s->threads = calloc(s->trace.n, sizeof(*s->threads));
	if (!s->threads)
		return -ENOMEM;
	r = unwind_all(s);
	return r < 0 ? r : name_all(s);
}

int stacks_write(pid_t pid, int fd, struct stacks_count *count)
{
	struct stacks s = { .pid = pid };
	int r = take_stacks(&s, count);

	if (r == 0) {
		count->processes++;
		r = print_all(&s, fd, count);
		if (r == 0)
			r = print_python(&s, fd);
	}
	free(s.threads);
	free(s.frames);
	free(s.symbols);
	trace_free(&s.trace);
	modules_free(&s.modules);
	return r;
}
