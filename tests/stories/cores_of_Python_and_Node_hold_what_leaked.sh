#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# Runtimes that have no better way from outside: the core is what there is.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v gdb >/dev/null || skip "no gdb"
command -v zstd >/dev/null || skip "no zstd"

cat >"$WORK/leak.py" <<'PY'
import time
kept = []
for i in range(100):
    kept.append("planted-culprit-%d " % i * 60000)
    time.sleep(0.03)
print("all is kept", flush=True)
time.sleep(1000)
PY
cat >"$WORK/leak.js" <<'JS'
const kept = [];
const timer = setInterval(() => {
	kept.push(Buffer.from(`planted-culprit-${kept.length} `.repeat(60000)));
	if (kept.length == 100) {
		clearInterval(timer);
		console.log("all is kept");
		setInterval(() => kept, 1000);
	}
}, 30);
JS
core_of() { # NAME COMMAND...
	local name=$1 core
	shift
	command -v "$1" >/dev/null || { skip_check "$name" "not here"; return; }
	: >"$LOG" && : >"$OUT"
	make_cgroup "$name" 400M
	guard "$name" -v -s level.warn.actions=log -s level.profile.actions=log \
		-s level.dump.at=20% -s level.dump.growing=no -s level.restart.actions=log -s level.brink.actions=log -- "$@"
	check "$name: a core is written" wait_for 60 logged 'done: incidents/.*/core-[0-9]+\.elf\.zst'
	core=$WORK/core-$name
	zstd -qd "$(find "$STATE" -name 'core-*.elf.zst' | tail -n 1)" -o "$core"
	gdb -batch -ex 'info threads' "$(readlink -f "/proc/$(app_pid && echo "$APP")/exe")" "$core" \
		>"$WORK/gdb" 2>&1
	check "$name: gdb opens it" grep -q LWP "$WORK/gdb"
	check "$name: what leaked is in it" grep -aq 'planted-culprit-7 ' "$core"
	check "$name: the program goes on" wait_for 60 file_has "$OUT" 'all is kept'
	kill -KILL "$GUARD_PID"
	guard_status 10
	rm -rf "${STATE:?}"/*
}
core_of python python3 "$WORK/leak.py"
core_of node node "$WORK/leak.js"
finish
