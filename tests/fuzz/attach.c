/* SPDX-License-Identifier: Apache-2.0 */
/* What a Java VM answers over its attach socket, and what comes out of it: a heap dump, gzip. */
#include "fuzz.h"

#include "base/clock.h"
#include "dump/attach.h"
#include "dump/gzcheck.h"
#include "dump/hprof.h"
#include "dump/wire.h"

static void as_reply(const uint8_t *data, size_t size)
{
	struct attach a = { .pidfd = -1, .tmpfd = -1, .until_usec = clock_now_usec() + 5000000 };
	auto_close int fd = fuzz_file(data, size);
	char text[ATTACH_TEXT_MAX], line[80];
	int rc = 0;

	lseek(fd, 0, SEEK_SET);
	if (attach_read_reply(&a, fd, NULL, &rc, text) == 0) {
		MUST(memchr(text, '\0', sizeof(text)));
		wire_first_line(text, line, sizeof(line));
		for (const char *c = line; *c; c++)
			MUST((unsigned char)*c >= ' ');
	} else {
		MUST(a.why[0] && memchr(a.why, '\0', sizeof(a.why)));
	}
}

/* In one piece or in two: the same verdict. */
static void as_dump(const uint8_t *data, size_t size)
{
	struct hprof whole = { .have = 0 }, parts = { .have = 0 };
	struct gzcheck one, two;
	size_t cut = size / 2;

	hprof_feed(&whole, data, size);
	hprof_feed(&parts, data, cut);
	hprof_feed(&parts, data + cut, size - cut);
	MUST(hprof_is_complete(&whole) == hprof_is_complete(&parts));
	MUST(gzcheck_begin(&one) == 0 && gzcheck_begin(&two) == 0);
	gzcheck_feed(&one, data, size);
	gzcheck_feed(&two, data, cut);
	gzcheck_feed(&two, data + cut, size - cut);
	MUST(gzcheck_is_complete(&one) == gzcheck_is_complete(&two));
	gzcheck_end(&one);
	gzcheck_end(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_reply(data, size);
	as_dump(data, size);
	return 0;
}
