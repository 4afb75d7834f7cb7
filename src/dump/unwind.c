/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/unwind.h"

#include <fcntl.h>
#include <libunwind-ptrace.h>
#include <string.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "dump/ehframe.h"

#define PAGE_BYTES 4096u
#define PAGES	   256u /* of unwind tables and code; 1 MiB */

struct page {
	uint64_t address; /* 1: empty */
	uint8_t data[PAGE_BYTES];
};

/*
 * libunwind takes a table of the target's memory. Ours is not there: it is given out at addresses
 * that no process of ours can have, and access_mem knows them.
 */
#define TABLE_BASE   UINT64_C(0xf000000000000000)
#define TABLE_STRIDE (UINT64_C(1) << 32)
#define TABLES_MAX   16

/* In libunwind since 1.0, exported for tools that find tables themselves; not in its headers. */
int UNW_OBJ(dwarf_search_unwind_table)(
	unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int, void *);

struct unwind {
	pid_t pid;
	const struct modules *modules;
	const struct trace_thread *thread;
	unw_addr_space_t space;
	void *upt;
	struct ehframe tables[TABLES_MAX]; /* of files without an index, as static ones are */
	unsigned n_tables;
	struct page pages[PAGES]; /* direct-mapped */
};

/*
 * _UPT_find_proc_info hands its own argument to access_mem, so what that needs cannot come in by
 * the argument.
 */
static struct unwind *current;

/* From the running process, else (it may have ended) from the file. */
static bool read_page(uint64_t address, uint8_t *out)
{
	struct iovec local = { .iov_base = out, .iov_len = PAGE_BYTES };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = PAGE_BYTES };
	const struct module_map *map;
	auto_close int fd = -1;
	ssize_t n;

	if (process_vm_readv(current->pid, &local, 1, &remote, 1, 0) == PAGE_BYTES)
		return true;
	map = modules_find(current->modules, address);
	if (!map || map->writable)
		return false;
	fd = modules_open(current->modules, map);
	if (fd < 0)
		return false;
	n = pread(fd, out, PAGE_BYTES, (off_t)(map->offset + (address - map->start)));
	if (n <= 0)
		return false;
	memset(out + n, 0, PAGE_BYTES - (size_t)n);
	return true;
}

static bool read_bytes(uint64_t address, uint8_t *out, size_t len)
{
	while (len) {
		uint64_t start = address & ~(uint64_t)(PAGE_BYTES - 1);
		struct page *page = &current->pages[start / PAGE_BYTES % PAGES];
		size_t at = (size_t)(address - start), some = MIN_OF(len, PAGE_BYTES - at);

		if (page->address != start) {
			page->address = 1;
			if (!read_page(start, page->data))
				return false;
			page->address = start;
		}
		memcpy(out, page->data + at, some);
		address += some;
		out += some;
		len -= some;
	}
	return true;
}

/* A word of one of our own tables. */
static bool read_table(uint64_t address, unw_word_t *value)
{
	uint64_t i = (address - TABLE_BASE) / TABLE_STRIDE,
		 at = (address - TABLE_BASE) % TABLE_STRIDE;
	const struct ehframe *table;

	if (i >= current->n_tables)
		return false;
	table = &current->tables[i];
	if (at + sizeof(*value) > table->n * sizeof(table->entries[0]))
		return false;
	memcpy(value, (const char *)table->entries + at, sizeof(*value));
	return true;
}

static int access_mem(
	unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write, void *arg)
{
	const struct trace_thread *t = current->thread;
	uint8_t bytes[sizeof(*value)];

	(void)as;
	(void)arg;
	if (write)
		return -UNW_EINVAL;
	if (t->stack && address >= t->stack_addr && t->stack_len >= sizeof(*value) &&
		address - t->stack_addr <= t->stack_len - sizeof(*value)) {
		memcpy(value, t->stack + (address - t->stack_addr), sizeof(*value));
		return 0;
	}
	if (address >= TABLE_BASE && read_table(address, value))
		return 0;
	if (!read_bytes(address, bytes, sizeof(bytes)))
		return -UNW_EINVAL;
	memcpy(value, bytes, sizeof(*value));
	return 0;
}

static int access_reg(
	unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write, void *arg)
{
	uint64_t got;

	(void)as;
	(void)arg;
	if (write || trace_get_reg(current->thread, reg, &got) < 0)
		return -UNW_EBADREG;
	*value = got;
	return 0;
}

static int access_fpreg(
	unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg)
{
	(void)as;
	(void)reg;
	(void)value;
	(void)write;
	(void)arg;
	return -UNW_EBADREG;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as;
	(void)cursor;
	(void)arg;
	return -UNW_EINVAL;
}

/* Makes the table of a file once, also when there is none to be had (n is 0 then). */
static const struct ehframe *find_table(const struct module_map *map, uint64_t *ret_address)
{
	struct ehframe *table;
	unsigned i;

	for (i = 0; i < current->n_tables; i++)
		if (current->tables[i].map == map)
			break;
	if (i == TABLES_MAX)
		return NULL;
	table = &current->tables[i];
	if (i == current->n_tables) {
		auto_close int fd = modules_open(current->modules, map);

		*table = (struct ehframe){ .map = map };
		if (fd >= 0)
			ehframe_read(fd, map, table);
		current->n_tables++;
	}
	*ret_address = TABLE_BASE + i * TABLE_STRIDE;
	return table->n ? table : NULL;
}

static int search_own_table(unw_addr_space_t as, unw_word_t ip, const struct module_map *map,
	unw_proc_info_t *info, int need)
{
	unw_dyn_info_t di = {
		.format = UNW_INFO_FORMAT_REMOTE_TABLE, .start_ip = map->start, .end_ip = map->end
	};
	uint64_t address = 0;
	const struct ehframe *table = find_table(map, &address);

	if (!table)
		return -UNW_ENOINFO;
	di.u.rti.segbase = table->base;
	di.u.rti.table_data = address;
	di.u.rti.table_len = table->n * sizeof(table->entries[0]) / sizeof(unw_word_t);
	return UNW_OBJ(dwarf_search_unwind_table)(as, ip, &di, info, need, NULL);
}

static int find_proc_info(
	unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *info, int need, void *arg)
{
	const struct module_map *map = modules_find(current->modules, ip);
	int r;

	(void)arg;
	/* Code of a just-in-time compiler and wild addresses: no file to search. */
	if (!map || !map->executable || map->path[0] != '/')
		return -UNW_ENOINFO;
	r = _UPT_find_proc_info(as, ip, info, need, current->upt);
	return r < 0 ? search_own_table(as, ip, map, info, need) : r;
}

static int get_dyn_info_list(unw_addr_space_t as, unw_word_t *address, void *arg)
{
	(void)as;
	(void)address;
	(void)arg;
	return -UNW_ENOINFO;
}

static int get_proc_name(
	unw_addr_space_t as, unw_word_t ip, char *out, size_t size, unw_word_t *offset, void *arg)
{
	(void)as;
	(void)ip;
	(void)out;
	(void)size;
	(void)offset;
	(void)arg;
	return -UNW_ENOINFO;
}

static unw_accessors_t accessors = {
	.find_proc_info = find_proc_info,
	.put_unwind_info = _UPT_put_unwind_info,
	.get_dyn_info_list_addr = get_dyn_info_list,
	.access_mem = access_mem,
	.access_reg = access_reg,
	.access_fpreg = access_fpreg,
	.resume = resume,
	.get_proc_name = get_proc_name,
};

int unwind_open(pid_t pid, const struct modules *modules, struct unwind **ret)
{
	struct unwind *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->pid = pid;
	u->modules = modules;
	for (unsigned i = 0; i < PAGES; i++)
		u->pages[i].address = 1;
	u->upt = _UPT_create(pid);
	u->space = unw_create_addr_space(&accessors, 0);
	if (!u->upt || !u->space) {
		unwind_close(u);
		return -ENOMEM;
	}
	/* 50 threads: 2,687 look-ups instead of 103,920. */
	unw_set_caching_policy(u->space, UNW_CACHE_GLOBAL);
	*ret = u;
	return 0;
}

void unwind_close(struct unwind *u)
{
	if (u->space)
		unw_destroy_addr_space(u->space);
	if (u->upt)
		_UPT_destroy(u->upt);
	for (unsigned i = 0; i < u->n_tables; i++)
		free(u->tables[i].entries);
	if (current == u)
		current = NULL;
	free(u);
}

unsigned unwind_thread(
	struct unwind *u, const struct trace_thread *t, struct unwind_frame *ret, unsigned max)
{
	bool exact = true, in_signal;
	unw_word_t pc, sp, last_sp = 0;
	unw_cursor_t cursor;
	unsigned n = 0;

	u->thread = t;
	current = u;
	if (!t->copied || unw_init_remote(&cursor, u->space, u) < 0)
		return 0;
	while (n < max) {
		if (unw_get_reg(&cursor, UNW_REG_IP, &pc) < 0 || pc == 0 ||
			unw_get_reg(&cursor, UNW_REG_SP, &sp) < 0)
			break;
		/* A handler on an alternate stack returns to a lower one; nothing else does. */
		if (n > 0 && !exact && sp <= last_sp)
			break;
		ret[n++] = (struct unwind_frame){ .pc = pc, .exact = exact };
		last_sp = sp;
		in_signal = unw_is_signal_frame(&cursor) > 0;
		if (unw_step(&cursor) <= 0)
			break;
		exact = in_signal;
	}
	return n;
}
