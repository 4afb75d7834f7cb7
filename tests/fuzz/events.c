/* SPDX-License-Identifier: Apache-2.0 */
/* memory.events, memory.oom_control, memory.pressure, /proc/meminfo: lines of keys and numbers. */
#include "fuzz.h"

#include "cgroup/node.h"
#include "cgroup/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	struct cgroup_pressure pressure;
	struct cgroup_events events;
	struct node node = { 0 };

	cgroup_parse_events(text, &events);
	cgroup_parse_pressure(text, &pressure);
	MUST(pressure.known || (!pressure.some_total_usec && !pressure.full_avg10_bp));
	node_parse_meminfo(text, &node);
	return 0;
}
