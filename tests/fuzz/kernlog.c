/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel logs of any origin, and whatever else `explain` is given: in one piece, and cut in two. */
#include "fuzz.h"

#include "report/explain.h"

static void feed(const uint8_t *data, size_t size, size_t cut, bool json)
{
	auto_free char *out = NULL, *err = NULL;
	size_t out_len = 0, err_len = 0;
	FILE *to = open_memstream(&out, &out_len), *errors = open_memstream(&err, &err_len);
	struct explain *x = explain_new(json, to, errors);
	int r;

	MUST(to && errors && x);
	explain_begin(x, "input");
	explain_feed(x, (const char *)data, cut);
	explain_feed(x, (const char *)data + cut, size - cut);
	explain_end(x);
	r = explain_finish(x);
	MUST(r == EXPLAIN_FOUND || r == EXPLAIN_NONE || r == EXPLAIN_UNREADABLE);
	explain_free(x);
	fclose(to);
	fclose(errors);
	MUST(!json || (out_len && out[0] == '{'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed(data, size, size / 3, true);
	feed(data, size, size, false);
	return 0;
}
