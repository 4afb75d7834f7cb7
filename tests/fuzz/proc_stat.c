/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/stat. The name in it is the application's to choose. */
#include "fuzz.h"

#include "proc/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	struct proc_stat st;

	if (proc_parse_stat(text, &st))
		return 0;
	MUST(st.pid > 0);
	MUST(memchr(st.comm, '\0', sizeof(st.comm)));
	return 0;
}
