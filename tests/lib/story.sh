# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # variables are for the stories
#
# Words to tell a story with. A story is a bash script whose file name is the claim; it sources this
# file, runs the guard against the real kernel, and prints TAP. The same text runs on a v1 host and
# in a v2 virtual machine.
#
#	. "$(dirname "$0")/../lib/story.sh"
#	needs_cgroup
#	make_cgroup app 64M
#	guard app -- "$PROGRAMS/leak" --rate 20M
#	guard_status 20
#	is "exit status" 75 "$STATUS"
#	has "says why" "$LOG" 'restart level'
#	finish
#
# From outside:
#	STORY_OOMGUARD  the binary under test (needed)
#	STORY_PROGRAMS  directory of the compiled tests/programs (else they are compiled on demand)
#	STORY_SLOW      every deadline is multiplied by this (emulated machines); default 1
#	STORY_LONG      seconds that "nothing happens" stories watch; default 15
#
# For the story:
#	$WORK scratch directory, $STATE state directory of the guard, $LOG its stderr, $OUT its stdout,
#	$PROGRAMS, $CGROUP_VERSION (1, 2 or none), and after the calls below $GUARD, $GUARD_PID,
#	$STATUS, $LAUNCHED.
set -u
export LC_ALL=C

# Mounts of a story are its own: it runs in a mount namespace that ends with it. Never bind-mount
# anything but a story's own directories below $WORK (GUARD_WRAP can mount in the guard's namespace).
if [ "$(id -u)" = 0 ] && [ -z "${STORY_NAMESPACE:-}" ] && unshare -m true 2>/dev/null; then
	STORY_NAMESPACE=own exec unshare -m bash "$0" "$@"
fi

STORY=$(basename "$0" .sh)
STORY_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STORY_SLOW=${STORY_SLOW:-1}
STORY_LONG=${STORY_LONG:-15}
: "${STORY_OOMGUARD:=$STORY_LIB/../../src/oomguard}"

# On a disk: what is written to a tmpfs is charged to the cgroup of the writer and would be a leak of
# the story's own. In the virtual machine $TMPDIR is on a disk.
story_make_work() {
	local dir
	for dir in "${TMPDIR:-/tmp}" /var/tmp; do
		[ "$(stat -f -c %T "$dir")" = tmpfs ] || break
	done
	# Resolved and without blanks, as mountinfo shows it: the clean-up compares.
	WORK=$(mktemp -d "$(realpath "$dir")/oomguard-story.XXXXXX") || exit 1
	[[ $WORK != *[[:space:]\\]* ]] || { echo "Bail out! blanks in $WORK"; exit 1; }
	# A mount of its own, as a volume is: the guard does not trust a container's own layer.
	STATE=$WORK/state
	mkdir -m 700 "$STATE"
	mount --bind "$STATE" "$STATE" 2>/dev/null || :
}
story_make_work
LOG=$WORK/log
OUT=$WORK/out
GUARD='' GUARD_PID='' STATUS='' LAUNCHED=''
story_checks=0 story_failed=0 story_finished=no
declare -A CG=()     # name -> directory
story_cg_order=()    # in order of creation
story_pids=()        # what we started
GUARD_WRAP=()        # runs as PID 1 before the guard and must exec "$@"

# A restart that needs no waiting: in 64 MiB, "leak --to 40M" is restarted at once.
AT_ONCE=(-s guard.start-grace=0s -s level.restart.at=50% -s level.restart.eta=0s
	-s level.restart.actions=restart)

: >"$LOG"
# Something to wait on that never comes: a sleep without a process.
mkfifo "$WORK/never"
exec {story_never}<>"$WORK/never"
story_pause=0.02
[ "$STORY_SLOW" -le 1 ] || story_pause=0.1 # asking takes longer than that there
pause() { read -rt $story_pause -u "$story_never" || :; }

# --- checks -------------------------------------------------------------------------------------

story_result() { # ok|not TEXT
	story_checks=$((story_checks + 1))
	if [ "$1" = ok ]; then
		echo "ok $story_checks - $2"
	else
		echo "not ok $story_checks - $2"
		story_failed=$((story_failed + 1))
	fi
}

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

# check TEXT COMMAND...: ok when the command succeeds; its output is shown when it does not.
check() {
	local text=$1
	shift
	if "$@" >"$WORK/check" 2>&1; then
		story_result ok "$text"
	else
		story_result not "$text"
		note "failed: $*"
		sed 's/^/# /' "$WORK/check"
		return 1
	fi
}

not() { ! "$@"; }

# is TEXT EXPECTED GOT
is() {
	if [ "$2" = "$3" ]; then
		story_result ok "$1"
	else
		story_result not "$1"
		note "expected: $2"
		note "got:      $3"
		return 1
	fi
}

# has TEXT FILE REGEX, lacks TEXT FILE REGEX (extended regular expressions, per line)
has() {
	if grep -Eq -- "$3" "$2" 2>/dev/null; then
		story_result ok "$1"
	else
		story_result not "$1"
		note "no line of $(basename "$2") matches: $3"
		tail -n 20 "$2" 2>&1 | sed 's/^/# | /'
		return 1
	fi
}

lacks() {
	if ! grep -E -- "$3" "$2" >"$WORK/check" 2>/dev/null; then
		story_result ok "$1"
	else
		story_result not "$1"
		note "lines of $(basename "$2") match: $3"
		sed 's/^/# | /' "$WORK/check"
		return 1
	fi
}

# skip REASON: the whole story cannot be told here. skip_check TEXT REASON: one check of it.
skip() {
	echo "1..0 # SKIP $1"
	story_finished=yes
	exit 0
}
skip_check() {
	story_checks=$((story_checks + 1))
	echo "ok $story_checks - $1 # SKIP $2"
}

# The end of every story.
finish() {
	if [ "$story_failed" -gt 0 ] && [ -s "$LOG" ]; then
		note "the guard's log:"
		tail -n 40 "$LOG" | sed 's/^/# | /'
	fi
	echo "1..$story_checks"
	story_finished=yes
	[ "$story_failed" -eq 0 ] && [ "$story_checks" -gt 0 ]
	exit
}

# --- time ---------------------------------------------------------------------------------------

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# wait_for SECONDS COMMAND...: polls every 20 ms until it succeeds; fails at the deadline.
wait_for() {
	local end=$(($(now_ms) + $1 * 1000 * STORY_SLOW))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		pause
	done
}

logged() { grep -Eq -- "$1" "$LOG"; }
exists() { [ -e "$1" ]; }
alive() { kill -0 "$1" 2>/dev/null; }
gone() { ! alive "$1"; }
file_has() { grep -Eq -- "$2" "$1" 2>/dev/null; }

# --- cgroups ------------------------------------------------------------------------------------

# shellcheck source-path=SCRIPTDIR
. "$STORY_LIB/cgroup.sh"

# First line of a story that needs a real memory limit.
needs_cgroup() {
	local problem
	problem=$(cgroup_problem)
	[ -z "$problem" ] || skip "$problem"
}

# make_cgroup NAME LIMIT [PARENT]: LIMIT like 64M or max; PARENT is a NAME made before. No swap.
make_cgroup() {
	local parent=${3:+${CG[$3]}}
	parent=${parent:-$CGROUP_ROOT}
	local dir=$parent/oomguard-$STORY-$$-$1
	if [ "$CGROUP_VERSION" = 2 ]; then
		echo +memory >"$parent/cgroup.subtree_control" 2>/dev/null || :
		echo +pids >"$parent/cgroup.subtree_control" 2>/dev/null || :
	fi
	mkdir "$dir" || return
	CG[$1]=$dir
	story_cg_order+=("$dir")
	cgroup_limit "$1" "$2"
}

# cgroup_limit NAME LIMIT: also while it is in use.
cgroup_limit() {
	local dir=${CG[$1]} limit=$2
	[ "$limit" != max ] || limit=$CG_UNLIMITED
	if [ -e "$dir/memory.swap.max" ]; then
		echo 0 >"$dir/memory.swap.max"
	elif [ -e "$dir/memory.memsw.limit_in_bytes" ]; then
		echo -1 >"$dir/memory.memsw.limit_in_bytes" # has to be the larger one at any time
	fi
	echo "$limit" >"$dir/$CG_LIMIT"
	if [ -e "$dir/memory.memsw.limit_in_bytes" ]; then
		echo "$limit" >"$dir/memory.memsw.limit_in_bytes"
	fi
}

# cgroup_read NAME FILE, and what differs between the versions by one name.
cgroup_read() { cat "${CG[$1]}/$2"; }
cgroup_usage() { cgroup_read "$1" "$CG_USAGE"; }
cgroup_oom_kills() {
	local file=memory.events
	[ "$CGROUP_VERSION" = 2 ] || file=memory.oom_control
	awk '$1 == "oom_kill" { print $2 }' "${CG[$1]}/$file"
}
cgroup_pids() { cat "${CG[$1]}/cgroup.procs"; }
cgroup_empty() { [ -z "$(cat "${CG[$1]}/cgroup.procs")" ]; }

# cgroup_pids_max NAME N: at most N processes. On v1 that is another hierarchy, with a group beside.
declare -A CG_PIDS=()
cgroup_pids_max() {
	if [ "$CGROUP_VERSION" = 2 ]; then
		echo "$2" >"${CG[$1]}/pids.max"
		return
	fi
	[ -d /sys/fs/cgroup/pids ] || return
	if [ -z "${CG_PIDS[$1]:-}" ]; then
		CG_PIDS[$1]=/sys/fs/cgroup/pids/$(basename "${CG[$1]}")
		mkdir "${CG_PIDS[$1]}" || return
		story_cg_order+=("${CG_PIDS[$1]}")
		for pid in $(cgroup_pids "$1"); do
			echo "$pid" >"${CG_PIDS[$1]}/cgroup.procs"
		done
	fi
	echo "$2" >"${CG_PIDS[$1]}/pids.max"
}

# in_cgroup NAME COMMAND...: in the foreground. NAME - is no cgroup.
in_cgroup() (
	[ "$1" = - ] || echo "$BASHPID" >"${CG[$1]}/cgroup.procs" || exit 99
	shift
	exec "$@"
)

# launch NAME COMMAND...: the same in the background; $LAUNCHED is its pid.
launch() {
	local dir=-
	[ "$1" = - ] || dir=${CG[$1]}
	shift
	(
		trap - EXIT TERM
		[ "$dir" = - ] || echo "$BASHPID" >"$dir/cgroup.procs" || exit 99
		exec "$@"
	) </dev/null &
	LAUNCHED=$!
	story_pids+=("$LAUNCHED")
}

# A look of the guard costs twenty times as much where the machine is emulated; its budget of a
# third of a percent would leave it blind for most of the time.
STORY_GUARD=()
[ "$STORY_SLOW" = 1 ] || STORY_GUARD=(-s guard.max-cpu=10%)

# --- the guard ----------------------------------------------------------------------------------

# guard NAME ARG...: $STORY_OOMGUARD ARG... in the cgroup, as PID 1 of a new pid and mount namespace.
# guard_as_child: the same as an ordinary process. $GUARD is what to wait for, $GUARD_PID the guard.
guard() {
	local name=$1
	shift
	launch "$name" unshare -pf --mount-proc --kill-child \
		"${GUARD_WRAP[@]}" "$STORY_OOMGUARD" -s "guard.state-dir=$STATE" \
		"${STORY_GUARD[@]}" "$@" >>"$OUT" 2>>"$LOG"
	GUARD=$LAUNCHED STATUS='' GUARD_PID=''
	wait_for 10 guard_find_pid
}
guard_find_pid() {
	gone "$GUARD" && return
	GUARD_PID=$(pgrep -P "$GUARD" | head -n 1)
	[ -n "$GUARD_PID" ]
}
guard_as_child() {
	local name=$1
	shift
	launch "$name" "${GUARD_WRAP[@]}" "$STORY_OOMGUARD" -s "guard.state-dir=$STATE" \
		"${STORY_GUARD[@]}" "$@" >>"$OUT" 2>>"$LOG"
	GUARD=$LAUNCHED STATUS='' GUARD_PID=$LAUNCHED
}

# guard_status SECONDS: waits for the guard's end; $STATUS is its exit status, "running" at the deadline.
guard_status() {
	STATUS=running
	wait_for "${1:-20}" gone "$GUARD" || return
	wait "$GUARD"
	STATUS=$?
}

# run ARG...: the binary in the foreground, no cgroup, at most 20 s; $STATUS, $OUT, $LOG are of this run.
run() {
	timeout -k 1 $((20 * STORY_SLOW)) "$STORY_OOMGUARD" "$@" </dev/null >"$OUT" 2>"$LOG"
	STATUS=$?
}

# The application's main process (host pid) once it is there: the child that is none of the guard's own.
app_find() {
	local pid
	APP=''
	for pid in $(pgrep -P "$GUARD_PID"); do
		case $(cat "/proc/$pid/comm" 2>/dev/null) in
		'' | oomguard*) ;;
		*) APP=$pid ;;
		esac
	done
	[ -n "$APP" ]
}
app_pid() { wait_for "${1:-10}" app_find; }

# The incident directories, oldest first; the newest of a level.
incidents() { find "$STATE" -path '*/incidents/*' -prune -type d 2>/dev/null | sort; }
incident_of() { incidents | grep -E -- "-$1(-[0-9]+)?\$" | tail -n 1; }
incident_count() { incidents | wc -l; }
json_get() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }
json_valid() { python3 -m json.tool "$1" >/dev/null; }

# --- programs -----------------------------------------------------------------------------------

PROGRAMS=${STORY_PROGRAMS:-}
if [ -z "$PROGRAMS" ]; then
	PROGRAMS=$WORK/programs
	"$STORY_LIB/programs.sh" "$PROGRAMS" || { echo "Bail out! programs do not compile"; exit 1; }
fi

# --- the end ------------------------------------------------------------------------------------

# Only what this story started, by pid: our own processes, then whoever is left in our own groups.
story_cleanup() {
	local pid dir i
	for pid in "${story_pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	for ((i = ${#story_cg_order[@]} - 1; i >= 0; i--)); do
		dir=${story_cg_order[i]}
		wait_for 5 story_remove_cgroup "$dir" || note "could not remove $dir"
	done
	wait 2>/dev/null
	story_sweep_sockets
	story_remove_work
}
# A Java VM that was killed leaves its socket, which bars the next one of that pid and another user:
# containers do not share a /tmp, stories do.
story_sweep_sockets() {
	local socket
	for socket in /tmp/.java_pid*; do
		[ ! -S "$socket" ] || grep -qF "$socket" /proc/net/unix || rm -f "$socket"
	done
}
# Nothing is removed while anything is mounted below $WORK: behind a bind mount is somebody else's
# directory, and neither "rm -rf --one-file-system" nor find -xdev can tell it from ours when it is
# on the same disk. Mounts are taken off from the last one to the first; when one stays, all stays.
story_mounts() { awk -v dir="$WORK" '$5 == dir || index($5, dir "/") == 1 { print $5 }' /proc/self/mountinfo; }
story_remove_work() {
	local mount
	exec {story_never}>&- # or the disk stays busy
	story_mounts | tac | while read -r mount; do
		umount "$mount" 2>/dev/null
	done
	if [ -n "$(story_mounts)" ]; then
		note "left behind, something is still mounted there: $WORK"
		return
	fi
	case $WORK in
	/*/oomguard-story.??????) rm -rf --one-file-system "$WORK" ;;
	esac
}
story_remove_cgroup() {
	local pid
	[ -d "$1" ] || return 0
	while read -r pid; do
		kill -KILL "$pid" 2>/dev/null
	done <"$1/cgroup.procs"
	rmdir "$1" 2>/dev/null
}
story_exit() {
	local status=$?
	trap - EXIT TERM INT
	exec 2>/dev/null
	[ "$story_finished" = yes ] || {
		echo "not ok $((story_checks + 1)) - the story is told to its end"
		note "it stopped with status $status"
		tail -n 40 "$LOG" | sed 's/^/# | /'
		status=1
	}
	story_cleanup
	exit "$status"
}
trap story_exit EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

[ -x "$STORY_OOMGUARD" ] || { echo "Bail out! no binary to test: $STORY_OOMGUARD"; exit 1; }
echo "# $STORY"
