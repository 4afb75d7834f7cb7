#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P23 P46 P51: silent, idle and small.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

# utime + stime of a process and its children that are waited for, in ticks
ticks() { awk '{ print $14 + $15 + $16 + $17 }' "/proc/$1/stat"; }
wakeups() { awk '/_ctxt_switches/ { n += $2 } END { print n }' "/proc/$1/status"; }

for mode in "${MODES[@]}"; do
	init_run "$mode" true
	is "$mode: nothing is printed in a normal run" '' "$(cat "$OUT" "$LOG")"
	init_start "$mode" sleep 1000
	main_pid
	kill -TERM "$GUARD_PID"
	guard_status 10
	is "$mode: nor when it is told to end" '' "$(cat "$OUT" "$LOG")"
done

init_start child sleep 1000
main_pid
before=$(ticks "$GUARD_PID") woken=$(wakeups "$GUARD_PID")
sleep 3
used=$(($(ticks "$GUARD_PID") - before)) woken=$(($(wakeups "$GUARD_PID") - woken))
check "idle for 3 s costs no more than one tick of 10 ms ($used)" [ "$used" -le 1 ]
check "and fewer than 20 wake-ups a second ($woken)" [ "$woken" -lt 60 ]
is "it has one thread" 1 "$(awk '/^Threads:/ { print $2 }' "/proc/$GUARD_PID/status")"
rss=$(awk '/^RssAnon:/ { print $2 }' "/proc/$GUARD_PID/status")
# 2 MiB of it are one huge page, where those are always given out
check "its own memory is below 3 MiB ($rss KiB)" [ "$rss" -lt 3072 ]
init_stop
finish
