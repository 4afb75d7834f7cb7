#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# The runtime is inside a published program (a single file): no SDK, no dotnet. What it gets is one
# line that never ends, which it keeps as characters.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
[ "$(uname -m)" = x86_64 ] || skip "the program is for x86-64"
command -v npm >/dev/null || skip "no npm"
export HOME=$WORK/home TMPDIR=$WORK/tmp AZURE_MCP_COLLECT_TELEMETRY=false
mkdir "$HOME" "$TMPDIR"
(cd "$WORK" && timeout 90 npm install --no-audit --no-fund --ignore-scripts --prefix "$WORK/az" \
	@azure/mcp-linux-x64@2.0.5) >"$WORK/npm" 2>&1 || skip "npm gives no .NET program: $(tail -n 1 "$WORK/npm")"
app=$WORK/az/node_modules/@azure/mcp-linux-x64/dist/azmcp
[ -x "$app" ] || skip "no .NET program in its package"

cat >"$WORK/feed" <<'SH'
sleep 2
for ((i = 0; i < $1; i++)); do
	head -c 400000 /dev/zero | tr '\0' x
	sleep 0.1
done
: >"$2"
exec sleep 1000
SH
grow() { # NAME LIMIT PIECES ARG...
	local name=$1 pieces=$3
	make_cgroup "$name" "$2"
	shift 3
	guard "$name" -v -s dump.cooldown=0s -s guard.start-grace=0s -s level.warn.growing=no -s level.dump.growing=no \
		-s dump.compress=none "$@" -- bash -c "exec '$app' server start < <(exec bash '$WORK/feed' $pieces '$WORK/fed')"
}

# The line is one array, which doubles: 64, 128, 256 MiB. The levels are between, far from the limit.
grow app 1200M 1000 -s level.warn.actions=log -s level.profile.at=100MiB -s level.dump.at=105MiB \
	-s level.restart.at=230MiB -s level.restart.eta=0s
check "its heap is recorded" wait_for 40 logged \
	'profile level: profile of pid [0-9]+ \(azmcp\) done: incidents/.*\.gcdump\.nettrace, .*largest: System\.Char\[\], '
check "its core is written" wait_for 40 logged \
	'dump level: heap dump of pid [0-9]+ \(azmcp\) done: incidents/.*/dotnet-[0-9]+\.core\.elf, .*createdump'
check "relief is told" wait_for 40 logged 'relief: garbage collection of pid [0-9]+ \(azmcp\): '
check "the guard stops it" guard_status 40
is "gracefully" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
trace=$(find "$STATE" -name '*.nettrace' | head -n 1)
check "the record is whole" python3 "$STORY_LIB/nettrace.py" "$trace"
python3 "$STORY_LIB/nettrace.py" "$trace" >"$WORK/types" 2>&1
has "and names what grows" <(head -n 1 "$WORK/types") '^[0-9]{8,} [0-9]+ System\.Char\[\]$'
types=$(find "$STATE" -name '*.types.txt' | head -n 1)
has "so does the text beside it" <(sed -n 2p "$types") '^ +[0-9]+ +[0-9]{8,}  System\.Char\[\]$'
core=$(find "$STATE" -name '*.core.elf')
if command -v gdb >/dev/null; then
	gdb -batch -ex 'info threads' "$app" "$core" >"$WORK/gdb" 2>&1
	has "gdb opens the core" "$WORK/gdb" 'Thread 0x'
fi

# So little room that the runtime's own dump does not fit: what fits is taken, and nobody is killed.
: >"$LOG"
grow tight 500M 60 -s level.warn.actions=log -s level.profile.actions=log -s level.dump.at=85% \
	-s level.restart.actions=log -s level.brink.actions=log -s level.emergency.actions=log
check "all is kept" wait_for 40 exists "$WORK/fed"
in_use=$(cgroup_read tight memory.stat | awk '/^(rss|anon|kernel|shmem) / { n += $2 } END { print n }')
cgroup_limit tight $((in_use + (22 << 20)))
check "another dump is written" wait_for 40 logged \
	'no heap dump of pid [0-9]+ \(azmcp\): not enough headroom.*(core-[0-9]+\.elf|stacks)'
is "the kernel killed nothing here" 0 "$(cgroup_oom_kills tight)"
check "the program goes on" app_pid
finish
