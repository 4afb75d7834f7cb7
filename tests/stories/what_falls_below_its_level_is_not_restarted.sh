#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The list takes a while (a relief, a dump), and the program has given its memory back meanwhile.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

period=$((4 * STORY_SLOW))
guard app -v -s guard.start-grace=0s -s level.restart.at=70% -s level.restart.eta=0s \
	-s level.restart.actions=command,restart -s dump.command="sleep $STORY_SLOW" \
	-- "$PROGRAMS/sawtooth" 10 50 $period $((3 * period - 1))
guard_status 40
is "it ends by itself" 0 "$STATUS"
has "the restart is held back" "$LOG" 'restart level: restart held back: use has fallen'
check "and the level is armed again at once" \
	test "$(grep -c 'restart level: restart held back: use has fallen' "$LOG")" -ge 2
finish
