#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
[ "$(id -u)" = 0 ] || skip "needs root to hide the cgroup file system"
# shellcheck disable=SC2016 # for the inner shell
GUARD_WRAP=(bash -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"' sh)
guard - -v -- sh -c 'exit 6'
guard_status 10
is "the program runs" 6 "$STATUS"
has "and the log says that it is not guarded" "$LOG" 'cgroup|limit'
finish
