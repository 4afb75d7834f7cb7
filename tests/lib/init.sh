# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables are for the stories and from story.sh
#
# More words, for stories about the duties of a PID 1. Sources story.sh. Each claim is checked in
# three modes: as real PID 1 of root (pid1), as PID 1 of a user without privileges (rootless), and as
# an ordinary process (child). The guard always runs in a pid namespace of its own or as a plain
# child of the story.
# shellcheck source=story.sh
. "$(dirname "${BASH_SOURCE[0]}")/story.sh"

OPTIONS=(-q -s "guard.state-dir=$STATE")
MODES=()
# A shell's background commands ignore INT and QUIT; the guard hands that on, as it should.
DEFAULTS=(env --default-signal --)

[ "$(id -u)" = 0 ] && unshare -pf --mount-proc true 2>/dev/null && MODES+=(pid1)
unshare -Urpf --mount-proc true 2>/dev/null && MODES+=(rootless)
MODES+=(child)

# What goes before the guard in a mode: $WRAP; $DEPTH is 1 where the guard is what was started, 2 where
# it is its child.
set_mode() {
	case $1 in
	pid1) WRAP=(unshare -pf --mount-proc --kill-child) DEPTH=2 ;;
	rootless) WRAP=(unshare -Urpf --mount-proc --kill-child) DEPTH=2 ;;
	child) WRAP=() DEPTH=1 ;;
	esac
}

# init_run MODE COMMAND...: to its end, 15 s at most; $STATUS, $OUT and $LOG are of this run.
# EXTRA=(...) are more options of the guard, GUARD_WRAP=(...) goes right before it.
EXTRA=()
init_run() {
	set_mode "$1"
	shift
	timeout --foreground -k 1 $((15 * STORY_SLOW)) "${DEFAULTS[@]}" "${WRAP[@]}" "${GUARD_WRAP[@]}" \
		"$STORY_OOMGUARD" "${OPTIONS[@]}" "${EXTRA[@]}" -- "$@" </dev/null >"$OUT" 2>"$LOG"
	STATUS=$?
}

# init_start MODE COMMAND...: in the background; $GUARD is what to wait for (guard_status), $GUARD_PID
# the guard as seen from here.
init_start() {
	set_mode "$1"
	shift
	: >"$OUT"
	: >"$LOG"
	launch - "${DEFAULTS[@]}" "${WRAP[@]}" "${GUARD_WRAP[@]}" \
		"$STORY_OOMGUARD" "${OPTIONS[@]}" "${EXTRA[@]}" -- "$@" >>"$OUT" 2>>"$LOG"
	GUARD=$LAUNCHED STATUS='' GUARD_PID=$LAUNCHED
	[ "$DEPTH" = 1 ] || wait_for 10 guard_find_pid
}

# init_stop: ends what init_start has started, and all that descends from it.
tree_of() { # PID: itself and its descendants
	local pid
	echo "$1"
	for pid in $(pgrep -P "$1"); do tree_of "$pid"; done
}
init_stop() {
	# shellcheck disable=SC2046 # pids
	kill -KILL $(tree_of "$GUARD") 2>/dev/null
	wait "$GUARD" 2>/dev/null
}

# The application's main process (host pid): the first of the guard's children that does not run the
# guard's own file (later ones are orphans).
main_find() {
	local pid own exe
	APP=''
	own=$(readlink "/proc/$GUARD_PID/exe")
	[ "$own" = "$(realpath "$STORY_OOMGUARD")" ] || return 1 # it is still what execs it
	for pid in $(pgrep -P "$GUARD_PID"); do
		exe=$(readlink "/proc/$pid/exe") # nothing: it has ended meanwhile
		[ -z "$exe" ] || [ "$exe" = "$own" ] || {
			APP=$pid
			return
		}
	done
	return 1
}
main_pid() { wait_for 10 main_find; }

# What an ordinary child leaves behind is nobody's but ours: our scratch directory is in its arguments.
init_exit() {
	local status=$? pid
	for pid in $(pgrep -f -- "$WORK/"); do
		[ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null
	done
	(exit $status)
	story_exit
}
trap init_exit EXIT

# shellcheck disable=SC2009 # pgrep cannot say which state its children are in, only the other way round
zombies_of() { ps -o stat= --ppid "$1" | grep -c '^Z'; }
no_zombies_of() { [ "$(zombies_of "$1")" = 0 ]; }

# start_echo MODE: sigecho under the guard, ready to answer on $ECHO.
start_echo() {
	ECHO=$WORK/echo
	[ -p "$ECHO" ] || mkfifo "$ECHO"
	exec {echo_fd}<>"$ECHO"
	init_start "$1" "$PROGRAMS/sigecho" "$ECHO"
	# its first byte, a 0
	IFS= read -r -t $((10 * STORY_SLOW)) -d '' -u "$echo_fd"
}
stop_echo() {
	exec {echo_fd}>&-
	init_stop
}
