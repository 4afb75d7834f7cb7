/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of the diagnostics port: its head, then what it says of an error. */
#include "fuzz.h"

#include "dump/dotnet_ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free uint8_t *exact = malloc(size ? size : 1);
	char words[40];
	size_t len;
	bool ok;

	MUST(exact);
	if (size)
		memcpy(exact, data, size);
	dotnet_ipc_parse_error(exact, size, words, sizeof(words));
	MUST(strlen(words) < sizeof(words));
	for (const char *c = words; *c; c++)
		MUST(*c >= ' ' && *c < 127);
	if (size < DOTNET_IPC_HEAD || dotnet_ipc_parse_head(exact, &len, &ok))
		return 0;
	MUST(len + DOTNET_IPC_HEAD <= UINT16_MAX);
	return 0;
}
