/* SPDX-License-Identifier: Apache-2.0 */
/* The file that a life before left: as it is, and with a checksum that is right. */
#include "fuzz.h"

#include "child/budget.h"

/* FNV-1a, as the file has it: without it nearly every input would be refused at the door. */
static char *add_checksum(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	uint32_t sum = 2166136261u;
	char *whole = NULL;

	for (const char *c = text; *c; c++)
		sum = (sum ^ (unsigned char)*c) * 16777619u;
	MUST(asprintf(&whole, "%schecksum=%08x\n", text, sum) >= 0);
	return whole;
}

static void check(const char *text)
{
	struct budget b, again;
	char printed[BUDGET_TEXT_MAX];

	if (budget_parse(text, &b))
		return;
	MUST(b.n_times <= BUDGET_TIMES_MAX && b.remembers);
	MUST(budget_print(&b, printed, sizeof(printed)) > 0);
	MUST(budget_parse(printed, &again) == 0);
	MUST(again.n_times == b.n_times && again.last_end == b.last_end);
	MUST(again.safe_bytes == b.safe_bytes && again.in_life == b.in_life);
	MUST(!memcmp(again.times_wall_usec, b.times_wall_usec,
		b.n_times * sizeof(b.times_wall_usec[0])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	auto_free char *whole = add_checksum(data, size);

	check(text);
	check(whole);
	return 0;
}
