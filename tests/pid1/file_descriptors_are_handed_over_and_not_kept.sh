#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P41 P42 P43: file descriptors. None of the guard's reaches the application, what was inherited does,
# and the guard does not keep it; closed ones stay closed.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

fds() { cat "$WORK/fds"; }
keeps() { # PATH: the guard has it open, or as its directory
	local link
	for link in "/proc/$GUARD_PID/fd/"* "/proc/$GUARD_PID/cwd"; do
		[ "$(readlink "$link")" != "$1" ] || return 0
	done
	return 1
}

# What it would be without the guard: whoever runs this story may have left some open.
fds_without() {
	"${DEFAULTS[@]}" "${GUARD_WRAP[@]}" "$PROGRAMS/showfds" "$WORK/without" </dev/null
	cat "$WORK/without"
}

for mode in "${MODES[@]}"; do
	init_run "$mode" "$PROGRAMS/showfds" "$WORK/fds"
	is "$mode: none of the guard's" "$(fds_without)" "$(fds)"

	: >"$WORK/inherited"
	exec 7<"$WORK/inherited" 9<"$WORK/inherited"
	init_run "$mode" "$PROGRAMS/showfds" "$WORK/fds"
	is "$mode: inherited ones arrive" "$(fds_without)" "$(fds)"
	has "$mode: 7 and 9, that is" "$WORK/fds" ' 7 (.* )?9( |$)'
	mkdir -p "$WORK/place"
	cd "$WORK/place" || exit 1
	init_start "$mode" sh -c 'pwd; exec sleep 1000'
	cd / || exit 1
	main_pid
	wait_for 10 file_has "$OUT" place
	is "$mode: it starts in the directory where the guard was started" "$WORK/place" "$(cat "$OUT")"
	check "$mode: the guard does not keep what was inherited" wait_for 5 not keeps "$WORK/inherited"
	check "$mode: nor the directory" wait_for 5 not keeps "$WORK/place"
	init_stop
	exec 7<&- 9<&-

	# from a shell that has closed them; the exit code is the only thing that is left to tell
	for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&- 2>&-'; do
		GUARD_WRAP=(sh -c "exec \"\$@\" $closed" -)
		init_run "$mode" "$PROGRAMS/showfds" "$WORK/fds"
		is "$mode: with $closed the code passes" 42 "$STATUS"
		is "$mode: and nothing of ours is there instead" "$(fds_without)" "$(fds)"
		GUARD_WRAP=()
	done
done

GUARD_WRAP=(sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"' -)
for mode in "${MODES[@]}"; do
	init_run "$mode" sh -c '[ "$LISTEN_PID" = $$ ] && exit 42'
	is "$mode: LISTEN_PID that named the guard names the application" 42 "$STATUS"
done
GUARD_WRAP=(env LISTEN_PID=77777)
init_run child sh -c 'exit $((LISTEN_PID == 77777 ? 42 : 1))'
is "LISTEN_PID that named somebody else stays" 42 "$STATUS"
finish
