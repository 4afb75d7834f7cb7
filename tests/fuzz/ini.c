/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file. What was accepted is printed and read again: the same settings. */
#include "fuzz.h"

#include "conf/conf.h"

static int load(int fd, struct conf *ret)
{
	struct fuzz_path path = fuzz_path(fd);
	struct conf_input input = { .file = path.s };
	char error[CONF_ERROR_MAX] = "";
	int r = conf_load(&input, ret, error);

	MUST(r == 0 || (error[0] && memchr(error, '\0', sizeof(error))));
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_close int fd = fuzz_file(data, size), printed = -1;
	static struct conf conf, again;

	if (load(fd, &conf) < 0)
		return 0;
	printed = fuzz_file("", 0);
	MUST(conf_print(&conf, printed) == 0);
	MUST(load(printed, &again) == 0);
	MUST(!memcmp(&conf, &again, sizeof(conf)));
	return 0;
}
