#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything and runs every test; ends with "N passed, N failed, N skipped".
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
all_parts=(lint unit stories pid1 engines vm analysis)

usage() {
	cat <<-END
	usage: tests/run.sh [OPTIONS] [PART...]

	parts (default: all):
	  lint      rules about the source text
	  unit      unit tests
	  stories   the guard against this machine's kernel and a real memory cgroup
	  pid1      conformance of a PID 1
	  engines   the static binary under runc, docker and podman; the images and manifests of examples/
	  vm        stories again under kernels 6.1 and 6.12 with cgroup v2, and what only they can show
	  analysis  unit tests under sanitizers, static analysis, fuzzing, valgrind, distcheck

	options:
	  -m PATTERN    only tests whose name matches (extended regular expression)
	  -o DIR        keep the results (TAP and logs) in DIR
	  --keep        keep the build and the results, and say where
	  --no-install  do not install missing packages

	environment:
	  STORY_LONG     seconds that a "nothing happens" story watches (15)
	  STORY_TIMEOUT  seconds until a story is ended (180)
	  STORY_JOBS     stories at a time (twice the number of CPUs)
	END
}

# --- what was asked for -------------------------------------------------------------------------

install=yes keep=no pattern=. results='' parts=()
while [ $# -gt 0 ]; do
	case $1 in
	--no-install) install=no ;;
	--keep) keep=yes ;;
	-m) pattern=${2:?-m needs a pattern} && shift ;;
	-o) results=${2:?-o needs a directory} && shift ;;
	-h | --help) usage && exit 0 ;;
	*)
		# shellcheck disable=SC2076 # a word, not a pattern
		[[ " ${all_parts[*]} " =~ " $1 " ]] || { usage >&2 && exit 64; }
		parts+=("$1")
		;;
	esac
	shift
done
[ ${#parts[@]} -gt 0 ] || parts=("${all_parts[@]}")
wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

work=$(mktemp -d "${TMPDIR:-/tmp}/oomguard-tests.XXXXXX")
chmod 755 "$work" # tests as other users run the binary from here
declare -A running=() # scripts: pid -> COLUMN NAME START
analysis='' # the process that runs this part
stop_scripts() {
	local pid
	for pid in "${!running[@]}" $analysis; do kill -TERM "$pid" 2>/dev/null; done
}
leave() {
	stop_scripts
	if [ "$keep" = yes ]; then
		echo "kept: $work" >&2
	else
		rm -rf "$work"
	fi
}
trap leave EXIT
trap 'exit 143' TERM HUP
trap 'exit 130' INT
results=${results:-$work/results}
mkdir -p "$results" || exit 1
results=$(cd "$results" && pwd)
rm -f "$results"/*/*.tap "$results"/*/*.log

# --- what is needed -----------------------------------------------------------------------------

die() {
	printf 'tests/run.sh: %s\n' "$@" >&2
	exit 1
}

# shellcheck source-path=SCRIPTDIR
. "$here/lib/cgroup.sh"

if wants stories || wants pid1 || wants engines || wants vm; then
	[ "$(id -u)" = 0 ] || die "stories, pid1, engines and vm need root: run 'sudo tests/run.sh'," \
		"or only what needs none: 'tests/run.sh lint unit analysis'."
	if wants stories; then
		problem=$(cgroup_problem)
		[ -z "$problem" ] || die "the stories need a writable memory cgroup, and there is none: $problem." \
			"What needs none: 'tests/run.sh lint unit pid1 vm analysis'."
	fi
fi

sets=(build)
for part in unit stories lint engines vm analysis; do
	if wants "$part"; then sets+=("$part"); fi
done
if wants pid1 || wants vm; then sets+=(stories); fi
if wants vm; then sets+=(engines); fi
if wants analysis; then sets+=(unit); fi
if [ "$install" = yes ]; then
	"$here/lib/packages.sh" "${sets[@]}" </dev/null || die "packages are missing (see above)"
else
	"$here/lib/packages.sh" --check "${sets[@]}" || echo "(--no-install: going on without)" >&2
fi

# --- the pieces ---------------------------------------------------------------------------------

say() { printf '%s\n' "$*" >&2; }

# One line of TAP in the name of something that could not even be started.
tap_failure() { # COLUMN NAME TEXT [LOG]
	mkdir -p "$results/$1"
	printf 'not ok 1 - %s\n1..1\n' "$3" >"$results/$1/$2.tap"
	[ -z "${4:-}" ] || cp "$4" "$results/$1/$2.log" 2>/dev/null
}

build() { # NAME CONFIGURE-ARG...
	local name=$1
	shift
	say "building ($name)"
	nice "$here/lib/build.sh" "$work/build/$name" "$@" >"$work/build-$name.log" 2>&1 </dev/null && return
	tap_failure build "$name" "builds with: configure $*" "$work/build-$name.log"
	return 1
}

# The cgroups of a story that had to be killed; its pid is in their names.
sweep() { # NAME PID
	local dir procs pid
	find /sys/fs/cgroup -depth -type d -name "oomguard-$1-$2-*" 2>/dev/null | while read -r dir; do
		procs=$(cat "$dir/cgroup.procs" 2>/dev/null)
		for pid in $procs; do kill -KILL "$pid" 2>/dev/null; done
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			rmdir "$dir" 2>/dev/null && break
			sleep 0.1
		done
	done
}

# Scripts run with their time limit, STORY_JOBS of them at a time (they mostly wait: two at a time leave
# three quarters of two CPUs idle); whatever happens there is TAP of the script afterwards.
jobs=${STORY_JOBS:-$((2 * $(nproc)))}
start_script() { # COLUMN SCRIPT
	local name limit_s=${STORY_TIMEOUT:-180}
	[ "$1" != analysis ] || limit_s=${ANALYSIS_TIMEOUT:-1500} # compiles everything, beside other things
	name=$(basename "$2" .sh)
	mkdir -p "$results/$1"
	# shellcheck disable=SC2016 # expanded by the inner shell
	timeout -k 20 "$limit_s" bash -c 'echo $$ >"$0"; exec bash "$1"' \
		"$work/pid.$name" "$2" >"$results/$1/$name.tap" 2>"$results/$1/$name.log" </dev/null &
	running[$!]="$1 $name $SECONDS"
}
finish_one() {
	local pid status column name start tap
	wait -n -p pid "${!running[@]}"
	status=$?
	read -r column name start <<<"${running[$pid]}"
	unset "running[$pid]"
	tap=$results/$column/$name.tap
	if [ "$status" -ge 124 ]; then
		echo "not ok - ended by the test run after $((SECONDS - start)) s (status $status)" >>"$tap"
		sweep "$name" "$(cat "$work/pid.$name")"
	elif [ "$status" != 0 ] && ! grep -Eq '^(not ok|Bail out)' "$tap"; then
		echo "not ok - exit status $status" >>"$tap"
	fi
	tell "$column" "$name" "$tap" $((SECONDS - start))
}

tell() { # COLUMN NAME TAP SECONDS
	local verdict=ok
	if grep -Eq '^(not ok|Bail out)' "$3"; then
		verdict=FAILED
	elif grep -Eq '^1\.\.0' "$3"; then
		verdict=skipped
	fi
	say "$(printf '%-8s %-11s %3d s  %s' "$verdict" "$1" "$4" "${2//_/ }")"
}

scripts_of() { # FOLDER...: what matches the pattern
	local folder script
	for folder in "$@"; do
		for script in "$folder"/*.sh; do
			if [ -e "$script" ] && basename "$script" .sh | grep -Eq -- "$pattern"; then
				echo "$script"
			fi
		done
	done
}

run_folder() { # COLUMN FOLDER
	local script
	for script in $(scripts_of "$2"); do
		while [ ${#running[@]} -ge "$jobs" ]; do finish_one; done
		start_script "$1" "$script"
	done
	while [ ${#running[@]} -gt 0 ]; do finish_one; done
}

# The logs that "make check" leaves behind are the TAP of each test.
collect_check() { # COLUMN BUILD
	local log name n=0
	mkdir -p "$results/$1"
	for log in "$work/build/$2"/tests/unit/*.log; do
		[ -e "$log" ] || continue
		name=$(basename "$log" .log)
		n=$((n + 1))
		echo "$name" | grep -Eq -- "$pattern" || continue
		cp "$log" "$results/$1/$name.tap"
		tell "$1" "$name" "$log" 0
	done
	[ $n -gt 0 ] || tap_failure "$1" make_check "make check runs" "$work/check-$2.log"
}

run_unit() { # COLUMN BUILD CONFIGURE-ARG...
	local column=$1 name=$2
	shift 2
	build "$name" "$@" || return
	say "make check ($name)"
	# The lints are a part of their own.
	CMOCKA_MESSAGE_OUTPUT=TAP nice make -k -C "$work/build/$name" -j"$(nproc)" check lints= \
		>"$work/check-$name.log" 2>&1 </dev/null
	collect_check "$column" "$name"
}

need_static() { # once; the others then find it
	[ -n "${STORY_OOMGUARD:-}" ] && return
	[ ! -e "$work/static-failed" ] || return
	build static --enable-static-binary --enable-werror || { : >"$work/static-failed" && return 1; }
	export STORY_OOMGUARD=$work/build/static/src/oomguard
	export STORY_PROGRAMS=$work/programs
	"$here/lib/programs.sh" "$STORY_PROGRAMS" >"$work/programs.log" 2>&1 && return
	tap_failure build programs "tests/programs compile" "$work/programs.log"
	: >"$work/static-failed"
	return 1
}

# --- the parts ----------------------------------------------------------------------------------

host=host-v$CGROUP_VERSION

part_lint() {
	srcdir=$top run_folder lint "$here/lint"
}
part_unit() {
	run_unit unit dynamic --enable-werror
}
# Stories run beside each other and may starve each other: what fails is tried again alone, twice at
# most, and the log and the TAP say that it was not the first try.
again_alone() { # FOLDER
	local script name
	for script in $(scripts_of "$1"); do
		name=$results/$host/$(basename "$script" .sh)
		grep -Eqs '^(not ok|Bail out)' "$name.tap" || continue
		say "trying $(basename "$script" .sh) again, alone"
		cat "$name.tap" "$name.log" >"$name.first-try" 2>/dev/null
		start_script "$host" "$script"
		finish_one
		echo "# tried again; the try before is in $(basename "$name").first-try" >>"$name.tap"
	done
}
part_stories() {
	need_static && run_folder "$host" "$here/stories" && again_alone "$here/stories" && again_alone "$here/stories"
}
part_pid1() {
	need_static && run_folder "$host" "$here/pid1" && again_alone "$here/pid1" && again_alone "$here/pid1"
}
engines=(runc docker podman images manifests)
run_engines() { # ENGINE...
	"$here/engines/run.sh" "$results" "$@" >"$work/engines.log" 2>&1 </dev/null
}
# An engine has races of its own: what failed is tried once more, and says so.
engines_again() {
	local engine dir tap
	for engine in "${engines[@]}"; do
		dir=$results/$engine
		grep -Eqs '^(not ok|Bail out)' "$dir"/*.tap || continue
		say "trying $engine again"
		rm -rf "$dir.first-try" && mv "$dir" "$dir.first-try"
		run_engines "$engine"
		for tap in "$dir"/*.tap; do
			echo "# tried again; the try before is in $engine.first-try" >>"$tap"
		done
		mv "$dir.first-try" "$dir/first-try"
	done
}
part_engines() {
	local engine tap
	need_static || return
	[ -x "$here/engines/run.sh" ] || return
	say "engines"
	run_engines "${engines[@]}" || ls "$results"/{runc,docker,podman,images,manifests}/*.tap >/dev/null 2>&1 ||
		tap_failure engines run "tests/engines/run.sh runs" "$work/engines.log"
	engines_again
	for engine in "${engines[@]}"; do
		for tap in "$results/$engine"/*.tap; do
			if [ -e "$tap" ]; then tell "$engine" "$(basename "$tap" .tap)" "$tap" 0; fi
		done
	done
}
# Engines in a virtual machine tell many claims in one TAP: a column of their own.
split_engines() { # KERNEL
	local engine from
	for engine in crun podman; do
		from=$results/vm-$1/$engine
		[ -e "$from.tap" ] || continue
		touch "$from.log"
		"$here/engines/split.sh" "$from.tap" "$from.log" "$results/$engine-$1"
		rm -f "$from.tap" "$from.log"
	done
}
# One machine at a time and nothing beside it: emulated time is scarce. Stories that need no cgroup
# are the same everywhere; those with a line "# host only: WHY" are told as skipped. What fails is
# tried again, twice at most, in a machine of its own, and says so: under emulation two scripts at a time may
# starve each other.
boot() { # KERNEL SCRIPT...
	STORY_LONG=${STORY_LONG:-6} "$here/vm/run.sh" "$1" "$results/vm-$1" "${@:2}" \
		>>"$work/vm-$1.log" 2>&1 </dev/null
}
failed_scripts() { # KERNEL SCRIPT...
	local script tap
	for script in "${@:2}"; do
		tap=$results/vm-$1/$(basename "$script" .sh).tap
		if [ ! -e "$tap" ] || grep -Eq '^(not ok|Bail out)' "$tap"; then echo "$script"; fi
	done
}
try_again() { # KERNEL SCRIPT...
	local again script name
	mapfile -t again < <(failed_scripts "$@")
	[ ${#again[@]} -gt 0 ] || return 0
	for script in "${again[@]}"; do
		name=$results/vm-$1/$(basename "$script" .sh)
		[ ! -e "$name.log" ] || mv "$name.log" "$name.first-try"
		[ ! -e "$name.tap" ] || cat "$name.tap" >>"$name.first-try"
	done
	say "trying ${#again[@]} of them again"
	OOMGUARD_VM_LANES=1 boot "$1" "${again[@]}"
	for script in "${again[@]}"; do
		name=$results/vm-$1/$(basename "$script" .sh)
		[ ! -e "$name.tap" ] || echo "# tried again; the try before is in $(basename "$name").first-try" >>"$name.tap"
	done
}
tell_skipped() { # KERNEL SCRIPT...
	local script
	for script in "${@:2}"; do
		echo "1..0 # SKIP $(sed -n 's/^# host only: //p' "$script")" \
			>"$results/vm-$1/$(basename "$script" .sh).tap"
	done
}
run_vm() { # KERNEL
	local tap scripts skipped
	mapfile -t scripts < <(
		scripts_of "$here/stories" | xargs -r -d '\n' grep -l '^needs_cgroup' |
			xargs -r -d '\n' grep -L '^# host only: '
		scripts_of "$here/vm/scripts"
	)
	mapfile -t skipped < <(scripts_of "$here/stories" | xargs -r -d '\n' grep -l '^# host only: ')
	[ ${#scripts[@]} -gt 0 ] || return 0
	say "virtual machine with kernel $1: ${#scripts[@]} scripts"
	mkdir -p "$results/vm-$1"
	boot "$1" "${scripts[@]}"
	try_again "$1" "${scripts[@]}"
	try_again "$1" "${scripts[@]}"
	[ ${#skipped[@]} = 0 ] || tell_skipped "$1" "${skipped[@]}"
	[ -n "$(find "$results/vm-$1" -name '*.tap')" ] ||
		tap_failure "vm-$1" run "tests/vm/run.sh $1 runs" "$work/vm-$1.log"
	split_engines "$1"
	for tap in "$results"/{vm,crun,podman}-"$1"/*.tap; do
		if [ -e "$tap" ]; then
			tell "$(basename "$(dirname "$tap")")" "$(basename "$tap" .tap)" "$tap" 0
		fi
	done
}
part_vm() {
	local kernel
	need_static || return
	[ -x "$here/vm/run.sh" ] || return
	for kernel in 6.1 6.12; do run_vm "$kernel"; done
}
part_analysis() {
	run_unit asan sanitizers --enable-sanitizers
	jobs=$(nproc) # no waiting there
	STORY_TIMEOUT=${STORY_TIMEOUT:-600} ANALYSIS_SOURCE=$work/build/source run_folder analysis \
		"$here/analysis"
}

# What looks at the clock comes first. Then the analysis, which does not, takes what a virtual machine
# leaves idle (half of two CPUs): at the lowest priority it takes nothing else.
run_all() {
	local part
	for part in stories pid1 engines lint unit; do
		if wants "$part"; then "part_$part"; fi
	done
	if wants analysis; then
		(trap stop_scripts EXIT && part_analysis) &
		analysis=$!
		renice -n 19 -p "$analysis" >/dev/null
	fi
	if wants vm; then part_vm; fi
	[ -z "$analysis" ] || wait "$analysis"
	"$here/lib/table.py" "$results"
}
run_all && exit 0 || exit 1 # one line, read before it runs: this file may be edited meanwhile
