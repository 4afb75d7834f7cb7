/* SPDX-License-Identifier: Apache-2.0 */
/* What a .NET runtime sends: the stream of events and what is counted of them. */
#include "fuzz.h"

#include "dump/dotnet_heap.h"
#include "dump/nettrace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nettrace trace;
	static struct dotnet_heap heap;
	auto_free uint8_t *exact = malloc(size ? size : 1);
	uint64_t objects = 0;
	unsigned n;

	MUST(exact);
	if (size)
		memcpy(exact, data, size);
	dotnet_heap_begin(&heap);
	nettrace_begin(&trace, dotnet_heap_take, &heap);
	for (size_t at = 0, step = 1; at < size; at += step, step = step % 97 + 13)
		if (nettrace_feed(&trace, exact + at, MIN_OF(step, size - at)))
			break;
	n = dotnet_heap_sort(&heap);
	for (unsigned i = 0; i < n; i++) {
		MUST(i == 0 || heap.types[i - 1].bytes >= heap.types[i].bytes);
		MUST(strlen(dotnet_heap_name(&heap, &heap.types[i])) < DOTNET_NAME_MAX);
		objects += heap.types[i].objects;
	}
	MUST(objects + heap.left_out == heap.objects);
	return 0;
}
