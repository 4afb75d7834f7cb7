#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# Without any setting: a program of no known runtime.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v gdb >/dev/null || skip "no gdb"
command -v zstd >/dev/null || skip "no zstd"
make_cgroup app 200M

guard app -v -s level.dump.at=50% -s level.dump.growing=no -s level.profile.actions=log \
	-s level.restart.actions=log -s level.brink.actions=log \
	-- "$PROGRAMS/leak" --from 90M --to 120M --rate 10M --threads 3
check "a core is written" wait_for 40 logged \
	'dump level: heap dump of pid [0-9]+ \(leak\) done: incidents/.*/core-[0-9]+\.elf\.zst, [0-9.]+[KM]iB in .*\(core of 4 threads, stopped for [0-9.]+m?s.*; [0-9]+MiB before zstd\)'
app_find
packed=$(find "$STATE" -name 'core-*.elf*')
is "the packed one is all there is" 1 "$(find "$STATE" -name 'core-*' | wc -l)"
is "it is the owner's alone" 600 "$(stat -c %a "$packed")"
core=$WORK/core
check "zstd unpacks it" zstd -qd "$packed" -o "$core"
gdb -batch -ex 'info threads' -ex 'thread apply all bt' "$PROGRAMS/leak" "$core" >"$WORK/gdb" 2>&1
is "gdb finds four threads" 4 "$(grep -c '^[* ] *[0-9]\+ .*LWP' "$WORK/gdb")"
is "and their functions" 3 "$(grep -c ' in leaking_worker_waits ' "$WORK/gdb")"
has "main is there" "$WORK/gdb" '^#[0-9]+ .*main \('
lacks "nothing is wrong with the file" "$WORK/gdb" "[Ww]arning: .*(truncated|corrupt)|Cannot access memory"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
check "the program is not left stopped" not grep -q '^State:.*[Tt] (' "/proc/$APP/status"
check "nobody traces it" grep -q '^TracerPid:.0$' "/proc/$APP/status"
kill -TERM "$GUARD_PID"
guard_status 10
is "and it can end" 0 "$STATUS"
finish
