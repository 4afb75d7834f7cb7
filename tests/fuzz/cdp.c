/* SPDX-License-Identifier: Apache-2.0 */
/* An inspector's frames: the first byte says in pieces of what size they come. The same as words of
 * a command line, as a list of targets, and as a table of lines of Python. */
#include "fuzz.h"

#include "dump/inspector.h"
#include "dump/pystack.h"

#define MAX 2000

static int take(void *arg, const void *data, size_t len)
{
	uint64_t *sum = arg;

	for (size_t i = 0; i < len; i++)
		*sum = *sum * 31 + ((const uint8_t *)data)[i];
	return 0;
}

static int feed(const uint8_t *data, size_t size, size_t step, struct cdp *c, uint64_t *sum)
{
	int r = 0;

	*sum = 0;
	cdp_begin(c, take, sum, MAX, 1);
	for (size_t at = 0; at < size && r == 0; at += step) {
		size_t len = MIN_OF(step, size - at);
		auto_free char *piece = fuzz_text(data + at, len);

		r = cdp_feed(c, piece, len);
	}
	MUST(r || c->bytes <= MAX);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cdp whole, pieces;
	auto_free char *text = fuzz_text(data, size);
	char path[INSPECTOR_PATH_MAX];
	uint64_t a, b;

	if (size) {
		int r = feed(data + 1, size - 1, size, &whole, &a);

		/* However it is cut, it means the same. */
		MUST(feed(data + 1, size - 1, data[0] % 16 + 1, &pieces, &b) == r);
		MUST(whole.replied == pieces.replied && a == b);
		pystack_line(8 + data[0] % 6, data + 1, size - 1, 1, data[size - 1] * 4);
	}
	MUST(inspector_parse_port(text, size) < 65536);
	if (inspector_parse_list(text, path) == 0)
		MUST(path[0] == '/' && strlen(path) < sizeof(path));
	return 0;
}
