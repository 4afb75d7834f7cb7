/* SPDX-License-Identifier: Apache-2.0 */
/* How long does what is written in a directory live, and who pays for it? */
#ifndef OOMGUARD_STORE_LIFETIME_H
#define OOMGUARD_STORE_LIFETIME_H

#include <stdbool.h>

/* tmpfs or ramfs: its pages are charged to the container. */
bool lifetime_is_memory(int dirfd);

/* On the same mount as a "/" that is a container's (see below). */
bool lifetime_is_container_layer(int dirfd);

/*
 * Pure: is the "/" of this text of /proc/self/mountinfo a container's layer? overlay always; other
 * file systems when "/" is a directory inside them (vfs and runc bundles), on btrfs two levels down
 * (one is a host's own subvolume, "/@").
 */
bool lifetime_root_is_layer(char *mountinfo);

#endif
