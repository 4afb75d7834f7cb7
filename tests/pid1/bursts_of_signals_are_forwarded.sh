#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P53 P54: bursts. Real-time signals queue: each arrives, in its number. Ordinary ones merge, as the
# kernel has them, and nobody is hurt.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

for mode in "${MODES[@]}"; do
	start_echo "$mode"
	check "$mode: bursts of 200 real-time signals, all 31 numbers: each one is there" \
		"$PROGRAMS/sigsend" -b "$GUARD_PID" "$ECHO" 200 $(seq 34 64)
	stop_echo

	init_start "$mode" sh -c 'trap : USR1; echo ready; while :; do sleep 0.1 & wait; done'
	wait_for 10 file_has "$OUT" ready
	for ((i = 0; i < 200; i++)); do kill -USR1 "$GUARD_PID"; done
	check "$mode: alive after 200 USR1 in a burst" alive "$GUARD_PID"
	kill -TERM "$GUARD_PID"
	guard_status 10
	is "$mode: TERM works then" 143 "$STATUS"
done
finish
