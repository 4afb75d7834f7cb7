#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# With dump.inject: the snapshot where it fits, else the profile that samples since the start.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v node >/dev/null || skip "no node"

# Objects of 1 KiB in Buffers keep the heap small while the process is not.
cat >"$WORK/leak.js" <<'JS'
class PlantedCulprit {
	constructor(i) {
		this.number = i;
		this.load = Buffer.alloc(20000, 1);
	}
}
const kept = [];
const byHand = [];
function plantedLeak(n) {
	for (let i = 0; i < n; i++) {
		kept.push(new PlantedCulprit(i));
		byHand.push({ text: `planted ${i}`.repeat(20).split(""), i });
	}
}
let rounds = 0;
const timer = setInterval(() => {
	plantedLeak(40);
	if (++rounds == Number(process.argv[2])) {
		clearInterval(timer);
		console.log("all is kept");
		setInterval(() => kept, 1000);
	}
}, 20);
process.on("SIGTERM", () => {
	console.log("ends by itself");
	process.exit(0);
});
JS
LEVELS=(-s level.warn.actions=log -s level.profile.actions=log -s level.dump.growing=no
	-s level.brink.actions=log -s level.emergency.actions=log)

# --- room enough ---
make_cgroup room 1000M
guard room -v -s dump.inject=cheap "${LEVELS[@]}" -s level.dump.at=100MiB \
	-s level.restart.at=101MiB -s level.restart.eta=0s -s level.restart.actions=log \
	-s guard.start-grace=0s -- node "$WORK/leak.js" 150
check "a snapshot is written" wait_for 30 logged \
	'dump level: heap dump of pid [0-9]+ \([A-Za-z]+\) done: incidents/.*/node-[0-9]+\.heapsnapshot, .*for Chrome DevTools'
dump=$(find "$STATE" -name '*.heapsnapshot')
check "the snapshot is one of V8" sh -c "python3 '$(dirname "$0")/../lib/heapsnapshot.py' '$dump' >'$WORK/classes'"
has "it names the culprit, in thousands" "$WORK/classes" '^[0-9]{4} PlantedCulprit$'
check "the program goes on" wait_for 60 file_has "$OUT" 'all is kept'
is "it hears nothing of the guard" 'all is kept' "$(cat "$OUT")"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills room)"
check "nothing partial is left behind" test -z "$(find "$STATE" -name '*.partial')"
kill -TERM "$GUARD_PID"
guard_status 20
is "it ends as it would by itself" 0 "$STATUS"
has "its own handler has run" "$OUT" 'ends by itself'

# --- without a hook, over the inspector that is there ---
rm -rf "${STATE:?}"/* && : >"$LOG" && : >"$OUT"
make_cgroup inspector 1000M
guard inspector -v "${LEVELS[@]}" -s level.dump.at=100MiB -s level.restart.at=101MiB \
	-s level.restart.eta=0s -s level.restart.actions=log -s guard.start-grace=0s \
	-- node --inspect=127.0.0.1:$((20000 + $$ % 10000)) "$WORK/leak.js" 150
check "a snapshot is written over the inspector" wait_for 60 logged \
	'dump level: heap dump of pid [0-9]+ \([A-Za-z]+\) done: .*/node-[0-9]+\.heapsnapshot, .*by its inspector'
dump=$(find "$STATE" -name '*.heapsnapshot')
check "it is one of V8, too" sh -c "python3 '$(dirname "$0")/../lib/heapsnapshot.py' '$dump' >'$WORK/classes'"
has "with the culprit" "$WORK/classes" '^[0-9]{4} PlantedCulprit$'
kill -TERM "$GUARD_PID"
guard_status 20

# --- not enough for a snapshot: the profile, then the restart ---
rm -rf "${STATE:?}"/* && : >"$LOG" && : >"$OUT"
make_cgroup tight 200M
guard tight -v -s dump.inject=full "${LEVELS[@]}" -s level.dump.at=60% \
	-s level.restart.at=75% -s level.restart.eta=0s -s level.restart.actions=restart \
	-s guard.start-grace=0s -- node "$WORK/leak.js" 100000
check "a profile is written instead" wait_for 30 logged \
	'dump level: heap dump of pid [0-9]+ \([A-Za-z]+\) done: .*/node-[0-9]+\.heapprofile, .*sampling heap profile.*a snapshot of .* may need .* more'
check "it names the function" grep -q '"functionName":"plantedLeak"' "$(find "$STATE" -name '*.heapprofile')"
check "the profile is whole" json_valid "$(find "$STATE" -name '*.heapprofile')"
guard_status 60
is "then the guard restarts it" 75 "$STATUS"
has "gracefully" "$OUT" 'ends by itself'
is "the kernel killed nothing here either" 0 "$(cgroup_oom_kills tight)"
finish
