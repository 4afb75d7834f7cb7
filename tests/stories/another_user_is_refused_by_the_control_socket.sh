#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
[ "$(id -u)" = 0 ] || skip "needs root"
command -v setpriv >/dev/null || skip "setpriv is not installed"
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
cp "$STORY_OOMGUARD" "$WORK/oomguard"
chmod 755 "$WORK" "$WORK/oomguard"

guard_as_child - -- sleep 60
wait_for 5 exists "$STATE/control.sock"
as_nobody "$WORK/oomguard" restart -s "guard.state-dir=$STATE" >"$WORK/answer" 2>&1
is "the mode of the directory keeps others out" 1 "$?"

# Somebody has opened it wide: the credentials of the peer decide.
chmod 755 "$STATE"
chmod 666 "$STATE/control.sock"
as_nobody "$WORK/oomguard" restart -s "guard.state-dir=$STATE" >"$WORK/answer" 2>&1
is "refused" 1 "$?"
has "and told so" "$WORK/answer" 'refused: only the guard'
has "the log names who it was" "$LOG" 'refused pid [0-9]+ \(uid 65534\)'
as_nobody "$WORK/oomguard" status -s "guard.state-dir=$STATE" >"$WORK/answer" 2>&1
is "so is status" 3 "$?"
check "the program runs on" app_pid
kill -TERM "$GUARD_PID"
guard_status 10
is "TERM ends it" 143 "$STATUS"
finish
