#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Not PID 1: under a supervisor or in somebody else's container.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard_as_child app -v -s guard.start-grace=0s -s dump.kind=none \
	-- sh -c "$PROGRAMS/forker 2 & $PROGRAMS/leak --from 20M --rate 4M & wait"
guard_status 40
is "restarted" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
check "nothing of the tree is left" wait_for 3 cgroup_empty app
finish
