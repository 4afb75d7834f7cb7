#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P12 P14 P17 P52: from inside as from outside; a second signal while the application goes down is
# forwarded as well; nothing adds to the time it takes.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

for mode in "${MODES[@]}"; do
	init_run "$mode" bash -c 'for s in TERM USR1 HUP; do trap "echo got $s" $s; done
		for s in TERM USR1 HUP; do kill -$s $PPID; sleep 0.3 & wait; done; exit 7'
	is "$mode: signals from inside are forwarded" "got TERM got USR1 got HUP" "$(xargs <"$OUT")"
	is "$mode: and do not change the exit code" 7 "$STATUS"

	best=100000
	for ((i = 0; i < 3; i++)); do
		init_start "$mode" sleep 1000
		main_pid
		begin=$(now_ms)
		kill -TERM "$GUARD_PID"
		guard_status 10
		took=$(($(now_ms) - begin))
		[ $took -ge $best ] || best=$took
	done
	is "$mode: an application without a handler dies of the TERM" 143 "$STATUS"
	check "$mode: within 0.5 s ($best ms)" [ $best -lt $((500 * STORY_SLOW)) ]

	init_start "$mode" bash -c 'trap "echo term" TERM; trap "echo int; exit 9" INT; echo ready
		while :; do sleep 0.1 & wait; done'
	wait_for 10 file_has "$OUT" ready
	kill -TERM "$GUARD_PID"
	check "$mode: TERM arrives" wait_for 10 file_has "$OUT" term
	kill -INT "$GUARD_PID"
	guard_status 10
	is "$mode: INT during the shutdown arrives as well" 9 "$STATUS"

	init_start "$mode" sleep 1000
	main_pid
	begin=$(now_ms)
	kill -KILL "$APP"
	guard_status 10
	took=$(($(now_ms) - begin))
	is "$mode: SIGKILL of the application is 137" 137 "$STATUS"
	check "$mode: at once ($took ms)" [ $took -lt $((1500 * STORY_SLOW)) ]
done
finish
