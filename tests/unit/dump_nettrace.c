/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "dump/corecheck.h"
#include "dump/dotnet_heap.h"
#include "dump/lsb.h"
#include "dump/nettrace.h"
#include "nettrace.h"

static struct nettrace trace;
static struct dotnet_heap heap;
static struct stream s;

static int feed(size_t len, size_t step)
{
	int r = 0;

	dotnet_heap_begin(&heap);
	nettrace_begin(&trace, dotnet_heap_take, &heap);
	for (size_t at = 0; at < len && r == 0; at += step)
		r = nettrace_feed(&trace, s.data + at, MIN_OF(step, len - at));
	return r;
}

static void a_whole_stream_is_told_from_others(void **state)
{
	(void)state;
	put_heap(&s);
	put_number(&s, 1, 1);
	for (size_t step = 1; step < 2 * STREAM_MAX; step *= 5) {
		assert_int_equal(feed(s.len, step), 0);
		assert_true(nettrace_is_complete(&trace));
	}
	for (size_t len = 0; len < s.len; len += 3) {
		assert_int_equal(feed(len, 1000), 0);
		assert_false(nettrace_is_complete(&trace));
	}
	put_number(&s, 0, 1); /* something behind its end */
	assert_false(feed(s.len, 1000) == 0 && nettrace_is_complete(&trace));
}

static void what_is_broken_is_refused(void **state)
{
	struct stream p = { .len = 0 };

	(void)state;
	memset(s.data, 'x', 100);
	s.len = 100;
	assert_int_equal(feed(s.len, 7), -EBADMSG);
	put_head(&s);
	s.data[8] ^= 1;
	assert_int_equal(feed(s.len, 1000), -EBADMSG);
	put_head(&s);
	put_number(&s, 3, 1); /* a tag that there is not */
	assert_int_equal(feed(s.len, 1000), -EBADMSG);
	put_head(&s);
	put(&s, "\5\5\1\4\0\0\0\4\0\0\0\xff\xff\xff\xff", 15);
	assert_int_equal(feed(s.len, 1000), -EBADMSG);
	put_head(&s);
	put_object(&s, "EventBlock");
	put_number(&s, NETTRACE_BLOCK_MAX, 4);
	assert_int_equal(feed(s.len, 1000), -EBADMSG);
	put_head(&s);
	put_block(&s, "EventBlock", 1, &p, 1);
	assert_int_equal(feed(s.len, 1000), 0);
	s.data[s.len - 1] = 5; /* no end of the object */
	assert_int_equal(feed(s.len, 1000), -EBADMSG);
	put_head(&s);
	put_block(&s, "EventBlock", 1, &p, 1);
	s.data[s.len - 2] = 0xff; /* longer than its block */
	assert_int_equal(feed(s.len, 1000), -EBADMSG);
}

static void the_heap_is_counted_by_type(void **state)
{
	(void)state;
	put_heap(&s);
	put_number(&s, 1, 1);
	assert_int_equal(feed(s.len, 17), 0);
	assert_true(heap.is_over);
	assert_int_equal(heap.lost_batches, 0);
	assert_int_equal(heap.objects, 13);
	assert_int_equal(heap.bytes, 1072);
	assert_int_equal(dotnet_heap_sort(&heap), 2);
	assert_string_equal(dotnet_heap_name(&heap, &heap.types[0]), "Planted.Leaky");
	assert_int_equal(heap.types[0].objects, 10);
	assert_int_equal(heap.types[0].bytes, 1000);
	assert_string_equal(dotnet_heap_name(&heap, &heap.types[1]), "Small");
	assert_int_equal(heap.types[1].bytes, 72);
}

static void only_our_collection_ends_it(void **state)
{
	static const struct {
		uint32_t count;
		int32_t depth;
		uint32_t end;
		bool over;
	} cases[] = { { 5, 2, 5, true }, { 5, 2, 6, false }, { 5, 1, 5, false },
		{ 5, 0, 5, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put_head(&s);
		put_runtime(&s);
		put_collection(&s, 1, cases[i].count, cases[i].depth);
		put_collection(&s, 2, cases[i].end, -1);
		assert_int_equal(feed(s.len, 1000), 0);
		if (heap.is_over != cases[i].over)
			fail_msg("case %zu", i);
	}
	/* The same numbers of somebody else mean something else. */
	put_head(&s);
	put_metadata(&s, 1, "Somebody", 1);
	put_metadata(&s, 2, "Somebody", 2);
	put_collection(&s, 1, 5, 2);
	put_collection(&s, 2, 5, -1);
	assert_int_equal(feed(s.len, 1000), 0);
	assert_false(heap.is_over);
}

static void lost_and_too_many_are_told(void **state)
{
	unsigned n;

	(void)state;
	put_head(&s);
	put_runtime(&s);
	put_nodes(&s, 4, 0, 1, 10, 1);
	put_nodes(&s, 4, 4, 1, 10, 1);
	assert_int_equal(feed(s.len, 1000), 0);
	assert_int_equal(heap.lost_batches, 3);
	dotnet_heap_begin(&heap);
	for (uint64_t id = 1; id <= DOTNET_TYPES; id++) {
		uint8_t node[42] = { [4] = 1, [18] = 8 };

		memcpy(node + 26, &id, sizeof(id));
		dotnet_heap_take(&heap, NETTRACE_BULK_NODE, node, sizeof(node));
	}
	assert_int_equal(heap.objects, DOTNET_TYPES);
	assert_true(heap.left_out >= DOTNET_TYPES / 4);
	n = dotnet_heap_sort(&heap);
	assert_int_equal(n + heap.left_out, DOTNET_TYPES);
	assert_string_equal(dotnet_heap_name(&heap, &heap.types[0]), "(no name)");
}

static void numbers_that_are_cut_are_bad(void **state)
{
	static const uint8_t data[] = { 0xff, 0xff, 0x03, 'a', 0, 0x20, 0x21, 0, 0 };
	struct lsb c = lsb_on(data, sizeof(data));
	char text[8];

	(void)state;
	assert_int_equal(lsb_varint(&c), 0xffff);
	lsb_text(&c, text, sizeof(text));
	assert_string_equal(text, "a?");
	assert_false(c.bad);
	assert_int_equal(lsb_u8(&c), 0);
	assert_true(c.bad);
	c = lsb_on(data, 2);
	assert_int_equal(lsb_varint(&c), 0);
	assert_true(c.bad);
	c = lsb_on(data, 3);
	assert_int_equal(lsb_u32(&c), 0);
	assert_true(c.bad);
}

static bool core_is_whole(const uint8_t *data, size_t len, size_t step)
{
	struct corecheck c;

	corecheck_begin(&c);
	for (size_t at = 0; at < len; at += step)
		corecheck_feed(&c, data + at, MIN_OF(step, len - at));
	return corecheck_is_complete(&c);
}

static void a_whole_core_is_told_from_others(void **state)
{
	static union {
		uint8_t data[1000];
		struct {
			Elf64_Ehdr h;
			Elf64_Phdr p[3];
		};
	} core = { .h = { .e_type = ET_CORE,
			   .e_phoff = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 3 },
		.p = { { .p_offset = 300, .p_filesz = 100 }, { .p_offset = 500, .p_filesz = 500 },
			{ .p_offset = 5000, .p_filesz = 0 } } };

	(void)state;
	memcpy(core.h.e_ident, ELFMAG "\2", SELFMAG + 1);
	for (size_t step = 1; step < 2000; step *= 3) {
		assert_true(core_is_whole(core.data, 1000, step));
		assert_false(core_is_whole(core.data, 999, step));
		assert_false(core_is_whole(core.data, 100, step));
		assert_false(core_is_whole(core.data, 0, step));
	}
	core.p[0].p_offset = UINT64_MAX;
	assert_false(core_is_whole(core.data, 1000, 1000));
	core.p[0].p_offset = 0;
	core.h.e_type = ET_EXEC;
	assert_false(core_is_whole(core.data, 1000, 1000));
	core.h.e_type = ET_CORE;
	core.h.e_phnum = 0;
	assert_false(core_is_whole(core.data, 1000, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_stream_is_told_from_others),
		cmocka_unit_test(what_is_broken_is_refused),
		cmocka_unit_test(the_heap_is_counted_by_type),
		cmocka_unit_test(only_our_collection_ends_it),
		cmocka_unit_test(lost_and_too_many_are_told),
		cmocka_unit_test(numbers_that_are_cut_are_bad),
		cmocka_unit_test(a_whole_core_is_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
