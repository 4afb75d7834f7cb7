/* SPDX-License-Identifier: Apache-2.0 */
/* The counters that a life before left. */
#include "fuzz.h"

#include "tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	struct tally t = { .dump_usec = 0 }, again = { .dump_usec = 0 };
	char printed[TALLY_TEXT_MAX];

	tally_parse(text, &t);
	MUST(tally_print(&t, printed, sizeof(printed)) > 0);
	tally_parse(printed, &again);
	MUST(!memcmp(&t, &again, sizeof(t)));
	return 0;
}
