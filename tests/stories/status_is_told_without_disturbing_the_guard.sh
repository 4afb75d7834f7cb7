#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From the flight recorder: a guard that is stopped, or whose socket is stuck, does not matter.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v python3 >/dev/null || skip "python3 is not installed"
make_cgroup app 64M
status() {
	timeout 20 "$STORY_OOMGUARD" status "$@" -s "guard.state-dir=$STATE" >"$WORK/answer" 2>"$WORK/why"
	echo $?
}
# Connections until the queue is full, which nobody accepts; held until the end.
cat >"$WORK/fill.py" <<'END'
import socket, sys, time
held = []
while True:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.setblocking(False)
    try:
        s.connect(sys.argv[1])
    except BlockingIOError:
        break
    held.append(s)
open(sys.argv[2], "w").write("full\n")
time.sleep(600)
END

guard app -s level.warn.at=50% -s level.warn.actions=log -- "$PROGRAMS/leak" --from 20M --to 20M
app_pid
quiet() { [ "$(status)" = 0 ]; }
check "quiet: 0" wait_for 10 quiet
recorded() { status --json >/dev/null && [ "$(json_get "$WORK/answer" 'd["age_seconds"] > 0')" = True ]; }
check "it is read from the recorder" wait_for 10 recorded
kill -STOP "$GUARD_PID"
is "the guard is stopped: still 0" 0 "$(status)"
has "with the use that was seen last" "$WORK/answer" '^memory +[0-9]+% of 64MiB'
launch - python3 "$WORK/fill.py" "$STATE/control.sock" "$WORK/full"
filler=$LAUNCHED
check "the queue of its socket is full" wait_for 10 exists "$WORK/full"
is "still 0" 0 "$(status)"
old() { status >/dev/null && file_has "$WORK/answer" '^as of +[0-9.]+m?s ago'; }
check "and after a while it says how old that is" wait_for 20 old
is "the same as JSON" 0 "$(status --json)"
is "with its age" True "$(json_get "$WORK/answer" 'd["age_seconds"] >= 4')"
kill -KILL "$filler"
kill -CONT "$GUARD_PID"
fresh() { status >/dev/null && ! grep -q '^as of' "$WORK/answer"; }
check "it goes on, and so does the recorder" wait_for 10 fresh
kill -TERM "$GUARD_PID"
guard_status 20

: >"$LOG"
guard app -s level.warn.at=50% -s level.warn.actions=log -- "$PROGRAMS/leak" --from 40M --to 40M
app_pid
check "a level fires" wait_for 15 logged 'warn level'
active() { [ "$(status)" = 1 ]; }
check "a level is active: 1" wait_for 5 active
kill -STOP "$GUARD_PID"
is "and stays so while the guard is stopped" 1 "$(status)"
kill -KILL "$GUARD_PID"
guard_status 10
is "no guard: 3, whatever the recorder says" 3 "$(status)"
finish
