#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v "${AT_ONCE[@]}" -s restart.mode=in-place -s restart.backoff=60s..60s \
	-- "$PROGRAMS/leak" --to 40M --rate 400M --started "$WORK/started"
stopped() { [ -s "$WORK/started" ] && ! app_find; }
check "the program is stopped" wait_for 20 stopped
check "the guard waits" alive "$GUARD"
start=$(now_ms)
kill -TERM "$GUARD_PID"
guard_status 5
check "it ends at once" test "$STATUS" != running
check "within a second (slow machines: a few)" test $(($(now_ms) - start)) -lt $((1000 * STORY_SLOW))
is "there was no second start" 1 "$(wc -l <"$WORK/started")"
finish
