#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v -s guard.start-grace=0s -s dump.kind=none \
	-- "$PROGRAMS/leak" --from 20M --rate 5M --to 90M --hold 1 --exit 6
half() { [ "$(cgroup_usage app)" -gt $((32 << 20)) ]; }
check "it grows" wait_for 20 half
cgroup_limit app 256M
guard_status 40
is "it grows past the old limit unharmed and ends by itself" 6 "$STATUS"
lacks "no level fired" "$LOG" ' level: '
finish
