/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/maps. The names in it are the application's to choose. */
#include "fuzz.h"

#include "dump/modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct modules modules;
	char name[20];

	if (modules_parse(fuzz_text(data, size), &modules) == 0) {
		for (unsigned i = 0; i < modules.n; i++) {
			const struct module_map *map = &modules.maps[i];

			MUST(map->start < map->end);
			MUST(modules_find(&modules, map->start) == map);
			MUST(modules_find(&modules, map->end - 1) == map);
			modules_print_name(map, name, sizeof(name));
			MUST(memchr(name, '\0', sizeof(name)));
		}
	}
	modules_free(&modules);
	return 0;
}
