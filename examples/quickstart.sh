#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Shows the whole story on this machine: installs what is missing, builds oomguard, and runs a leaking
# Python program under it, as PID 1 and with a real limit of 128 MiB.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
# shellcheck source-path=SCRIPTDIR source=../tests/lib/cgroup.sh
. "$top/tests/lib/cgroup.sh"

die() {
	echo "quickstart: $*" >&2
	exit 1
}
title() { printf '\n\033[1m%s\033[0m\n' "--- $*"; }

problem=$(cgroup_problem)
[ -z "$problem" ] || die "this needs root and a memory cgroup that it may write, and has not: $problem"
"$top/tests/lib/packages.sh" build demo </dev/null || die "packages are missing (see above)"

# --- build --------------------------------------------------------------------------------------

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

# --- a limit and a program ----------------------------------------------------------------------

work=$(mktemp -d "${TMPDIR:-/tmp}/oomguard-quickstart.XXXXXX")
group=$CGROUP_ROOT/oomguard-quickstart-$$
leave() {
	local pid
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -d "$group" ] || break
		while read -r pid; do
			kill -KILL "$pid" 2>/dev/null
		done <"$group/cgroup.procs"
		rmdir "$group" 2>/dev/null || sleep 0.1
	done
	rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$group" || die "cannot make the cgroup $group"
echo 128M >"$group/$CG_LIMIT" || die "cannot set a limit in $group"
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
mkdir "$work/state"
python=$(python3 -c 'import sys; print(sys.executable)')
leak_line=$(grep -n 'bytearray' "$here/quickstart/leaky.py" | cut -d: -f1)

title "a leaking program as PID 1's child in a cgroup of 128 MiB (it takes about 25 seconds)"
echo "oomguard -- python3 leaky.py    leaks 64 KiB a hundred times a second in line $leak_line:"
sed -n "${leak_line}p" "$here/quickstart/leaky.py"
echo

# The state directory is a mount of its own, as a volume of a container is.
# shellcheck disable=SC2016 # for the inner shell
run_guarded() (
	echo "$BASHPID" >"$group/cgroup.procs"
	exec unshare -pf --mount-proc --kill-child \
		sh -c 'mount --bind "$1" "$1" && shift && exec "$@"' sh "$work/state" \
		"$binary" -v -s "guard.state-dir=$work/state" \
		-s dump.kind=signal -s dump.signal=USR1 -s "dump.path=$work/heap.tracemalloc" \
		-- "$python" "$here/quickstart/leaky.py" "$work/heap.tracemalloc"
)
start=$SECONDS
run_guarded </dev/null 2>&1 | while IFS= read -r line; do
	printf '%3d s  %s\n' $((SECONDS - start)) "$line"
done
status=${PIPESTATUS[0]}

# --- what is left of it -------------------------------------------------------------------------

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
snapshot=$(find "$work/state" -path '*-dump/snapshot.json' | head -n 1)

title "the snapshot, on disk before the dump was asked for"
echo "${snapshot#"$work"/}"
python3 "$here/quickstart/show.py" "$snapshot"

title "the dump, opened with Python's own tracemalloc"
python3 "$here/quickstart/show.py" "$work/heap.tracemalloc" | tee "$work/shown"

title "was that all real?"
expect "the guard stopped the program: exit status $status (75 is 'restart me')" test "$status" = 75
expect "the kernel killed nothing (oom_kill $(kills))" test "$(kills)" = 0
expect "the snapshot is valid JSON" python3 -m json.tool "$snapshot"
head -n 1 "$work/shown" >"$work/first"
expect "the dump names the leaking line, leaky.py:$leak_line, first" \
	grep -q "leaky.py:$leak_line\$" "$work/first"
echo
exit $failed
