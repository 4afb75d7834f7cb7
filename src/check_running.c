/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "kubectl exec POD -- /oomguard check": the guard that is asked about is PID 1, and what it was
 * started with is what counts.
 */
#include <getopt.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "check.h"

#define CMDLINE_MAX (64u << 10)
#define ARGS_MAX    1024

static bool is_our_program(const char *exe)
{
	struct stat own, other;

	return stat("/proc/self/exe", &own) == 0 && stat(exe, &other) == 0 &&
	       own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

bool check_borrow(const struct cli *cli, struct cli *ret_cli)
{
	static char text[CMDLINE_MAX];
	static char *argv[ARGS_MAX + 1];
	struct cli theirs;
	ssize_t len;
	int argc = 0;

	if (cli->argv || cli->file || cli->n_sets || getpid() == 1 ||
		!is_our_program("/proc/1/exe"))
		return false;
	len = file_read_text(AT_FDCWD, "/proc/1/cmdline", text, sizeof(text));
	for (char *at = text; len > 0 && at < text + len && argc < ARGS_MAX; argc++) {
		argv[argc] = at;
		at += strlen(at) + 1;
	}
	argv[argc] = NULL;
	optind = 0; /* getopt_long(3): to scan another vector */
	if (argc < 2 || cli_parse(argc, argv, &theirs) >= 0 || theirs.command)
		return false;
	theirs.command = cli->command;
	theirs.json = cli->json;
	*ret_cli = theirs;
	return true;
}
