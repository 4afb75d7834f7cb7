/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an HTTP request: it may come byte by byte, and the answer must not depend on it. */
#include "fuzz.h"

#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request whole, part;
	auto_free char *text = malloc(size + !size);
	int r, early = 0;

	MUST(text);
	memcpy(text, data, size);
	r = request_parse(text, size, &whole);
	MUST(r == 0 || r == 200 || r == 400 || r == 405 || r == 505);
	if (r)
		MUST(request_status_text(r)[0]);
	if (r == 200) {
		MUST(memchr(whole.path, '\0', sizeof(whole.path)));
		MUST(memchr(whole.accept, '\0', sizeof(whole.accept)));
		MUST(!whole.path[0] || whole.path[0] == '/');
	}
	for (size_t len = 0; len < size && len < 256 && !early; len++)
		early = request_parse(text, len, &part);
	/* Once whole it stays whole; what was accepted early is accepted with more behind it. */
	if (early == 200 && r == 200)
		MUST(!strcmp(part.path, whole.path));
	return 0;
}
