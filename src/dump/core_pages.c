/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/core_pages.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define BIT_PRESENT (UINT64_C(1) << 63)
#define BIT_SWAPPED (UINT64_C(1) << 62)
#define BIT_FILE    (UINT64_C(1) << 61) /* of a file, or shared memory */

/* The headers of older systems do not have it: struct pm_scan_arg of Linux 6.7. */
#define SCAN_FILE    (UINT64_C(1) << 2)
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_SWAPPED (UINT64_C(1) << 4)
#define SCAN_ZERO    (UINT64_C(1) << 5) /* the page of zeroes that all share: read, never written */

struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGES_SCAN _IOWR('f', 16, struct scan_arg)

int core_pages_open(pid_t pid, struct core_pages *ret)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	ret->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ret->fd < 0 && errno == ENOENT && kill(pid, 0) < 0 && errno == ESRCH)
		return -ESRCH;
	if (ret->fd < 0)
		return -errno;
	ret->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	ret->no_scan = false;
	core_pages_start(ret, 0);
	return 0;
}

void core_pages_close(struct core_pages *p)
{
	cleanup_close(&p->fd);
	p->fd = -1;
}

void core_pages_start(struct core_pages *p, uint64_t address)
{
	p->n = p->next = 0;
	p->known_to = address;
}

/* 0, or -errno: -ENOTTY before 6.7. */
static int ask_scan(struct core_pages *p, enum core_class class, uint64_t from, uint64_t end)
{
	bool private_file = class == CORE_MODIFIED;
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = from,
		.end = end,
		.vec = (uintptr_t)p->regions,
		.vec_len = CORE_PAGES_REGIONS,
		.category_inverted = SCAN_ZERO | (private_file ? SCAN_FILE : 0),
		.category_mask = SCAN_ZERO | (private_file ? SCAN_FILE : 0),
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
		.return_mask = SCAN_PRESENT,
	};
	int n = ioctl(p->fd, PAGES_SCAN, &arg);

	if (n < 0)
		return errno == EINVAL ? -ENOTTY : -errno;
	if (n > CORE_PAGES_REGIONS || arg.walk_end <= from)
		return -ENOTTY;
	p->n = (size_t)n;
	p->next = 0;
	p->known_to = arg.walk_end;
	return 0;
}

static bool holds(uint64_t bits, enum core_class class)
{
	if (class == CORE_MODIFIED && (bits & BIT_FILE))
		return false;
	return bits & (BIT_PRESENT | BIT_SWAPPED);
}

static int ask_bits(struct core_pages *p, enum core_class class, uint64_t from, uint64_t end)
{
	uint64_t first = from / p->page_size, want = (end - from) / p->page_size;
	ssize_t n;

	want = MIN_OF(want, (uint64_t)CORE_PAGES_ENTRIES);
	n = pread(p->fd, p->bits, want * sizeof(*p->bits), (off_t)(first * sizeof(*p->bits)));
	if (n < 0)
		return -errno;
	want = (uint64_t)n / sizeof(*p->bits);
	if (want == 0)
		return -ENODATA;
	p->n = p->next = 0;
	p->known_to = from + want * p->page_size;
	for (uint64_t i = 0; i < want; i++) {
		uint64_t at = from + i * p->page_size;

		if (!holds(p->bits[i], class))
			continue;
		if (p->n && p->regions[p->n - 1].end == at) {
			p->regions[p->n - 1].end += p->page_size;
			continue;
		}
		if (p->n == CORE_PAGES_REGIONS) {
			p->known_to = at;
			break;
		}
		p->regions[p->n].start = at;
		p->regions[p->n++].end = at + p->page_size;
	}
	return 0;
}

static int ask(struct core_pages *p, enum core_class class, uint64_t from, uint64_t end)
{
	int r = p->no_scan ? -ENOTTY : ask_scan(p, class, from, end);

	if (r != -ENOTTY)
		return r;
	p->no_scan = true;
	return ask_bits(p, class, from, end);
}

int core_pages_next(struct core_pages *p, enum core_class class, uint64_t from, uint64_t end,
	uint64_t *ret_start, uint64_t *ret_end)
{
	if (class == CORE_WHOLE) {
		*ret_start = from;
		*ret_end = end;
		return from < end;
	}
	for (;;) {
		while (p->next < p->n && p->regions[p->next].end <= from)
			p->next++;
		if (p->next < p->n && p->regions[p->next].start < end) {
			*ret_start = MAX_OF(p->regions[p->next].start, from);
			*ret_end = MIN_OF(p->regions[p->next].end, end);
			return 1;
		}
		if (MAX_OF(p->known_to, from) >= end)
			return 0;
		int r = ask(p, class, MAX_OF(p->known_to, from), end);

		if (r < 0)
			return r;
	}
}
