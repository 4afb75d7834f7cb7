#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v -s guard.start-grace=0s -s dump.kind=none \
	-- "$PROGRAMS/leak" --shm --from 20M --rate 4M
guard_status 40
is "the guard restarts it" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
finish
