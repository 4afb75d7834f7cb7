#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From the flight recorder: SIGKILL of everything at a time leaves nobody to write a last word.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

life() { # COMMAND...: the next life, which says it and ends
	guard app -v -- "$@"
	guard_status 20
}

life true
lacks "a first life has none before it" "$LOG" 'the life before'
life sh -c 'exit 3'
has "a clean end" "$LOG" 'the life before .*ended by itself'

guard app -v -- "$PROGRAMS/leak" --from 20M --to 20M
check "it runs" app_pid
wait_for 10 file_has "$STATE/flight.rec" OOMFREC
sleep_until_recorded() { [ "$(stat -c %Y "$STATE/flight.rec")" -ge "$started" ]; }
started=$(date +%s)
wait_for 15 sleep_until_recorded
kill -KILL "$GUARD_PID"
guard_status 10
life true
has "killed far from its limit" "$LOG" 'the life before .*SIGKILL from outside'

guard app -v -s level.restart.actions= -s level.brink.actions= -s level.emergency.actions= \
	-- "$PROGRAMS/leak" --from 20M --rate 20M --to 60M
near() { [ "$(cgroup_usage app)" -gt $((58 << 20)) ]; }
check "it comes near its limit" wait_for 20 near
check "the recorder keeps up" wait_for 5 file_has "$STATE/flight.rec" 'dump: |warn: '
wait_for 1 false
kill -KILL "$GUARD_PID"
guard_status 10
life true
has "killed near its limit" "$LOG" "the life before .*near the limit: the kernel's OOM killer"

head -c 5000 /dev/urandom >"$STATE/flight.rec"
life true
is "a foreign recorder changes nothing" 0 "$STATUS"
check "it is set aside" exists "$STATE/flight.bad"
finish
