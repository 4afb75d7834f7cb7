/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signals. */
#include "fuzz.h"

#include "base/signame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	char name[SIGNAME_TEXT_MAX];
	int sig, again = 0;

	if (signame_parse(text, &sig))
		return 0;
	MUST(sig >= 1 && sig <= 64);
	MUST(signame_parse(signame_print(sig, name), &again) == 0);
	MUST(again == sig);
	return 0;
}
