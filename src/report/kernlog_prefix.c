/* SPDX-License-Identifier: Apache-2.0 */
#include "report/kernlog_line.h"

#include <ctype.h>
#include <string.h>

void kernlog_read_host(const char *text, char *ret_host, size_t size)
{
	const char *end = strstr(text, " kernel: "), *start;

	*ret_host = '\0';
	if (!end || end == text)
		return;
	for (start = end; start > text && !isspace((unsigned char)start[-1]);)
		start--;
	if ((size_t)(end - start) >= size)
		return;
	memcpy(ret_host, start, (size_t)(end - start));
	ret_host[end - start] = '\0';
}

bool kernlog_is_quoted(const char *line)
{
	const char *end = strstr(line, "illed process "), *name, *pid;

	for (const char *at = strstr(line, "]: "); at && at < end; at = strstr(at + 1, "]: ")) {
		for (pid = at; pid > line && isdigit((unsigned char)pid[-1]);)
			pid--;
		if (pid == at || pid == line || pid[-1] != '[')
			continue;
		name = pid - 1;
		if (name > line && isalnum((unsigned char)name[-1]) &&
			(name - line < 6 || strncmp(name - 6, "kernel", 6) != 0))
			return true;
	}
	return false;
}
