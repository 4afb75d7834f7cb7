#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M
status() {
	timeout 10 "$STORY_OOMGUARD" status "$@" -s "guard.state-dir=$STATE" >"$WORK/answer" 2>"$WORK/why"
	echo $?
}

is "no guard: 3" 3 "$(status)"
has "said on stderr" "$WORK/why" 'no guard is running'
guard app -s level.warn.at=50% -s level.warn.rearm-after=1s -- \
	"$PROGRAMS/leak" --from 10M --to 40M --rate 5M --hold 600
app_pid
wait_for 5 exists "$STATE/control.sock"
is "quiet: 0" 0 "$(status)"
has "it says how full" "$WORK/answer" '^memory +[0-9]+% of 64MiB not reclaimable'
has "no level is active" "$WORK/answer" '^active +none'
is "as JSON too" 0 "$(status --json)"
is "with the same limit" 67108864 "$(json_get "$WORK/answer" 'd["memory"]["limit_bytes"]')"
check "the level fires" wait_for 15 logged 'warn level'
is "a level is active: 1" 1 "$(status)"
has "it says which" "$WORK/answer" '^active +warn'

timeout 4 "$STORY_OOMGUARD" status --watch -s "guard.state-dir=$STATE" >"$WORK/watch" 2>&1
check "--watch goes on telling" test "$(grep -c 'active: warn' "$WORK/watch")" -ge 2
kill -KILL "$GUARD_PID"
guard_status 10
check "a socket of a dead guard stays behind" test -S "$STATE/control.sock"
is "and is no guard: 3" 3 "$(status)"
guard app -- sleep 60
app_pid
quiet() { [ "$(status)" = 0 ]; }
check "the next life takes its place" wait_for 5 quiet
kill -TERM "$GUARD_PID"
guard_status 10
is "TERM ends it" 143 "$STATUS"
finish
