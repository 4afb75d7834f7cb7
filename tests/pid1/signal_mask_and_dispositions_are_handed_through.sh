#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P19 P20 P55 P56: the application starts with the mask and the ignored signals that the guard was
# started with, whatever the guard has done to its own.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

# SigBlk and SigIgn of a process that is started like that; 32 and 33 are the C library's own
state_of() { awk '/^Sig(Blk|Ign):/ { print $2 }' "$1" | xargs; }
status_of_application() {
	init_run "$mode" cat /proc/self/status
	state_of "$OUT"
}
status_without() { "${DEFAULTS[@]}" "${GUARD_WRAP[@]}" cat /proc/self/status | awk '/^Sig(Blk|Ign):/ { print $2 }' | xargs; }

for mode in "${MODES[@]}"; do
	GUARD_WRAP=()
	is "$mode: nothing blocked, nothing ignored" "0000000000000000 0000000000000000" \
		"$(status_of_application)"
	GUARD_WRAP=(env '--ignore-signal=HUP,TSTP,PIPE,RTMIN+1' '--block-signal=USR1,WINCH,RTMAX')
	is "$mode: what was ignored and blocked at the start still is" "$(status_without)" \
		"$(status_of_application)"
	GUARD_WRAP=(nohup)
	is "$mode: nohup works" "$(status_without 2>/dev/null)" "$(status_of_application)"

	GUARD_WRAP=(env --ignore-signal=CHLD)
	init_run "$mode" bash -c 'exit 42'
	is "$mode: with SIGCHLD ignored the end is still seen, and its code" 42 "$STATUS"
	is "$mode: and SIGCHLD is ignored in the application as it was" "$(status_without)" \
		"$(status_of_application)"

	GUARD_WRAP=(env --ignore-signal --block-signal env --default-signal=CHLD)
	start_echo "$mode"
	check "$mode: with every signal blocked and ignored at the start, all are forwarded" \
		"$PROGRAMS/sigsend" "$GUARD_PID" "$ECHO" 2 all
	stop_echo
	init_start "$mode" env --default-signal=TERM python3 -c 'import signal, time
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM]); print("ready", flush=True)
time.sleep(1000)'
	wait_for 10 file_has "$OUT" ready
	kill -TERM "$GUARD_PID"
	guard_status 10
	is "$mode: and TERM reaches an application that unblocks it" 143 "$STATUS"
done
finish
