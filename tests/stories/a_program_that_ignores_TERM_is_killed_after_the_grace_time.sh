#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

start=$(now_ms)
guard app -v "${AT_ONCE[@]}" -s restart.grace=2s -- "$PROGRAMS/leak" --to 40M --rate 400M --ignore-term
guard_status 20
took=$(($(now_ms) - start))
is "the guard's exit status" 75 "$STATUS"
check "the grace time was given ($took ms)" test $took -ge 1900
check "and not much more" test $took -lt $((8000 * STORY_SLOW))
has "the log says that it had to be killed" "$LOG" 'KILL'
finish
