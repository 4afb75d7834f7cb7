# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # variables are for the scripts
# What the scripts beside this file share: $binary, $work and a cgroup with a limit in $group.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
name=$(basename "$0" .sh)
# shellcheck source-path=SCRIPTDIR source=../tests/lib/cgroup.sh
. "$top/tests/lib/cgroup.sh"

die() {
	echo "$name: $*" >&2
	exit 1
}
title() { printf '\n\033[1m%s\033[0m\n' "--- $*"; }

# SET...: what is missing of the packages is installed; then $binary is there.
prepare() {
	local problem build
	problem=$(cgroup_problem)
	[ -z "$problem" ] || die "this needs root and a memory cgroup that it may write, and has not: $problem"
	"$top/tests/lib/packages.sh" build demo "$@" </dev/null || die "packages are missing (see above)"
	binary=${OOMGUARD:-}
	if [ -z "$binary" ]; then
		build=$top/build/quickstart
		title "building oomguard in build/quickstart"
		rm -rf "$build/source"
		mkdir -p "$build"
		"$top/tests/lib/build.sh" "$build/static" --enable-static-binary >"$build/log" 2>&1 </dev/null || {
			tail -n 30 "$build/log"
			die "the build failed; all of its output is in $build/log"
		}
		binary=$build/static/src/oomguard
	fi
	echo "one static file of $(($(stat -c %s "$binary") / 1024)) KiB: $binary"
}

# LIMIT: $work with a state directory, and $group.
make_place() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/oomguard-$name.XXXXXX")
	group=$CGROUP_ROOT/oomguard-$name-$$-${work##*.}
	trap leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir "$group" || die "cannot make the cgroup $group"
	echo "$1" >"$group/$CG_LIMIT" || die "cannot set a limit in $group"
	[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
	mkdir "$work/state"
}
started=() # pids to end
leave() {
	local pid
	for pid in "${started[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -d "$group" ] || break
		while read -r pid; do
			kill -KILL "$pid" 2>/dev/null
		done <"$group/cgroup.procs"
		rmdir "$group" 2>/dev/null || sleep 0.1
	done
	wait 2>/dev/null
	rm -rf "$work"
}

# ARG...: the guard in $group, as PID 1. Its state directory is a mount of its own, as a volume is.
run_guarded() (
	echo "$BASHPID" >"$group/cgroup.procs"
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare -pf --mount-proc --kill-child \
		sh -c 'mount --bind "$1" "$1" && shift && exec "$@"' sh "$work/state" \
		"$binary" -v -s "guard.state-dir=$work/state" \
		-s dump.kind=signal -s dump.signal=USR1 -s "dump.path=$work/heap.tracemalloc" "$@"
)

failed=0
expect() { # TEXT COMMAND...
	local text=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "  yes   $text"
	else
		echo "  NO    $text"
		failed=1
	fi
}
kills() {
	local file=memory.events
	[ "$CGROUP_VERSION" = 2 ] || file=memory.oom_control
	awk '$1 == "oom_kill" { print $2 }' "$group/$file"
}
