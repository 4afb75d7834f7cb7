/* SPDX-License-Identifier: Apache-2.0 */
/* An executable file: names of functions, and the index over .eh_frame. */
#include "fuzz.h"

#include "dump/ehframe.h"
#include "dump/modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct module_map map = {
		.start = 0x400000, .end = 0x410000, .offset = 0, .executable = true, .path = "/app"
	};
	struct module_symbol wants[] = { { .address = 0x400180 }, { .address = 0x400188 },
		{ .address = 0x40018c }, { .address = 0x40ffff } };
	auto_close int fd = fuzz_file(data, size);
	struct ehframe frame = { 0 };

	modules_resolve_elf(fd, &map, wants, ARRAY_LEN(wants));
	for (size_t i = 0; i < ARRAY_LEN(wants); i++) {
		MUST(memchr(wants[i].name, '\0', sizeof(wants[i].name)));
		MUST(!wants[i].start || wants[i].name[0]);
		MUST(wants[i].start <= wants[i].address);
	}
	if (ehframe_read(fd, &map, &frame) == 0)
		free(frame.entries);
	return 0;
}
