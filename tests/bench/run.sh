#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The benchmark: tables on standard output, raw rows as CSV in a directory. On a machine that has
# nothing else to do; a cell that misses its goal is shown as missing it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
all_parts=(catch latency cost alarms growth core)

usage() {
	cat <<-END
	usage: sudo tests/bench/run.sh [OPTIONS] [PART...]

	parts (default: all):
	  catch    how many are stopped before the kernel does it; beside fixed periods and peers
	  latency  from crossing a level to log line, freeze, snapshot, stop signal; overshoot
	  cost     memory, CPU and start-up against other inits and earlyoom
	  alarms   what must not be taken for danger
	  growth   cost with 1 to 1000 processes, 1 to 10,000 threads
	  core     the core writer against gdb's gcore
	  vm       catch under kernel 6.1 with cgroup v2, in a virtual machine

	options:
	  --full     all cells, 50 runs each (20 in the virtual machine): hours
	  --runs N   of each cell
	  --peers    catch: monit and pm2 as well (pm2 from npm, monit from Debian)
	  -o DIR     where the CSV goes (default: a new directory, which is told)
	END
}

out='' parts=() options=() arms='oomguard,every 100 ms,every second' peers=no
while [ $# -gt 0 ]; do
	case $1 in
	--full) options+=(--full) ;;
	--runs) options+=(--runs "${2:?--runs needs a number}") && shift ;;
	--peers) peers=yes ;;
	-o) out=${2:?-o needs a directory} && shift ;;
	-h | --help) usage && exit 0 ;;
	catch | latency | cost | alarms | growth | core | vm) parts+=("$1") ;;
	*) usage >&2 && exit 64 ;;
	esac
	shift
done
[ ${#parts[@]} -gt 0 ] || parts=("${all_parts[@]}")
[ "$(id -u)" = 0 ] || { echo "the benchmark makes memory cgroups: run it as root" >&2 && exit 1; }

"$here/../lib/packages.sh" build bench
work=$(mktemp -d "${TMPDIR:-/var/tmp}/oomguard-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
out=${out:-$(mktemp -d "${TMPDIR:-/var/tmp}/oomguard-rows.XXXXXX")}
mkdir -p "$out"
if [ "$peers" = yes ]; then
	"$here/../lib/packages.sh" peers
	arms+=,monit
	if npm install --silent --prefix "$work/npm" pm2 >"$work/npm.log" 2>&1; then
		export PATH=$work/npm/node_modules/.bin:$PATH
		arms+=,pm2
	else
		echo "pm2 cannot be installed from npm: done without" >&2
	fi
fi

echo "building" >&2
"$here/../lib/build.sh" "$work/build/static" --enable-static-binary >"$work/build.log" 2>&1 ||
	{ tail -n 20 "$work/build.log" >&2 && exit 1; }
export STORY_OOMGUARD=$work/build/static/src/oomguard STORY_PROGRAMS=$work/programs
"$here/../lib/programs.sh" "$STORY_PROGRAMS"
for c in "$here"/*.c; do
	gcc -std=gnu11 -O2 -D_GNU_SOURCE -static -pthread -o "$STORY_PROGRAMS/$(basename "$c" .c)" "$c"
done

echo "$(uname -sr), $(nproc) CPUs ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1))," \
	"$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
	"load $(cut -d ' ' -f 1 /proc/loadavg), $(date -u +%F)"
for part in "${parts[@]}"; do
	case $part in
	catch) python3 "$here/catch.py" --out "$out" --arms "$arms" "${options[@]}" ;;
	vm) "$here/vm.sh" "$out" "${options[@]}" ;;
	core) "$here/core.sh" ;;
	*) python3 "$here/$part.py" --out "$out" "${options[@]}" ;;
	esac
done
echo
echo "rows: $out"
