#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P08 P09 P10 P11 P18: every signal that can be caught, job control and real-time ones and those of
# crashes too, 1,000 times, each answered before the next: none lost, none twice.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

for mode in "${MODES[@]}"; do
	for forward in child group; do
		# group mode and a user namespace take the same way: fewer will do there, and on an
		# emulated machine
		times=1000
		{ [ $forward = child ] && [ "$mode" != rootless ]; } || times=100
		[ "$STORY_SLOW" = 1 ] || times=20
		EXTRA=(-s "child.forward=$forward")
		start_echo "$mode"
		check "$mode, forward = $forward: 61 signals, $times times each, arrive exactly once" \
			"$PROGRAMS/sigsend" "$GUARD_PID" "$ECHO" $times all
		stop_echo
	done
done

EXTRA=(-s 'child.rewrite=TERM:QUIT,USR1:0,RTMIN+3:TERM')
start_echo child
check "rewrite: TERM to QUIT, USR1 dropped, RTMIN+3 to TERM, HUP as it is" \
	"$PROGRAMS/sigsend" "$GUARD_PID" "$ECHO" 10 15=3 10=0 37=15 1
stop_echo
finish
