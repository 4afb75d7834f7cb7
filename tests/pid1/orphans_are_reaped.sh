#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P21 P22 P50: orphans come to us, as PID 1 or as the subreaper, and none stays a zombie.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

for mode in "${MODES[@]}"; do
	n=10000
	[ "$mode" = pid1 ] || n=1000
	[ "$STORY_SLOW" = 1 ] || n=1000
	rm -f "$WORK/made"
	init_start "$mode" "$PROGRAMS/orphans" $n wait "$WORK/made"
	check "$mode: $n orphans are made" wait_for 60 exists "$WORK/made"
	check "$mode: none of $n is a zombie a second later" wait_for 1 no_zombies_of "$GUARD_PID"
	main_pid
	check "$mode: and the application goes on" alive "$APP"
	kill -TERM "$GUARD_PID"
	guard_status 10
	is "$mode: until it is told to end" 143 "$STATUS"

	init_run "$mode" bash -c "(sleep 0.2; \"$PROGRAMS/orphans\" 30) & sleep 0.6; exit 5"
	is "$mode: orphans that end first do not end the container" 5 "$STATUS"
done

init_run child bash -c "(sh -c 'sleep 0.3; ps -o ppid= \$\$ >$WORK/parent' &); echo \$PPID; sleep 0.8"
is "not PID 1: an orphan's new parent is the guard" "$(xargs <"$OUT")" "$(xargs <"$WORK/parent")"
EXTRA=(-s child.subreaper=no)
init_run child bash -c "(sh -c 'sleep 0.3; ps -o ppid= \$\$ >$WORK/parent' &); echo \$PPID; sleep 0.8"
check "subreaper = no: it is not" [ "$(xargs <"$OUT")" != "$(xargs <"$WORK/parent")" ]
finish
