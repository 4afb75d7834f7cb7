/* SPDX-License-Identifier: Apache-2.0 */
/* Environment variables and -s: a line "NAME=VALUE" is a variable, "-s SECTION.KEY=VALUE" a set. */
#include "fuzz.h"

#include "conf/conf.h"

#define LINES_MAX 64

static void warn(const char *message)
{
	MUST(message[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	char *variables[LINES_MAX + 1] = { NULL }, *saved = NULL;
	const char *sets[LINES_MAX] = { NULL };
	struct conf_input input = { .environ = variables, .sets = sets, .warn = warn };
	char error[CONF_ERROR_MAX] = "";
	static struct conf conf;
	unsigned n = 0;

	/* Nothing from /etc of the machine that runs this. */
	input.file = "/dev/null";
	for (char *line = strtok_r(text, "\n", &saved); line && n < LINES_MAX;
		line = strtok_r(NULL, "\n", &saved)) {
		if (!strncmp(line, "-s ", 3) && input.n_sets < LINES_MAX)
			sets[input.n_sets++] = line + 3;
		else
			variables[n++] = line;
	}
	if (conf_load(&input, &conf, error) < 0)
		MUST(error[0] && memchr(error, '\0', sizeof(error)));
	return 0;
}
