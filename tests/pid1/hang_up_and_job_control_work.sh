#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P39 P40, and whose the terminal is afterwards.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

launch_pty() { # OPTION... ACTION... -- COMMAND...
	launch - "$PROGRAMS/onpty" -t $((15 * STORY_SLOW)) "$@" >"$OUT" 2>"$LOG"
}
ended() { wait_for 15 gone "$LAUNCHED" && wait "$LAUNCHED"; }

for mode in "${MODES[@]}"; do
	set_mode "$mode"
	before=()
	options=()
	if [ "$mode" = pid1 ]; then # the session leader with the terminal, as engines start it
		before=(setsid -c)
		options=(-n)
	fi
	init=("${DEFAULTS[@]}" "${WRAP[@]}" "${before[@]}" "$STORY_OOMGUARD" "${OPTIONS[@]}" --)

	begin=$(now_ms)
	launch_pty "${options[@]}" expect=ready hangup -- "${init[@]}" sh -c 'echo ready; exec sleep 1000'
	ended
	is "$mode: a hang-up ends an application without a handler" 129 $?
	check "$mode: at once" [ $(($(now_ms) - begin)) -lt $((5000 * STORY_SLOW)) ]

	# ^Z stops the application; CONT to the guard makes it go on.
	guard_of='g=$PTY_PID'
	[ "$DEPTH" = 1 ] || guard_of='g=$(pgrep -P $PTY_PID)'
	stopped="$guard_of; for i in \$(seq 200); do ps -o stat= --ppid \$g | grep -q ^T && exit; sleep 0.05; done; exit 1"
	"$PROGRAMS/onpty" -t $((15 * STORY_SLOW)) "${options[@]}" expect=ready 'type=\x1a' "sh=$stopped" \
		"sh=$guard_of; kill -CONT \$g" 'type=x\r' 'expect=got x' -- "${init[@]}" \
		sh -c 'echo ready; read -r x; echo "got $x"; exit 4' >"$OUT" 2>"$LOG"
	is "$mode: ^Z, then CONT to the guard: the application goes on" 4 $?
done

# Whoever started us gets its terminal back: a script goes on reading it.
"$PROGRAMS/onpty" -t $((15 * STORY_SLOW)) expect=ready 'type=one\r' 'expect=got one' 'type=two\r' -- \
	sh -c '"$@"; read -r x && echo "after: $x"' - \
	"$STORY_OOMGUARD" "${OPTIONS[@]}" -- sh -c 'echo ready; read -r x; echo "got $x"' >"$OUT" 2>"$LOG"
is "a script that ran the guard ends well" 0 $?
has "and reads the terminal afterwards" "$OUT" 'after: two'

# In the background of an interactive shell it stays there: the shell keeps the terminal.
"$PROGRAMS/onpty" -t $((15 * STORY_SLOW)) 'expect=$ ' \
	"type=$STORY_OOMGUARD ${OPTIONS[*]} -- sleep 1000 & sleep 0.3\\r" 'expect=$ ' \
	'type=kill %1; wait; exit 3\r' -- \
	env PS1='$ ' bash --norc --noprofile --noediting -i >"$OUT" 2>"$LOG"
is "in the background it does not take the terminal" 3 $?

# stdin is a pipe, the terminal is /dev/tty all the same.
"$PROGRAMS/onpty" -t $((15 * STORY_SLOW)) expect=front -- \
	sh -c 'echo | "$@"' - "$STORY_OOMGUARD" "${OPTIONS[@]}" -- \
	python3 -c 'import os
fd = os.open("/dev/tty", os.O_RDWR); print("front", os.tcgetpgrp(fd) == os.getpgrp())' >"$OUT" 2>"$LOG"
has "with a pipe as stdin the terminal is handed over as well" "$OUT" 'front True'
finish
