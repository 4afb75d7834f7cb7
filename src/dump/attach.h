/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attach protocol of HotSpot, spoken from outside (attachListener_posix.cpp): a unix socket
 * /tmp/.java_pid<pid> in the target's own root, which the VM makes when it gets SIGQUIT and finds a
 * file .attach_pid<pid> of its own user.
 */
#ifndef OOMGUARD_DUMP_ATTACH_H
#define OOMGUARD_DUMP_ATTACH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/outfile.h"

#define ATTACH_WHY_MAX 160

struct attach {
	pid_t pid, nspid;
	uid_t uid;
	gid_t gid;
	int pidfd, tmpfd; /* owned; tmpfd: /tmp of the target */
	uint64_t until_usec;
	char why[ATTACH_WHY_MAX]; /* of the last failure */
};

/*
 * Finds the process; the caller is sure that it is HotSpot (recognise_runtime). 0 or -errno with
 * `why`; attach_close in both cases.
 */
int attach_open(pid_t pid, uint64_t until_usec, struct attach *ret);
void attach_close(struct attach *a);

/*
 * Sends one command; NULL arguments are empty. Wakes up the VM's listener where it does not run:
 * only when SIGQUIT is handled and nothing forbids attaching, because SIGQUIT kills otherwise.
 * Owned fd to read the reply from, or -errno with `why`.
 */
int attach_send(struct attach *a, const char *command, const char *arg1, const char *arg2);

#define ATTACH_TEXT_MAX 2048

/*
 * Reads the reply to its end: *ret_rc is the VM's own verdict (0: accepted, which is not yet done),
 * `text` the beginning of what it says. With `out` all of what it says goes there. 0 or -errno
 * (-EBADMSG: no such reply, -EMSGSIZE: endless) with `why`.
 */
int attach_read_reply(
	struct attach *a, int fd, struct outfile *out, int *ret_rc, char text[ATTACH_TEXT_MAX]);

/* Both in one. */
int attach_ask(struct attach *a, const char *command, const char *arg1, struct outfile *out,
	char text[ATTACH_TEXT_MAX]);

#endif
