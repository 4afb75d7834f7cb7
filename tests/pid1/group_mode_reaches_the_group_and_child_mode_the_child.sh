#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P18 P24 P32: whom a signal reaches.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

lines_of() { grep -c "^$1\$" "$WORK/family"; }
lines_are() { [ "$(lines_of "$1")" = "$2" ]; }
start_family() { # MODE AFTER KIND...
	local mode=$1
	shift
	rm -f "$WORK/family"
	init_start "$mode" "$PROGRAMS/family" "$WORK/family" 0 "$@"
	wait_for 10 file_has "$WORK/family" 'all ready' || check "$mode: the family is ready" false
}

for mode in "${MODES[@]}"; do
	EXTRA=(-s child.forward=group)
	start_family "$mode" wait same same group
	kill -USR1 "$GUARD_PID"
	wait_for 10 file_has "$WORK/family" 'main 10'
	wait_for 10 lines_are 'same 10' 2
	kill -USR1 "$GUARD_PID"
	wait_for 10 lines_are 'same 10' 4
	wait_for 10 lines_are 'main 10' 2
	is "$mode, group: the group gets it once each" "2 4" \
		"$(lines_of 'main 10') $(lines_of 'same 10')"
	is "$mode, group: another group does not" 0 "$(lines_of 'group 10')"
	check "$mode, group: the guard is not in the group" alive "$GUARD_PID"
	kill -TERM "$GUARD_PID"
	guard_status 10
	is "$mode, group: the main process's code" 5 "$STATUS"

	EXTRA=(-s child.forward=child)
	start_family "$mode" wait same
	kill -USR1 "$GUARD_PID"
	wait_for 10 file_has "$WORK/family" 'main 10'
	is "$mode, child: only the main process gets it" 0 "$(lines_of 'same 10')"
	init_stop

	# the main process is not the leader of its session any more
	EXTRA=()
	start_family "$mode" setsid
	kill -TERM "$GUARD_PID"
	guard_status 10
	is "$mode: an application that has gone to a new session: TERM ends its first process" \
		143 "$STATUS"
done
finish
