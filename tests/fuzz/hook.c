/* SPDX-License-Identifier: Apache-2.0 */
/* What a hook answers: the first byte says in pieces of what size it comes. */
#include "fuzz.h"

#include "dump/hook.h"
#include "dump/jsoncheck.h"

#define MAX 2000

struct taken {
	struct jsoncheck check;
	uint64_t bytes;
};

static int take(void *arg, const void *data, size_t len)
{
	struct taken *taken = arg;

	taken->bytes += len;
	MUST(taken->bytes <= MAX);
	jsoncheck_feed(&taken->check, data, len);
	return 0;
}

static int feed(const uint8_t *data, size_t size, size_t step, struct hook_reply *reply,
	struct taken *taken)
{
	int r = 0;

	taken->bytes = 0;
	jsoncheck_begin(&taken->check);
	hook_reply_begin(reply, take, taken, MAX);
	for (size_t at = 0; at < size && r == 0; at += step) {
		size_t len = MIN_OF(step, size - at);
		auto_free char *piece = fuzz_text(data + at, len);

		r = hook_reply_feed(reply, piece, len);
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	struct hook_reply whole, pieces;
	struct taken a, b;
	uint64_t value;
	const char *found;

	if (size) {
		int r = feed(data + 1, size - 1, size, &whole, &a);

		/* However it is cut, it means the same. */
		MUST(feed(data + 1, size - 1, data[0] % 16 + 1, &pieces, &b) == r);
		MUST(whole.state == pieces.state && a.bytes == b.bytes);
		MUST(jsoncheck_is_complete(&a.check) == jsoncheck_is_complete(&b.check));
		MUST(memchr(whole.line, '\0', sizeof(whole.line)));
	}
	hook_find_number(text, "used_heap_size", &value);
	found = hook_find_variable(text, size, HOOK_DIR_VARIABLE);
	MUST(!found || (found > text && found <= text + size));
	return 0;
}
