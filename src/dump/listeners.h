/* SPDX-License-Identifier: Apache-2.0 */
/* Which TCP ports does a process listen on? Its own sockets, matched to the rows of /proc/PID/net.
 */
#ifndef OOMGUARD_DUMP_LISTENERS_H
#define OOMGUARD_DUMP_LISTENERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LISTENERS_MAX 16

struct listener {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address; /* where to connect to: loopback where it listens on all */
	socklen_t len;
	uint64_t inode;
};

/* Lowest ports first. How many, or -errno. */
int listeners_find(pid_t pid, struct listener ret[LISTENERS_MAX]);

#define LISTENERS_PATH_MAX 108
/* The unix socket that it listens on, by its path as it was bound (the first one of them, absolute
 * ones only). 0 or -errno (-ENOENT). */
int listeners_find_unix(pid_t pid, char ret_path[LISTENERS_PATH_MAX]);

/* Pure: one row of /proc/net/unix; false for those that do not listen or have no absolute path. */
bool listeners_parse_unix(const char *row, uint64_t *ret_inode, char ret_path[LISTENERS_PATH_MAX]);

/* Pure: one row of /proc/net/tcp or tcp6; false for rows of sockets that do not listen. */
bool listeners_parse_row(const char *row, struct listener *ret);

/*
 * The calling process enters the network namespace of another one, where that is not its own. For a
 * helper that is about to end. 0 or -errno (needs CAP_SYS_ADMIN).
 */
int listeners_enter_network(pid_t pid);

#endif
