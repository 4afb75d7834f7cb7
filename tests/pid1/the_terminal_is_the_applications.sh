#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P33 P34 P35 P36 P37 P38: the terminal is the application's.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

# on_pty MODE [ACTION...] -- COMMAND...: leader is PID 1 and session leader with the terminal, as a
# container engine starts it.
TERMINAL_MODES=()
for mode in "${MODES[@]}"; do
	case $mode in
	pid1) TERMINAL_MODES+=(leader pid1) ;;
	*) TERMINAL_MODES+=("$mode") ;;
	esac
done
on_pty() {
	local actions=() mode=$1 options=() before=()
	shift
	while [ "$1" != -- ]; do
		actions+=("$1")
		shift
	done
	shift
	if [ "$mode" = leader ]; then
		set_mode pid1
		options=(-n)
		before=(setsid -c)
	else
		set_mode "$mode"
	fi
	"$PROGRAMS/onpty" -t $((15 * STORY_SLOW)) "${options[@]}" "${actions[@]}" -- \
		"${DEFAULTS[@]}" "${WRAP[@]}" "${before[@]}" "$STORY_OOMGUARD" "${OPTIONS[@]}" -- "$@" \
		>"$OUT" 2>"$LOG"
	STATUS=$?
}
count_of() { grep -o "$1" "$OUT" | wc -l; }
# Counts what it gets until it is told to tell: each signal a word of its own.
counter='import os, signal, sys
seen = []
for s in (signal.SIGINT, signal.SIGWINCH, signal.SIGHUP, signal.SIGCONT, signal.SIGTSTP):
    signal.signal(s, lambda n, f: seen.append(signal.Signals(n).name))
print("front", os.tcgetpgrp(0) == os.getpgrp() == os.getpid(), "ready", flush=True)
while True:
    line = sys.stdin.readline()
    print("seen", " ".join(seen), "end", line.strip() + "!", flush=True)
    if line.strip() == "q":
        break'

for mode in "${TERMINAL_MODES[@]}"; do
	on_pty "$mode" expect=ready 'type=q\r' 'expect=q!' -- python3 -c "$counter"
	has "$mode: the application's group is the foreground group" "$OUT" 'front True'
	has "$mode: it reads the terminal, and no stray signal came at the start" "$OUT" 'seen  end q!'
	is "$mode: its code" 0 "$STATUS"

	# time for a second one to come: a line typed and answered in between
	on_pty "$mode" expect=ready 'type=\x03' 'type=x\r' 'expect=x!' 'type=q\r' 'expect=q!' -- \
		python3 -c "$counter"
	has "$mode: ^C arrives exactly once" "$OUT" 'seen SIGINT end q!'

	on_pty "$mode" expect=ready resize=30x100 'type=x\r' 'expect=x!' 'type=q\r' 'expect=q!' -- \
		python3 -c "$counter"
	has "$mode: a resize arrives exactly once" "$OUT" 'seen SIGWINCH end q!'

	on_pty "$mode" expect=ready 'type=\x03' -- sh -c 'echo ready; exec sleep 1000'
	is "$mode: ^C on an application without a handler is 130" 130 "$STATUS"
	on_pty "$mode" expect=ready 'type=\x1c' -- sh -c 'ulimit -c 0; echo ready; exec sleep 1000'
	is "$mode: ^\\ is 131" 131 "$STATUS"

	on_pty "$mode" 'expect=$ ' 'type=sh -c "printf u%s p; exec sleep 1000"\r' expect=up \
		'type=\x1a' expect=Stopped \
		'type=kill -KILL %1; exit 6; exit 6\r' -- \
		env PS1='$ ' bash --norc --noprofile --noediting -i
	is "$mode: an interactive shell has job control" 6 "$STATUS"
	lacks "$mode: and does not complain" "$OUT" 'no job control|cannot set terminal'
done
finish
