#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v -s guard.start-grace=0s -s dump.kind=none \
	-- "$PROGRAMS/sawtooth" 16 57 1.5 "$STORY_LONG"
guard_status $((STORY_LONG + 20))
is "the program ends by itself" 0 "$STATUS"
lacks "no restart" "$LOG" '(restart|brink) level:|stopping the application'
dumps=$(grep -c 'dump level: .*% of' "$LOG")
if [ "$STORY_SLOW" = 1 ]; then
	is "no dump" 0 "$dumps"
else
	# Its first rise takes several seconds on an emulated machine: nobody can tell that from a leak.
	check "no dump after the first rise" test "$dumps" -le 1
fi
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
finish
