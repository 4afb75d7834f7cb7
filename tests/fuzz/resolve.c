/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cgroup, a line "--", /proc/PID/mountinfo. */
#include "fuzz.h"

#include "cgroup/resolve.h"

static unsigned count_slashes(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '/';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	auto_free char *mountinfo = NULL;
	struct cgroup_membership membership;
	struct cgroup_place place;
	char *second = fuzz_second(text, "--\n");

	mountinfo = fuzz_text(second, strlen(second));
	resolve_membership(text, &membership);
	MUST(!membership.v1_path[0] || membership.v1_path[0] == '/');
	MUST(!membership.v2_path[0] || membership.v2_path[0] == '/');
	if (resolve_place(&membership, mountinfo, NULL, &place))
		return 0;
	MUST(place.version == CGROUP_V1 || place.version == CGROUP_V2);
	MUST(!strncmp(place.dir, place.mount, strlen(place.mount)));
	MUST(place.depth == 1 + count_slashes(place.dir + strlen(place.mount)));
	MUST(!strstr(place.dir + strlen(place.mount), "/../"));
	MUST(!resolve_place(&membership, mountinfo, place.mount, &place));
	return 0;
}
