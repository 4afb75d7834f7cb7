/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes, shares and durations. */
#include "fuzz.h"

#include "base/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	char printed[UNITS_TEXT_MAX];
	uint64_t value, again;
	uint32_t share, share_again;

	if (!units_parse_bytes(text, &value)) {
		units_print_bytes(printed, sizeof(printed), value);
		MUST(!units_parse_bytes(printed, &again) && again == value);
		MUST(units_human_bytes(value).s[0]);
	}
	if (!units_parse_duration(text, &value)) {
		units_print_duration(printed, sizeof(printed), value);
		MUST(!units_parse_duration(printed, &again) && again == value);
		MUST(units_human_duration(value).s[0]);
	}
	if (!units_parse_share(text, &share)) {
		MUST(share <= BP_WHOLE);
		units_print_share(printed, sizeof(printed), share);
		MUST(!units_parse_share(printed, &share_again) && share_again == share);
	}
	return 0;
}
