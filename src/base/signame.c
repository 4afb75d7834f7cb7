/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signame.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define SIGNAL_LAST 64

struct signal_name {
	int sig;
	const char *name;
};

/* The first name of a number is the one that is printed. */
static const struct signal_name names[] = {
	{ .sig = SIGHUP, .name = "HUP" },
	{ .sig = SIGINT, .name = "INT" },
	{ .sig = SIGQUIT, .name = "QUIT" },
	{ .sig = SIGILL, .name = "ILL" },
	{ .sig = SIGTRAP, .name = "TRAP" },
	{ .sig = SIGABRT, .name = "ABRT" },
	{ .sig = SIGIOT, .name = "IOT" },
	{ .sig = SIGBUS, .name = "BUS" },
	{ .sig = SIGFPE, .name = "FPE" },
	{ .sig = SIGKILL, .name = "KILL" },
	{ .sig = SIGUSR1, .name = "USR1" },
	{ .sig = SIGSEGV, .name = "SEGV" },
	{ .sig = SIGUSR2, .name = "USR2" },
	{ .sig = SIGPIPE, .name = "PIPE" },
	{ .sig = SIGALRM, .name = "ALRM" },
	{ .sig = SIGTERM, .name = "TERM" },
	{ .sig = SIGSTKFLT, .name = "STKFLT" },
	{ .sig = SIGCHLD, .name = "CHLD" },
	{ .sig = SIGCHLD, .name = "CLD" },
	{ .sig = SIGCONT, .name = "CONT" },
	{ .sig = SIGSTOP, .name = "STOP" },
	{ .sig = SIGTSTP, .name = "TSTP" },
	{ .sig = SIGTTIN, .name = "TTIN" },
	{ .sig = SIGTTOU, .name = "TTOU" },
	{ .sig = SIGURG, .name = "URG" },
	{ .sig = SIGXCPU, .name = "XCPU" },
	{ .sig = SIGXFSZ, .name = "XFSZ" },
	{ .sig = SIGVTALRM, .name = "VTALRM" },
	{ .sig = SIGPROF, .name = "PROF" },
	{ .sig = SIGWINCH, .name = "WINCH" },
	{ .sig = SIGIO, .name = "IO" },
	{ .sig = SIGIO, .name = "POLL" },
	{ .sig = SIGPWR, .name = "PWR" },
	{ .sig = SIGSYS, .name = "SYS" },
};

/* One to three digits and nothing else. */
static int number_parse(const char *text, int *ret_number)
{
	int number = 0;
	size_t len = strlen(text);

	if (len == 0 || strspn(text, "0123456789") != len)
		return -EINVAL;
	if (len > 3)
		return -ERANGE;
	for (; *text; text++)
		number = number * 10 + (*text - '0');
	*ret_number = number;
	return 0;
}

/* RTMIN, RTMIN+n, RTMAX, RTMAX-n. */
static int realtime_parse(const char *text, int *ret_sig)
{
	bool from_min = !strncasecmp(text, "RTMIN", 5);
	int offset = 0;
	int r;

	if (!from_min && strncasecmp(text, "RTMAX", 5))
		return -EINVAL;
	text += 5;
	if (*text) {
		if (*text != (from_min ? '+' : '-'))
			return -EINVAL;
		r = number_parse(text + 1, &offset);
		if (r < 0)
			return r;
	}
	if (offset > SIGRTMAX - SIGRTMIN)
		return -ERANGE;
	*ret_sig = from_min ? SIGRTMIN + offset : SIGRTMAX - offset;
	return 0;
}

int signame_parse(const char *text, int *ret_sig)
{
	int number;
	int r = number_parse(text, &number);

	if (r == -ERANGE || (!r && (number < 1 || number > SIGNAL_LAST)))
		return -ERANGE;
	if (!r) {
		*ret_sig = number;
		return 0;
	}
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!strcasecmp(text, names[i].name)) {
			*ret_sig = names[i].sig;
			return 0;
		}
	}
	return realtime_parse(text, ret_sig);
}

const char *signame_print(int sig, char out[SIGNAME_TEXT_MAX])
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].sig == sig) {
			snprintf(out, SIGNAME_TEXT_MAX, "%s", names[i].name);
			return out;
		}
	}
	if (sig == SIGRTMIN)
		snprintf(out, SIGNAME_TEXT_MAX, "RTMIN");
	else if (sig > SIGRTMIN && sig <= SIGRTMAX)
		snprintf(out, SIGNAME_TEXT_MAX, "RTMIN+%d", sig - SIGRTMIN);
	else
		snprintf(out, SIGNAME_TEXT_MAX, "%d", sig);
	return out;
}
