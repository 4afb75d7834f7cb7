/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/core.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "dump/core_notes.h"
#include "dump/core_pages.h"
#include "dump/kinds.h"
#include "dump/trace.h"

#define CHUNK	     (256u << 10) /* of one read; more is not faster */
#define PHDRS_BUFFER 512
#define GAP_MEMORY   (1 * MIB)	/* untouched memory up to this is a hole of the file ... */
#define GAP_FILE     (64 * KIB) /* ... and clean pages of a file up to this are copied along */
#define MARGIN_USEC  (500 * USEC_PER_MSEC)

/*
 * The file: header, one section header (where 65535 segments or more are counted), room for the
 * program headers, notes, data. How much room is counted while the process still runs.
 */
#define SHDR_AT	 sizeof(Elf64_Ehdr)
#define PHDRS_AT (SHDR_AT + sizeof(Elf64_Shdr))

struct core {
	pid_t pid;
	struct outfile out;
	struct core_pages pages;
	struct core_exclusions exclusions;
	int memfd;
	uint64_t until_usec;
	uint64_t room;	    /* for program headers */
	uint64_t n_phdrs;   /* handed out, the notes' one included */
	uint64_t n_written; /* of them, in the file */
	Elf64_Phdr phdrs[PHDRS_BUFFER];
	Elf64_Phdr now; /* the segment that is being written */
	struct core_report *report;
	uint8_t data[CHUNK];
};

static int flush_phdrs(struct core *c)
{
	uint64_t n = c->n_phdrs - c->n_written;
	uint64_t at = PHDRS_AT + c->n_written * sizeof(Elf64_Phdr);
	int r = outfile_patch(&c->out, c->phdrs, n * sizeof(Elf64_Phdr), at);

	c->n_written = c->n_phdrs;
	return r;
}

static int add_phdr(struct core *c, const Elf64_Phdr *ph)
{
	c->phdrs[c->n_phdrs++ - c->n_written] = *ph;
	return c->n_phdrs - c->n_written == PHDRS_BUFFER ? flush_phdrs(c) : 0;
}

static uint64_t gap_of(enum core_class class)
{
	return class == CORE_MEMORY ? GAP_MEMORY : GAP_FILE;
}

static enum core_class class_of(const struct core *c, const struct core_map *map)
{
	return core_is_excluded(&c->exclusions, map) ? CORE_SKIP : core_classify(map);
}

/* --- before the stop: how many segments will there be? --- */

static int count_map(void *arg, const struct core_map *map)
{
	struct core *c = arg;
	enum core_class class = class_of(c, map);
	uint64_t at = map->start, start, end, last = map->start;
	int r;

	c->room++;
	if (class != CORE_MODIFIED && class != CORE_MEMORY)
		return 0;
	core_pages_start(&c->pages, at);
	while ((r = core_pages_next(&c->pages, class, at, map->end, &start, &end)) > 0) {
		if (start - last > gap_of(class))
			c->room++;
		last = at = end;
	}
	return r;
}

/* --- during the stop --- */

static uint32_t flags_of(const struct core_map *map)
{
	return (map->readable ? PF_R : 0u) | (map->writable ? PF_W : 0u) |
	       (map->executable ? PF_X : 0u);
}

static void begin_segment(struct core *c, const struct core_map *map, uint64_t at)
{
	c->now = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = flags_of(map),
		.p_offset = c->out.offset,
		.p_vaddr = at,
		.p_align = c->pages.page_size,
	};
}

/* Up to `end` it is mapped; what has no data reads as zeroes, or comes from the mapped file. */
static int end_segment(struct core *c, uint64_t end)
{
	c->now.p_memsz = end - c->now.p_vaddr;
	return c->now.p_memsz ? add_phdr(c, &c->now) : 0;
}

/* From the process to the file. What cannot be read (a device, a file cut short) stays a hole. */
static int copy_data(struct core *c, uint64_t start, uint64_t end)
{
	size_t want = CHUNK;

	while (start < end) {
		size_t len = MIN_OF((uint64_t)want, end - start);
		void *room = outfile_claim(&c->out, len);
		ssize_t n = pread(c->memfd, room ? room : c->data, len, (off_t)start);
		int r;

		if (clock_now_usec() >= c->until_usec)
			return -ETIMEDOUT;
		if (n <= 0 && len > c->pages.page_size) {
			want = c->pages.page_size;
			continue;
		}
		if (n <= 0) {
			c->report->unreadable_bytes += len;
			outfile_skip(&c->out, len);
			n = (ssize_t)len;
		} else {
			r = room ? outfile_commit(&c->out, (size_t)n)
				 : outfile_write(&c->out, c->data, (size_t)n);
			if (r < 0)
				return r;
			c->report->data_bytes += (uint64_t)n;
			want = CHUNK;
		}
		start += (uint64_t)n;
	}
	return 0;
}

/* The run [start, end) after what the segment has up to `last`. */
static int add_run(struct core *c, const struct core_map *map, enum core_class class, uint64_t last,
	uint64_t start, uint64_t end)
{
	uint64_t gap = start - last;
	int r;

	if (gap > gap_of(class)) {
		r = end_segment(c, start);
		if (r < 0)
			return r;
		if (c->n_phdrs >= c->room)
			return 1;
		begin_segment(c, map, start);
	} else if (class == CORE_MEMORY) {
		outfile_skip(&c->out, gap);
	} else {
		start = last;
	}
	r = copy_data(c, start, end);
	c->now.p_filesz = end - c->now.p_vaddr;
	return r;
}

/* The first page of a file tells its build id to whoever opens the core. */
static bool begins_elf(struct core *c, const struct core_map *map)
{
	char magic[SELFMAG];

	return map->path[0] == '/' && map->offset == 0 && map->readable &&
	       pread(c->memfd, magic, SELFMAG, (off_t)map->start) == SELFMAG &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

static int copy_runs(struct core *c, const struct core_map *map, enum core_class class)
{
	uint64_t last = map->start, start, end;
	int r = 0;

	begin_segment(c, map, map->start);
	if ((class == CORE_HEADER || class == CORE_MODIFIED) && begins_elf(c, map)) {
		end = map->start + MIN_OF(c->pages.page_size, map->end - map->start);
		r = add_run(c, map, class, last, map->start, end);
		last = end;
	}
	core_pages_start(&c->pages, last);
	while (r == 0 && class != CORE_HEADER) {
		r = core_pages_next(&c->pages, class, last, map->end, &start, &end);
		if (r <= 0)
			break;
		r = add_run(c, map, class, last, start, end);
		last = end;
	}
	if (r < 0)
		return r;
	/* No more room for segments: the rest of this map is left out, and said. */
	if (r > 0) {
		c->report->left_out++;
		return 0;
	}
	return end_segment(c, map->end);
}

static int copy_map(void *arg, const struct core_map *map)
{
	struct core *c = arg;
	enum core_class class = class_of(c, map);

	if (class == CORE_SKIP)
		return 0;
	if (c->n_phdrs >= c->room) {
		c->report->left_out++;
		return 0;
	}
	return copy_runs(c, map, class);
}

static void pad_to_page(struct core *c)
{
	uint64_t page = c->pages.page_size;

	outfile_skip(&c->out, (page - c->out.offset % page) % page);
}

static int copy_held(struct core *c, const struct trace *trace)
{
	Elf64_Phdr notes = { .p_type = PT_NOTE, .p_align = 4 };
	int r;

	outfile_skip(&c->out, PHDRS_AT + c->room * sizeof(Elf64_Phdr));
	notes.p_offset = c->out.offset;
	r = core_write_notes(c->pid, trace, &c->out, &c->report->threads);
	if (r < 0)
		return r;
	notes.p_filesz = c->out.offset - notes.p_offset;
	r = add_phdr(c, &notes);
	if (r < 0)
		return r;
	pad_to_page(c);
	return core_each_map(c->pid, copy_map, c);
}

static int write_header(struct core *c)
{
	bool many = c->n_phdrs >= PN_XNUM;
	Elf64_Ehdr eh = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			ELFDATA2LSB,
#else
			ELFDATA2MSB,
#endif
			EV_CURRENT, ELFOSABI_NONE },
		.e_type = ET_CORE,
#if defined(__x86_64__)
		.e_machine = EM_X86_64,
#elif defined(__aarch64__)
		.e_machine = EM_AARCH64,
#endif
		.e_version = EV_CURRENT,
		.e_phoff = PHDRS_AT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)(many ? PN_XNUM : c->n_phdrs),
		.e_shoff = many ? SHDR_AT : 0,
		.e_shentsize = many ? sizeof(Elf64_Shdr) : 0,
		.e_shnum = many ? 1 : 0,
	};
	Elf64_Shdr sh = { .sh_info = (uint32_t)c->n_phdrs, .sh_size = 1 };
	int r = many ? outfile_patch(&c->out, &sh, sizeof(sh), SHDR_AT) : 0;

	return r < 0 ? r : outfile_patch(&c->out, &eh, sizeof(eh), 0);
}

static int copy_process(struct core *c)
{
	struct trace trace;
	int r = trace_hold(c->pid, &trace);

	c->report->denied = trace.denied;
	if (r == 0)
		r = trace.denied && trace.denied + trace.gone == trace.n ? -EPERM
									 : copy_held(c, &trace);
	trace_release(&trace);
	c->report->stopped_usec = trace.stopped_usec;
	trace_free(&trace);
	if (r == 0)
		r = flush_phdrs(c);
	return r < 0 ? r : write_header(c);
}

static int open_and_copy(struct core *c)
{
	char path[32];
	int r = core_pages_open(c->pid, &c->pages);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)c->pid);
	c->memfd = open(path, O_RDONLY | O_CLOEXEC);
	if (c->memfd < 0)
		return -errno;
	r = core_read_exclusions(c->pid, &c->exclusions);
	c->room = 64;
	if (r == 0)
		r = core_each_map(c->pid, count_map, c);
	c->room += c->room / 4;
	return r < 0 ? r : copy_process(c);
}

int core_write(pid_t pid, struct outfile *out, uint64_t until_usec, struct core_report *ret)
{
	struct core *c =
		mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int r;

	if (c == MAP_FAILED)
		return -errno;
	*ret = (struct core_report){ .threads = 0 };
	c->pid = pid;
	c->out = *out;
	c->memfd = c->pages.fd = -1;
	c->until_usec = until_usec;
	c->report = ret;
	r = open_and_copy(c);
	*out = c->out;
	cleanup_close(&c->memfd);
	core_pages_close(&c->pages);
	munmap(c, sizeof(*c));
	return r;
}

static int explain(const struct dump_request *req, int r, const struct core_report *report,
	struct dump_result *ret)
{
	const char *what = r == -ETIMEDOUT ? "not complete within dump.deadline and dump.max-pause"
			   : r == -EPERM || r == -EACCES
				   ? "ptrace denied (yama ptrace_scope or another user)"
			   : r == -ENOEXEC   ? "a 32-bit process"
			   : r == -EBUSY     ? "no thread of it could be stopped in time"
			   : r == -ECANCELED ? "given up: too little memory is left, or time"
			   : r == -ENOENT    ? "this kernel has no /proc/PID/pagemap"
					     : strerror(-r);

	snprintf(ret->text, sizeof(ret->text), "core of pid %d (%s): %s%s%s", (int)req->pid,
		req->comm ? req->comm : "?", what,
		report->stopped_usec ? "; it was stopped for " : "",
		report->stopped_usec ? units_human_duration(report->stopped_usec).s : "");
	return r;
}

int dump_core(const struct dump_request *req, struct dump_result *ret)
{
	uint64_t deadline = req->deadline_usec - MIN_OF(req->deadline_usec, MARGIN_USEC);
	uint64_t until = clock_now_usec() + req->conf->dump.max_pause_usec;
	struct core_report report = { .threads = 0 };
	struct outfile out = OUTFILE_NONE;
	char name[OUTFILE_NAME_MAX];
	int r;

	*ret = (struct dump_result){ .bytes = 0 };
	snprintf(name, sizeof(name), "core-%d.elf", (int)req->pid);
	r = outfile_create(req->incident_dirfd, name, &out);
	if (r < 0)
		return explain(req, r, &report, ret);
	outfile_limit(&out, req->conf->dump.max_bytes, req->conf->dump.min_free_bp);
	if (req->spare_bytes)
		outfile_hold(&out, req->spare_bytes);
	r = core_write(req->pid, &out, MIN_OF(deadline, until), &report);
	if (r == 0)
		r = outfile_settle(&out);
	if (r == 0)
		r = outfile_finish(&out, &ret->bytes);
	if (r < 0) {
		outfile_drop(&out);
		return explain(req, r, &report, ret);
	}
	ret->pause_usec = report.stopped_usec;
	snprintf(ret->file, sizeof(ret->file), "%s", out.name);
	snprintf(ret->note, sizeof(ret->note), "core of %u thread%s, stopped for %s, for gdb",
		report.threads, report.threads == 1 ? "" : "s",
		units_human_duration(report.stopped_usec).s);
	return 0;
}
