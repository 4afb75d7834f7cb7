#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# With dump.inject = cheap: objects by type, of workers that were forked, too. With full: by line.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v python3 >/dev/null || skip "no python3"
mkdir "$WORK/own"
echo 'print("own sitecustomize", flush=True)' >"$WORK/own/sitecustomize.py"
cat >"$WORK/leak.py" <<'PY'
import os, signal, sys, time

workers = []

def stop(*_):
    for pid in workers:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    print("ends by itself", flush=True)
    sys.exit(0)

class PlantedCulprit:
    def __init__(self, i):
        self.name = "planted %d " % i * 10  # the planted line

kept = []

def leak(rounds):
    for i in range(rounds):
        for k in range(500):
            kept.append(PlantedCulprit(k))
        time.sleep(0.02)
    print("all is kept", flush=True)
    while True:
        signal.pause()

signal.signal(signal.SIGTERM, stop)
if len(sys.argv) > 2: # as a server does: workers, one of which leaks
    for i in range(3):
        pid = os.fork()
        if pid == 0:
            workers.clear()
            leak(int(sys.argv[1]) if i == 1 else 1)
        workers.append(pid)
    while True:
        signal.pause()
leak(int(sys.argv[1]))
PY
LEVELS=(-s level.warn.actions=log -s level.profile.actions=log -s level.dump.growing=no
	-s level.brink.actions=log -s level.emergency.actions=log -s guard.start-grace=0s)
fresh() { rm -rf "${STATE:?}"/* && : >"$LOG" && : >"$OUT"; }

# --- cheap, in a worker process ---
export PYTHONPATH=$WORK/own
make_cgroup cheap 300M
guard cheap -v -s dump.inject=cheap "${LEVELS[@]}" -s level.dump.at=20% \
	-s level.restart.actions=log -- python3 -W error "$WORK/leak.py" 700 workers
check "objects are counted" wait_for 60 logged \
	'dump level: heap dump of pid [0-9]+ \(python3?[0-9.]*\) done: incidents/.*/python-[0-9]+\.types\.json, .*objects by type'
has "the culprit is named, in tens of thousands" "$(find "$STATE" -name '*.types.txt')" '^ +[0-9]{6,} +[0-9]{5,}  __main__\.PlantedCulprit$'
check "as JSON, too" json_valid "$(find "$STATE" -name '*.types.json')"
check "the program goes on" wait_for 60 file_has "$OUT" 'all is kept'
has "the program's own sitecustomize is run" "$OUT" 'own sitecustomize'
is "no word of ours among its own" '' "$(grep -vE '^(own sitecustomize|all is kept)$' "$OUT")"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills cheap)"
kill -TERM "$GUARD_PID"
guard_status 20
is "it ends as it would by itself" 0 "$STATUS"
unset PYTHONPATH

# --- full: tracemalloc from the start; then the restart ---
fresh
make_cgroup full 300M
guard full -v -s dump.inject=full "${LEVELS[@]}" -s level.dump.at=20% \
	-s level.restart.at=40% -s level.restart.eta=0s -s level.restart.actions=relieve,restart \
	-- python3 "$WORK/leak.py" 100000
check "memory is told by line" wait_for 60 logged \
	'dump level: heap dump of pid [0-9]+ \(python3?[0-9.]*\) done: .*/python-[0-9]+\.tracemalloc\.json, .*tracemalloc: memory by line'
line=$(grep -n 'the planted line' "$WORK/leak.py" | cut -d: -f1)
has "the planted line is on top" <(sed -n 3p "$(find "$STATE" -name '*.tracemalloc.txt')") "leak\.py:$line\$"
guard_status 90
is "then the guard restarts it" 75 "$STATUS"
has "after a collection" "$LOG" 'relief: garbage collection( and malloc_trim)? of pid .* resident'
has "gracefully" "$OUT" 'ends by itself'
is "the kernel killed nothing here either" 0 "$(cgroup_oom_kills full)"
finish
