# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # variables are for the recipes
#
# What the recipes share: a real limit, the guard as PID 1 in it, and the question whether that was real.
#
#	. "$(dirname "$0")/../recipe.sh"
#	need javac openjdk-17-jdk-headless
#	guarded 256M java -cp "$HERE" Leaky		[OPTIONS=(-s ...) before it]
#	find_dump 'hotspot-*.hprof*'
#	expect "..." COMMAND
#	finish
#
# Every recipe takes a directory in which the evidence stays; without one it is thrown away at the end.
# OOMGUARD names the binary; else it is built in build/quickstart, as examples/quickstart.sh does.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=../tests/lib/cgroup.sh
. "$TOP/tests/lib/cgroup.sh"
OPTIONS=() STATUS='' DUMP='' failed=0

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}
title() { printf '\n\033[1m%s\033[0m\n' "--- $*"; }

need() { # COMMAND PACKAGE
	command -v "$1" >/dev/null || die "needs $1: apt-get install $2"
}

problem=$(cgroup_problem)
[ -z "$problem" ] || die "this needs root and a memory cgroup that it may write, and has not: $problem"

if [ -z "${OOMGUARD:-}" ]; then
	build=$TOP/build/quickstart
	OOMGUARD=$build/static/src/oomguard
	if [ ! -x "$OOMGUARD" ] || [ -n "$(find "$TOP/src" "$TOP/conf" -type f -newer "$OOMGUARD" -print -quit)" ]; then
		"$TOP/tests/lib/packages.sh" build </dev/null || die "packages are missing (see above)"
		title "building oomguard in build/quickstart"
		rm -rf "$build/source"
		mkdir -p "$build"
		"$TOP/tests/lib/build.sh" "$build/static" --enable-static-binary >"$build/log" 2>&1 </dev/null ||
			die "the build failed; all of its output is in $build/log"
	fi
fi

# $WORK is for what the recipe makes, $STATE is the guard's.
WORK=$(mktemp -d "${TMPDIR:-/tmp}/oomguard-recipe.XXXXXX")
STATE=${1:-$WORK/state}
mkdir -p "$STATE"
STATE=$(cd "$STATE" && pwd)
GROUP=$CGROUP_ROOT/oomguard-recipe-$$
leave() {
	local pid
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -d "$GROUP" ] || break
		while read -r pid; do
			kill -KILL "$pid" 2>/dev/null
		done <"$GROUP/cgroup.procs"
		rmdir "$GROUP" 2>/dev/null || sleep 0.1
	done
	rm -rf "$WORK"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# guarded LIMIT COMMAND...: until the guard ends; $STATUS. The state directory is a mount of its own, as
# the volume of a container is.
guarded() {
	local limit=$1 start=$SECONDS
	shift
	mkdir "$GROUP" || die "cannot make the cgroup $GROUP"
	echo "$limit" >"$GROUP/$CG_LIMIT" || die "cannot set a limit in $GROUP"
	[ ! -e "$GROUP/memory.swap.max" ] || echo 0 >"$GROUP/memory.swap.max"
	title "oomguard ${OPTIONS[*]} -- ${*//$HERE\//}    in $limit"
	# shellcheck disable=SC2016 # for the inner shell
	(
		echo "$BASHPID" >"$GROUP/cgroup.procs"
		exec unshare -pf --mount-proc --kill-child \
			sh -c 'mount --bind "$1" "$1" && shift && exec "$@"' sh "$STATE" \
			"$OOMGUARD" -v -s "guard.state-dir=$STATE" "${OPTIONS[@]}" -- "$@"
	) </dev/null 2>&1 | while IFS= read -r line; do
		printf '%3d s  %s\n' $((SECONDS - start)) "$line"
	done
	STATUS=${PIPESTATUS[0]}
	expect "the guard stopped the program: exit status $STATUS" test "$STATUS" = 75
	expect "the kernel killed nothing (oom_kill $(kills))" test "$(kills)" = 0
}
kills() {
	local file=memory.events
	[ "$CGROUP_VERSION" = 2 ] || file=memory.oom_control
	awk '$1 == "oom_kill" { print $2 }' "$GROUP/$file"
}

# find_dump PATTERN: the newest; $DUMP.
find_dump() {
	DUMP=$(find "$STATE" -path '*/incidents/*' -name "$1" | sort | tail -n 1)
	expect "there is a dump" test -s "$DUMP"
	title "the dump: ${DUMP#"$STATE"/}, $(($(stat -c %s "$DUMP" 2>/dev/null || echo 0) / 1024)) KiB"
}

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
finish() {
	[ -z "${1:-}" ] || printf '\n%s\n' "$1"
	exit "$failed"
}
