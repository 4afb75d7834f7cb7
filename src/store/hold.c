/* SPDX-License-Identifier: Apache-2.0 */
#include "store/hold.h"

#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"

#define ALIGN	  16
#define GIVE_BACK (8u << 20)

struct piece {
	uint64_t offset, len;
};

static size_t aligned(size_t len)
{
	return (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

int hold_take(struct holding *h, size_t bytes)
{
	void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (data == MAP_FAILED)
		return -ENOMEM;
	madvise(data, bytes, MADV_HUGEPAGE);
	memset(data, 0, bytes);
	*h = (struct holding){ .data = data, .size = bytes };
	return 0;
}

void hold_drop(struct holding *h)
{
	if (h->data)
		munmap(h->data, h->size);
	*h = HOLDING_NONE;
}

void *hold_claim(struct holding *h, uint64_t offset, size_t len)
{
	struct piece head = { .offset = offset };

	if (!h->data || h->size - h->used < sizeof(head) ||
		h->size - h->used - sizeof(head) < aligned(len))
		return NULL;
	memcpy(h->data + h->used, &head, sizeof(head));
	return h->data + h->used + sizeof(head);
}

void hold_commit(struct holding *h, size_t len)
{
	uint64_t len64 = len;

	memcpy(h->data + h->used + offsetof(struct piece, len), &len64, sizeof(len64));
	h->used += sizeof(struct piece) + aligned(len);
}

int hold_each(struct holding *h, hold_fn each, void *arg)
{
	size_t at = 0, given = 0;
	int r = 0;

	while (r == 0 && at < h->used) {
		struct piece head;

		memcpy(&head, h->data + at, sizeof(head));
		r = each(arg, head.offset, h->data + at + sizeof(head), (size_t)head.len);
		at += sizeof(head) + aligned((size_t)head.len);
		if (at - given >= 2 * GIVE_BACK) {
			madvise(h->data + given, GIVE_BACK, MADV_DONTNEED);
			given += GIVE_BACK;
		}
	}
	hold_drop(h);
	return r;
}
