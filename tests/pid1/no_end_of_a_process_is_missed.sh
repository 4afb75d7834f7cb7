#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P06 P07 P31: SIGCHLD coalesces and comes early; no end may be missed, and none be waited for in vain.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

times=50
[ "$STORY_SLOW" = 1 ] || times=10
for mode in "${MODES[@]}"; do
	bad=0
	for ((i = 0; i < times; i++)); do
		init_run "$mode" sh -c "exit $((i + 1))"
		[ "$STATUS" = $((i + 1)) ] || { bad=$((bad + 1)) && note "$mode: exit $((i + 1)) gave $STATUS"; }
	done
	is "$mode: $times commands that end at once, each with its code" 0 $bad

	bad=0
	for ((i = 0; i < 5; i++)); do
		init_run "$mode" "$PROGRAMS/orphans" 100 together
		[ "$STATUS" = 42 ] || { bad=$((bad + 1)) && note "$mode: run $i gave $STATUS"; }
	done
	is "$mode: the main process and 100 orphans end in one instant, the code is the main process's" 0 $bad

	# the best of three: how fast it can be is what is claimed, not how busy this machine is
	best=100000
	for ((i = 0; i < 3; i++)); do
		begin=$(now_ms)
		init_run "$mode" true
		took=$(($(now_ms) - begin))
		[ $took -ge $best ] || best=$took
	done
	check "$mode: ends within 0.3 s when nothing is left ($best ms)" [ $best -lt $((300 * STORY_SLOW)) ]
done
finish
