#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P01 P02 P03 P04 P05 P52: what the application ends with is what the container ends with.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

printf 'exit 42\n' >"$WORK/no_shebang"
chmod +x "$WORK/no_shebang"
: >"$WORK/plain"
chmod 755 "$WORK" # a user namespace sees it too

for mode in "${MODES[@]}"; do
	got=''
	for code in 0 1 2 42 126 127 128 255; do
		init_run "$mode" sh -c "exit $code"
		got="$got $STATUS"
	done
	is "$mode: exit codes pass through" " 0 1 2 42 126 127 128 255" "$got"

	got=''
	for signal in HUP INT QUIT ABRT KILL USR1 SEGV PIPE TERM; do
		init_run "$mode" sh -c "ulimit -c 0; kill -$signal \$\$"
		got="$got $STATUS"
	done
	is "$mode: death by signal N is 128+N" " 129 130 131 134 137 138 139 141 143" "$got"

	init_run "$mode" no-such-command-anywhere
	is "$mode: command not found is 127" 127 "$STATUS"
	has "$mode: and is named" "$LOG" 'no-such-command-anywhere'
	init_run "$mode" "$WORK/plain"
	is "$mode: found but not executable is 126" 126 "$STATUS"
	has "$mode: and is named, too" "$LOG" "$WORK/plain"
	init_run "$mode" "$WORK"
	is "$mode: a directory is 126" 126 "$STATUS"
	init_run "$mode" "$WORK/no_shebang"
	is "$mode: a script without #! runs in the shell" 42 "$STATUS"
done

EXTRA=(-s 'child.exit-remap=143:0,3:9')
init_run child sh -c 'kill -TERM $$'
is "exit-remap: 143 becomes 0" 0 "$STATUS"
init_run child sh -c 'exit 3'
is "exit-remap: 3 becomes 9" 9 "$STATUS"
init_run child sh -c 'exit 4'
is "exit-remap: others stay" 4 "$STATUS"
finish
