/* SPDX-License-Identifier: Apache-2.0 */
/* A line on the control socket. */
#include "fuzz.h"

#include <errno.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wire_command command = WIRE_COMMANDS, again;
	auto_free char *line = malloc(size + !size);
	char text[WIRE_REQUEST_MAX], reply[WIRE_REPLY_MAX];
	struct buf b = BUF_ON(text), said = BUF_ON(reply);
	int r;

	MUST(line);
	memcpy(line, data, size);
	r = wire_parse_request(line, size, &command);
	MUST(r == 0 || r == -EBADMSG || r == -ENOENT);
	if (r == 0) {
		MUST(command < WIRE_COMMANDS);
		buf_reset(&b);
		wire_print_request(command, &b);
		MUST(!wire_parse_request(text, b.len - 1, &again) && again == command);
	}
	/* What is quoted back is one line. */
	auto_free char *quoted = fuzz_text(data, size);

	buf_reset(&said);
	wire_print_reply(false, quoted, NULL, &said);
	if (!said.truncated)
		MUST(strchr(reply, '\n') == reply + said.len - 1);
	return 0;
}
