#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Shows the whole story on this machine: installs what is missing, builds oomguard, and runs a leaking
# Python program under it, as PID 1 and with a real limit of 128 MiB.
set -u
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

prepare
make_place 128M
python=$(python3 -c 'import sys; print(sys.executable)')
leak_line=$(grep -n 'bytearray' "$here/quickstart/leaky.py" | cut -d: -f1)

title "a leaking program as PID 1's child in a cgroup of 128 MiB (it takes about 25 seconds)"
echo "oomguard -- python3 leaky.py    leaks 64 KiB a hundred times a second in line $leak_line:"
sed -n "${leak_line}p" "$here/quickstart/leaky.py"
echo

start=$SECONDS
run_guarded -- "$python" "$here/quickstart/leaky.py" "$work/heap.tracemalloc" </dev/null 2>&1 | while IFS= read -r line; do
	printf '%3d s  %s\n' $((SECONDS - start)) "$line"
done
status=${PIPESTATUS[0]}

# --- what is left of it -------------------------------------------------------------------------

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
