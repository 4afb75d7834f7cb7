/* SPDX-License-Identifier: Apache-2.0 */
/* What php-fpm answers. */
#include "fuzz.h"

#include "dump/fcgi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free uint8_t *exact = malloc(size ? size : 1);
	struct fcgi_reply reply;
	char text[512];
	const char *body;

	MUST(exact);
	if (size)
		memcpy(exact, data, size);
	fcgi_reply_begin(&reply, text, sizeof(text));
	for (size_t at = 0, step = 1; at < size; at += step, step = step % 31 + 3)
		if (fcgi_reply_feed(&reply, exact + at, MIN_OF(step, size - at)))
			break;
	MUST(reply.len < sizeof(text) && text[reply.len] == '\0');
	body = fcgi_find_body(text);
	MUST(!body || (body > text && body <= text + reply.len));
	return 0;
}
