/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded curve: what comes out of it has to be in order. */
#include "fuzz.h"

#include "report/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct csv c;
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct csv_row row;
	uint64_t last = 0;
	int r = 0;

	if (!file)
		return 0;
	if (csv_open(&c, file, "curve.csv") == 0) {
		while ((r = csv_next(&c, &row)) == 1) {
			MUST(row.time_usec >= last);
			MUST(row.has[CSV_NONRECLAIMABLE]);
			last = row.time_usec;
		}
		MUST(r <= 0);
	} else {
		r = -1;
	}
	MUST(r == 0 || c.error[0]);
	fclose(file);
	return 0;
}
