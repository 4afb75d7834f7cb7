#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# The limit comes down to 20 MiB above what is in use, where nothing big fits; then the dump is taken.
# STORY_ROUNDS=50 looks longer.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup

cat >"$WORK/hold.js" <<'JS'
const kept = [];
for (let i = 0; i < 300000; i++)
	kept.push({ number: i, pair: [i, i + 1] });
console.log("all is kept");
setInterval(() => { kept[Math.floor(Math.random() * kept.length)] = { number: 1, pair: [1, 2] }; }, 10);
JS
cat >"$WORK/hold.py" <<'PY'
import random, time

class Kept:
    def __init__(self, i):
        self.name = "kept %d" % i

kept = [Kept(i) for i in range(200000)]
print("all is kept", flush=True)
while True:
    time.sleep(0.01)
    kept[random.randrange(len(kept))] = Kept(1)
PY
in_use() { cgroup_read "$1" memory.stat | awk '/^(rss|anon|kernel) / { n += $2 } END { print n }'; }
stopped_growing() { local before; before=$(in_use "$1"); wait_for 1 false; [ "$(in_use "$1")" -lt $((before + (1 << 20))) ]; }
tight() { # NAME MODE FILES COMMAND...
	local name=$1 mode=$2 files=$3
	shift 3
	command -v "$1" >/dev/null || { skip_check "$name" "not here"; return; }
	: >"$LOG" && : >"$OUT"
	make_cgroup "$name" 500M
	guard "$name" -v -s "dump.inject=$mode" -s level.warn.actions=log -s level.profile.actions=log \
		-s level.dump.at=60% -s level.dump.growing=no -s level.restart.actions=log \
		-s level.brink.actions=log -s level.emergency.actions=log -- "$@"
	wait_for 60 file_has "$OUT" 'all is kept'
	wait_for 10 stopped_growing "$name"
	cgroup_limit "$name" $(($(in_use "$name") + (20 << 20)))
	check "$name: something is written" wait_for 30 logged "done: incidents/.*/($files)|stacks of [0-9]+ process"
	is "$name: the kernel killed nothing" 0 "$(cgroup_oom_kills "$name")"
	check "$name: the program goes on" app_pid
	note "$(grep 'dump level: .*of pid' "$LOG" | tail -n 1)"
	kill -TERM "$GUARD_PID" # it takes its hooks away
	guard_status 20
	rm -rf "${STATE:?}"/*
}
for ((round = 1; round <= ${STORY_ROUNDS:-1}; round++)); do
	tight "node-full-$round" full 'node-[0-9]+\.heapprofile' node "$WORK/hold.js"
	tight "node-cheap-$round" cheap 'core-[0-9]+\.elf' node "$WORK/hold.js"
	tight "python-full-$round" full 'python-[0-9]+\.(types|tracemalloc)\.json|core-[0-9]+\.elf' python3 "$WORK/hold.py"
	tight "python-cheap-$round" cheap 'python-[0-9]+\.types\.json|core-[0-9]+\.elf' python3 "$WORK/hold.py"
done
finish
