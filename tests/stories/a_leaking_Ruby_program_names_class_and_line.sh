#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# With dump.inject = full, which remembers where objects are made.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v ruby >/dev/null || skip "no ruby"

cat >"$WORK/leak.rb" <<'RUBY'
class PlantedCulprit
  def initialize(number)
    @number = number
    @load = "x" * 2000 # line 4
  end
end
trap("TERM") { puts "ends by itself"; exit 0 }
$stdout.sync = true
if ARGV[1] == "fork"
  fork { trap("TERM", "DEFAULT"); sleep 1000 }
end
kept = []
ARGV[0].to_i.times do
  250.times { |i| kept << PlantedCulprit.new(i) } # line 12
  sleep 0.02
end
puts "all is kept"
sleep 1000
RUBY
LEVELS=(-s level.warn.actions=log -s level.dump.growing=no -s guard.start-grace=0s -s dump.compress=none)

make_cgroup app 200M
guard app -v -s dump.inject=full "${LEVELS[@]}" -s level.profile.at=35% -s level.dump.at=45% \
	-s level.restart.at=60% -s level.restart.eta=10m -- ruby "$WORK/leak.rb" 1000 fork
check "objects are counted by class" wait_for 40 logged \
	'profile level: profile of pid [0-9]+ \(ruby[^)]*\) done: incidents/.*/ruby-[0-9]+\.types\.json, '
check "the heap is written" wait_for 40 logged \
	'dump level: heap dump of pid [0-9]+ \(ruby[^)]*\) done: incidents/.*/ruby-[0-9]+\.objspace\.jsonl, .*stopped for '
check "relief is told" wait_for 40 logged 'relief: garbage collection and compaction of pid [0-9]+ \(ruby'
check "the guard stops it" guard_status 40
is "gracefully" 75 "$STATUS"
has "by its own handler" "$OUT" 'ends by itself'
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
is "it hears nothing of the guard" 'ends by itself' "$(cat "$OUT")"

types=$(find "$STATE" -name '*.types.json')
is "the count names the class" True "$(json_get "$types" \
	'any(t["type"] == "PlantedCulprit" and t["count"] > 10000 for t in d["types"])')"
is "and the line" True "$(json_get "$types" 'd["lines"][0]["line"].endswith("/leak.rb:4")')"
python3 - "$(find "$STATE" -name '*.jsonl')" >"$WORK/found" 2>&1 <<'PY'
import collections, json, sys

names, classes, lines = {}, collections.Counter(), collections.Counter()
for line in open(sys.argv[1]):
    thing = json.loads(line)
    if thing.get("type") in ("CLASS", "MODULE"):
        names[thing["address"]] = thing.get("name")
    if thing.get("type") == "OBJECT":
        classes[thing.get("class")] += 1
    lines["%s:%s" % (thing.get("file"), thing.get("line"))] += thing.get("memsize", 0)
print("class", names[classes.most_common(1)[0][0]])
print("line", [n for n, _ in lines.most_common(2)])
PY
has "the dump names the class" "$WORK/found" '^class PlantedCulprit$'
has "and the line" "$WORK/found" 'leak\.rb:4'

# A child that was forked answers, too; and where nothing fits, nobody is killed.
: >"$LOG" && : >"$OUT"
make_cgroup tight 300M
guard tight -s dump.inject=cheap "${LEVELS[@]}" -s level.profile.actions=log -s level.dump.at=80% \
	-s level.restart.actions=log -s level.brink.actions=log -s level.emergency.actions=log \
	-s dump.cooldown=0s -- ruby "$WORK/leak.rb" 150
check "all is kept" wait_for 40 file_has "$OUT" 'all is kept'
in_use=$(cgroup_read tight memory.stat | awk '/^(rss|anon|kernel|shmem) / { n += $2 } END { print n }')
cgroup_limit tight $((in_use + (14 << 20)))
check "something is written" wait_for 40 logged 'dump level: .*(done: incidents|stacks)'
is "the kernel killed nothing here" 0 "$(cgroup_oom_kills tight)"
check "the program goes on" app_pid
finish
