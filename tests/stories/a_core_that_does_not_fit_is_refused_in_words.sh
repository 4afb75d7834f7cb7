#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

# 9 MiB are left: less than a core needs to be safe.
guard app -v -s level.dump.at=80% -s level.dump.growing=no -s level.profile.actions=log \
	-s level.restart.actions=log -s level.brink.actions=log -s level.emergency.actions=log \
	-- "$PROGRAMS/leak" --from 48M --to 55M --rate 4M
check "stacks come in its place" wait_for 30 logged 'stacks of 1 process'
has "and the log says why" "$LOG" 'no heap dump of pid [0-9]+ \(leak\): not enough headroom: [0-9.]+MiB left, needs 16MiB'
check "no core" test -z "$(find "$STATE" -name 'core*')"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
finish
