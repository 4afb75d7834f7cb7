/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a section .eh_frame. */
#include "fuzz.h"

#include "dump/ehframe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free uint8_t *exact = malloc(size ? size : 1);
	struct ehframe frame = { 0 };

	MUST(exact);
	if (size)
		memcpy(exact, data, size);
	if (ehframe_parse(exact, size, 0x400000, &frame))
		return 0;
	MUST(frame.n * 8 <= size);
	for (size_t i = 0; i < frame.n; i++) {
		MUST(i == 0 || frame.entries[i - 1].start <= frame.entries[i].start);
		MUST(frame.entries[i].fde >= 0 && (size_t)frame.entries[i].fde < size);
	}
	free(frame.entries);
	return 0;
}
