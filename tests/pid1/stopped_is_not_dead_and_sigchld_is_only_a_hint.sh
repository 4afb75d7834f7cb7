#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P15 P16 P40: SIGCHLD says nothing by itself, and a stopped process is not a dead one.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

for mode in "${MODES[@]}"; do
	init_start "$mode" bash -c 'trap "exit 6" TERM; echo ready; while :; do sleep 0.1 & wait; done'
	wait_for 10 file_has "$OUT" ready
	main_pid
	for ((i = 0; i < 2000; i++)); do kill -CHLD "$GUARD_PID"; done
	check "$mode: a storm of 2,000 stray SIGCHLD changes nothing" alive "$APP"
	kill -TERM "$GUARD_PID"
	guard_status 10
	is "$mode: TERM is forwarded after it" 6 "$STATUS"

	init_start "$mode" bash -c "trap 'exit 8' TERM; (\"$PROGRAMS/orphans\" 20 wait $WORK/made &)
		echo ready; while :; do sleep 0.1 & wait; done"
	wait_for 10 file_has "$OUT" ready
	main_pid
	kill -STOP "$APP"
	wait_for 10 exists "$WORK/made"
	check "$mode: a stopped application is not taken for dead" alive "$GUARD_PID"
	check "$mode: orphans are reaped meanwhile" wait_for 10 no_zombies_of "$GUARD_PID"
	kill -TERM "$GUARD_PID"
	pause
	check "$mode: TERM waits for it" alive "$APP"
	kill -CONT "$GUARD_PID"
	guard_status 10
	is "$mode: CONT is forwarded, and then the TERM works" 8 "$STATUS"
	rm -f "$WORK/made"
done
finish
