/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For targets of libFuzzer. Each reads what comes from outside exactly as the program does, and
 * stops at what must not be: what a parser accepted has to survive its own printing.
 */
#ifndef OOMGUARD_TESTS_FUZZ_FUZZ_H
#define OOMGUARD_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #what);         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* NUL-terminated, and not a byte longer, so that the sanitizer sees a read behind the end. */
static inline char *fuzz_text(const void *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* A file with that content; owned. */
static inline int fuzz_file(const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	MUST(fd >= 0);
	MUST(!size || write(fd, data, size) == (ssize_t)size);
	return fd;
}

/* How such a file is opened by its name. */
struct fuzz_path {
	char s[32];
};

static inline struct fuzz_path fuzz_path(int fd)
{
	struct fuzz_path path;

	snprintf(path.s, sizeof(path.s), "/proc/self/fd/%d", fd);
	return path;
}

/* Cuts the text at the first line that is `mark`; what follows it, or "". */
static inline char *fuzz_second(char *text, const char *mark)
{
	char *at = strstr(text, mark);

	if (!at)
		return text + strlen(text);
	*at = '\0';
	return at + strlen(mark);
}

#endif
